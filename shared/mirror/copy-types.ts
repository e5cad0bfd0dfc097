// What a copy is asked to do, what it tells while it runs, and what it reports at the end.
import type { ErrorCode } from '../errors.ts';
import type { Reference } from '../oci/reference.ts';

export type ConflictPolicy = 'overwrite' | 'refuse' | 'backup';
export type PlatformMode = 'keep' | 'rewrite' | 'sparse';

export type CopyRequest = {
  source: Reference;
  /** At least one; each gets the same bytes from a single read of the source. */
  targets: readonly Reference[];
  /** Absent: everything the index names. `keep` copies the whole index and only checks that the platforms are there. */
  platforms?: { include: readonly string[]; mode: PlatformMode };
  /** Copy referrers (signatures, SBOMs, attestations) and cosign's digest tags too. */
  referrers: boolean;
  /** Look for them also at the images of an index that is in place already; costs a read of it at a target. */
  looksBelow?: boolean;
  /** What to do where the target tag names another digest. */
  onConflict: ConflictPolicy;
  /** Copy layers whose media type says that they must not be distributed. */
  foreignLayers: boolean;
  /** Plan and report only; nothing is written. */
  dryRun: boolean;
};

export type TargetState = 'copied' | 'unchanged' | 'refused' | 'failed' | 'planned';

/** An error as machines read it; the members of an RFC 9457 problem that make sense outside HTTP. */
export type Problem = {
  code: string;
  message: string;
  hint?: string;
  registry?: string;
  repository?: string;
  operation?: string;
  status?: number;
};

export type TargetReport = {
  /** Canonical reference of the target. */
  reference: string;
  /** Digest that the target names now (or would, on a dry run); absent if it could not be found out. */
  digest?: string;
  state: TargetState;
  /** Number of unique blobs by how they got there. */
  blobs: { copied: number; mounted: number; existing: number };
  bytesMoved: number;
  /** Bytes that did not have to cross: mounted or already there. */
  bytesSaved: number;
  /** Requests sent to this target's registry for this copy, authentication aside. */
  requests: number;
  durationMs: number;
  /** Referrers and digest tags that were copied along. */
  referrers: number;
  error?: Problem;
};

export type CopyReport = {
  source: { reference: string; digest?: string; requests: number };
  targets: TargetReport[];
};

/** Progress; `target` is the index into `CopyRequest.targets`. Sizes are bytes. */
export type CopyEvent =
  | { type: 'resolved'; digest: string; mediaType: string }
  | { type: 'planned'; target: number; blobs: number; manifests: number; sizeBytes: number }
  | {
      type: 'blob';
      target: number;
      digest: string;
      sizeBytes: number;
      state: 'started' | 'progress' | 'copied' | 'mounted' | 'existing' | 'failed';
      /** Bytes of this blob sent to this target so far. */
      sentBytes: number;
    }
  | { type: 'manifest'; target: number; digest: string; tag?: string; state: 'copied' | 'existing' }
  | { type: 'retry'; registry: string; operation: string; delayMs: number; code: ErrorCode; reason: string }
  | { type: 'warning'; registry: string; message: string }
  | { type: 'target'; target: number; report: TargetReport };
