// Copies that may be cut off at any time, with chunks of a kilobyte, and checkpoints that outlive them.
import { copyArtifact } from '../../shared/mirror/copy.ts';
import type { CopyReport } from '../../shared/mirror/copy-types.ts';
import { createChunkBuffers } from '../../shared/mirror/chunk-buffers.ts';
import { createCopySession } from '../../shared/mirror/session.ts';
import type { UploadCheckpoint } from '../../shared/mirror/upload-checkpoint.ts';
import { anonymous } from '../../shared/oci/auth/credential.ts';
import { parseReference } from '../../shared/oci/reference.ts';
import type { Traits } from '../../shared/oci/traits.ts';
import { openRegistries, type Registries } from '../../shared/registries/registries.ts';

export const CHUNK_BYTES = 1000;

type SlicedCopy = { report: CopyReport | undefined; error: unknown; found: string[]; saves: number };

export type SlicedBed = {
  /** What is durable now, by target and digest. */
  checkpoints: Map<string, UploadCheckpoint>;
  /** Runs one slice; it is asked to end after so many checkpoints. */
  slice(source: string, targets: readonly string[], options?: SliceOptions): Promise<SlicedCopy>;
  [Symbol.asyncDispose](): Promise<void>;
};

type SliceOptions = {
  /** Asked to come to a safe point after so many checkpoints. */
  endAfter?: number;
  /** Called before a checkpoint is durable; what it throws keeps it from becoming so. */
  beforeSave?: (count: number) => void;
  upload?: Partial<Traits['upload']>;
  patienceMs?: number;
};

/** @param registries other ones than those that need no login; closed with the bed */
export function openSlicedBed(registries: Registries = openAnonymously()): SlicedBed {
  const checkpoints = new Map<string, UploadCheckpoint>();

  return {
    checkpoints,
    async slice(source, targets, { endAfter, beforeSave = () => undefined, upload = {}, patienceMs = 5000 } = {}) {
      const found: string[] = [];
      const ending = new AbortController();
      let saves = 0;
      const directory = {
        timeouts: registries.timeouts,
        client(host: string) {
          const client = registries.client(host);
          const ours = { strategy: 'monolithic', chunkBytes: CHUNK_BYTES, resume: 'status', ...upload } as const;
          return { ...client, traits: { ...client.traits, upload: { ...client.traits.upload, ...ours } } };
        },
      };
      const deps = {
        registries: directory,
        session: { ...createCopySession(directory), random: () => 0, patienceMs },
        slices: {
          ending: ending.signal,
          leastBytes: CHUNK_BYTES,
          buffers: createChunkBuffers(4 * CHUNK_BYTES),
          load: (target: string, digest: string) => checkpoints.get(`${target} ${digest}`),
          save(one: UploadCheckpoint) {
            saves += 1;
            try {
              beforeSave(saves);
            } catch (error) {
              return Promise.reject(error);
            }
            checkpoints.set(`${one.target} ${one.digest}`, one);
            if (saves === endAfter) ending.abort();
            return Promise.resolve();
          },
          drop: (target: string, digest: string) => void checkpoints.delete(`${target} ${digest}`),
          onFound: (_registry: string, how: string) => void found.push(how),
        },
      };
      const request = {
        source: parseReference(source),
        targets: targets.map((target) => parseReference(target)),
        referrers: false,
        onConflict: 'overwrite',
        foreignLayers: false,
        dryRun: false,
      } as const;
      try {
        return { report: await copyArtifact(request, deps), error: undefined, found, saves };
      } catch (error) {
        return { report: undefined, error, found, saves };
      }
    },
    [Symbol.asyncDispose]: () => registries.close(),
  };
}

function openAnonymously(): Registries {
  return openRegistries({
    credentials: () => Promise.resolve(anonymous),
    env: {},
    retries: { tries: 2, firstDelayMs: 1, longestDelayMs: 2 },
    timeouts: { connectMs: 1000, responseMs: 1000, commitMs: 1000, stallMs: 1000 },
  });
}
