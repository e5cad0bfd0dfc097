// One target of a copy while it runs: where it is, what it cost, and what is told about it.
import type { Descriptor } from '../oci/descriptor.ts';
import type { Reference } from '../oci/reference.ts';
import type { RequestMeter } from '../oci/registry-request.ts';
import type { Repository } from '../oci/repository.ts';
import type { CopyEvent } from './copy-types.ts';
import type { Slices } from './slices.ts';

type BlobState = Extract<CopyEvent, { type: 'blob' }>['state'];

export type Target = {
  /** Position in the request's list. */
  index: number;
  reference: Reference;
  repository: Repository;
  meter: RequestMeter;
  blobs: { copied: number; mounted: number; existing: number };
  bytesMoved: number;
  bytesSaved: number;
  referrers: number;
  startedAt: number;
  tell: (event: CopyEvent) => void;
  /** Where the copy may be cut off at any time and go on later. */
  slices?: Slices;
};

/** Counts and tells how a blob got there. */
export function recordBlob(target: Target, blob: Descriptor, how: 'copied' | 'mounted' | 'existing'): void {
  target.blobs[how] += 1;
  if (how === 'copied') target.bytesMoved += blob.size;
  else target.bytesSaved += blob.size;
  tellBlob(target, blob, how, how === 'copied' ? blob.size : 0);
}

export function tellBlob(target: Target, blob: Descriptor, state: BlobState, sentBytes: number): void {
  target.tell({ type: 'blob', target: target.index, digest: blob.digest, sizeBytes: blob.size, state, sentBytes });
}
