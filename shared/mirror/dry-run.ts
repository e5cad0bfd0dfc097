// What a copy would cost, found out by questions that change nothing.
import { hasBlob } from '../oci/blobs.ts';
import type { Artifact } from './artifact.ts';
import type { Target } from './target.ts';

const QUESTIONS_AT_ONCE = 8;

/** Counts the blobs that the target has, and those that would cross, into the target's figures. */
export async function countMissingBlobs(artifact: Artifact, target: Target): Promise<void> {
  const blobs = [...new Map([...artifact.blobsOf.values()].flat().map((blob) => [blob.digest, blob])).values()];
  for (let start = 0; start < blobs.length; start += QUESTIONS_AT_ONCE) {
    await Promise.all(
      blobs.slice(start, start + QUESTIONS_AT_ONCE).map(async (blob) => {
        const there = await hasBlob(target.repository, blob);
        target.blobs[there ? 'existing' : 'copied'] += 1;
        if (there) target.bytesSaved += blob.size;
        else target.bytesMoved += blob.size;
      }),
    );
  }
  const sizeBytes = target.bytesMoved;
  target.tell({
    type: 'planned',
    target: target.index,
    blobs: target.blobs.copied,
    manifests: artifact.manifests.length,
    sizeBytes,
  });
}
