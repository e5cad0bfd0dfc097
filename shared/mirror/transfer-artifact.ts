// Brings one artifact, whole, to several targets: its blobs by a shared read, then its manifests, target by target.
import { isTransshipError } from '../errors.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Repository } from '../oci/repository.ts';
import type { Artifact } from './artifact.ts';
import { copyBlobs } from './copy-blobs.ts';
import type { Delivery } from './delivery.ts';
import { notePartsInTime } from './present-parts.ts';
import type { CopySession } from './session.ts';
import { countHeld } from './target.ts';
import type { Target } from './target.ts';
import { writeManifests } from './write-manifests.ts';

export type Transferred = { error: unknown } | { indexedSubject: boolean };

/** Settles when every target has ended in one way or the other; the targets do not wait for each other. */
export async function transferArtifact(
  artifact: Artifact,
  source: Repository,
  deliveries: readonly Delivery[],
  session: CopySession,
): Promise<Map<Target, Transferred>> {
  noteSource(artifact, source, session);
  await Promise.all(
    deliveries.filter(({ hasOlder }) => hasOlder).map(({ target }) => notePartsInTime(artifact, target, session)),
  );
  const lacking = new Map(deliveries.map(({ target }) => [target, blobsLacking(artifact, target, session)]));
  for (const [target, blobs] of lacking) {
    tellPlan(artifact, target, blobs);
    for (const blob of [...artifact.blobsOf.values()].flat()) if (!blobs.has(blob.digest)) countHeld(target, blob);
  }
  const all = new Map([...lacking.values()].flatMap((blobs) => [...blobs]));
  const wants = (target: Target, digest: string) => lacking.get(target)?.has(digest) ?? false;
  const targets = deliveries.map(({ target }) => target);
  const outcomes = copyBlobs([...all.values()], source, targets, wants, session);
  const results = await Promise.all(
    deliveries.map(async (delivery): Promise<[Target, Transferred]> => {
      const failure = await outcomes.get(delivery.target);
      return [delivery.target, failure ?? (await finish(artifact, source, delivery, session))];
    }),
  );
  return new Map(results);
}

async function finish(
  artifact: Artifact,
  source: Repository,
  delivery: Delivery,
  session: CopySession,
): Promise<Transferred> {
  const { target } = delivery;
  try {
    return await writeManifests(artifact, delivery, session);
  } catch (error) {
    if (!isTransshipError(error, 'blob-unknown')) return { error };
  }
  // The registry misses a blob that was believed to be there (garbage collection, another cluster node): send all again, once.
  forget(artifact, target, session);
  const blobs = blobsLacking(artifact, target, session);
  const outcome = await copyBlobs([...blobs.values()], source, [target], () => true, session).get(target);
  if (outcome !== undefined) return outcome;
  try {
    return await writeManifests(artifact, delivery, session);
  } catch (error) {
    return { error };
  }
}

/** The source is a place to mount from; and a target in the very same repository lacks nothing. */
function noteSource(artifact: Artifact, source: Repository, session: CopySession): void {
  const { registry, name } = source;
  for (const { digest } of artifact.manifests) {
    // A rewritten index exists nowhere yet, but what it names does.
    if (digest !== artifact.root.digest) session.manifests.note(registry.host, name, digest);
    for (const blob of artifact.blobsOf.get(digest) ?? []) session.blobs.note(registry.host, name, blob.digest);
  }
}

function blobsLacking(artifact: Artifact, target: Target, session: CopySession): Map<string, Descriptor> {
  const { registry, name } = target.repository;
  const lacking = new Map<string, Descriptor>();
  for (const { digest } of artifact.manifests) {
    if (session.manifests.holds(registry.host, name, digest)) continue;
    for (const blob of artifact.blobsOf.get(digest) ?? []) {
      if (!session.blobs.holds(registry.host, name, blob.digest)) lacking.set(blob.digest, blob);
    }
  }
  return lacking;
}

function forget(artifact: Artifact, target: Target, session: CopySession): void {
  const { registry, name } = target.repository;
  for (const { digest } of artifact.manifests) {
    session.manifests.forget(registry.host, name, digest);
    for (const blob of artifact.blobsOf.get(digest) ?? []) session.blobs.forget(registry.host, name, blob.digest);
  }
}

function tellPlan(artifact: Artifact, target: Target, blobs: ReadonlyMap<string, Descriptor>): void {
  const sizeBytes = [...blobs.values()].reduce((sum, { size }) => sum + size, 0);
  target.tell({
    type: 'planned',
    target: target.index,
    blobs: blobs.size,
    manifests: artifact.manifests.length,
    sizeBytes,
  });
}
