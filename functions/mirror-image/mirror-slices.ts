// Keeps how far a mirror job's large blobs are in the job's checkpoint, for the next slice, the next process, or a newer job for the same targets.
import * as z from 'zod';
import type { JobContext } from '../../shared/jobs/handler.ts';
import type { ChunkBuffers } from '../../shared/mirror/chunk-buffers.ts';
import type { Slices } from '../../shared/mirror/slices.ts';
import type { UploadCheckpoint } from '../../shared/mirror/upload-checkpoint.ts';

/** Smaller ones are sent again as quickly as they are asked for. */
const LEAST_BYTES = 128 * 1024 * 1024;
/** A store takes 64 KiB; beyond this the uploads that were checkpointed longest ago begin anew. */
const MOST_BYTES = 60_000;

const upload = z.object({
  target: z.string(),
  digest: z.string(),
  location: z.string(),
  leastChunkBytes: z.number(),
  offset: z.number().int().nonnegative(),
  hash: z.object({ library: z.string(), state: z.string() }),
  source: z.string(),
  etag: z.string().optional(),
});
const checkpoint = z.object({ version: z.literal(1), uploads: z.array(upload) });

/**
 * The uploads of a job, as it left them. Each says itself which blob of which target it is, so that what another job left is of use
 * exactly where it fits; what another version of Transship wrote is not read.
 */
export function mirrorSlices(
  { job, ending, checkpoint: write }: Pick<JobContext, 'job' | 'ending' | 'checkpoint'>,
  buffers: ChunkBuffers,
  onFound: Slices['onFound'],
): Slices {
  const uploads = new Map<string, UploadCheckpoint>();
  const keyOf = (target: string, digest: string): string => `${target} ${digest}`;
  for (const { etag, ...one } of checkpoint.safeParse(job.checkpoint).data?.uploads ?? []) {
    uploads.set(keyOf(one.target, one.digest), etag === undefined ? one : { ...one, etag });
  }

  return {
    ending,
    leastBytes: LEAST_BYTES,
    buffers,
    onFound,
    load: (target, digest) => uploads.get(keyOf(target, digest)),
    async save(one) {
      const key = keyOf(one.target, one.digest);
      // The newest is the last.
      uploads.delete(key);
      uploads.set(key, one);
      await write({ version: 1, uploads: newest([...uploads.values()]) });
    },
    drop: (target, digest) => void uploads.delete(keyOf(target, digest)),
  };
}

function newest(uploads: readonly UploadCheckpoint[]): UploadCheckpoint[] {
  const kept: UploadCheckpoint[] = [];
  let sizeBytes = 0;
  for (const one of uploads.toReversed()) {
    sizeBytes += Buffer.byteLength(JSON.stringify(one)) + 1;
    if (sizeBytes > MOST_BYTES) break;
    kept.unshift(one);
  }
  return kept;
}
