// Which manifests of an artifact a target holds already: one HEAD each spares all of their blobs.
import { headManifest } from '../oci/manifests.ts';
import type { Artifact } from './artifact.ts';
import { endsWithin } from './ends-within.ts';
import type { CopySession } from './session.ts';
import type { Target } from './target.ts';

/** Notes what is there, and tells whether all of it is. @throws what the registry answers */
export async function noteParts(artifact: Artifact, target: Target, session: CopySession): Promise<boolean> {
  const { registry, name } = target.repository;
  const below = artifact.manifests.filter(
    ({ digest, view }) => digest !== artifact.root.digest && view.kind !== 'index',
  );
  const present = await Promise.all(
    below.map(async ({ digest }) => {
      if (session.manifests.holds(registry.host, name, digest)) return true;
      const there = (await headManifest(target.repository, digest)) !== undefined;
      if (there) session.manifests.note(registry.host, name, digest);
      return there;
    }),
  );
  return present.every(Boolean);
}

/** The same where it only spares work: neither an error nor a slow answer of one target may hold the copy up. */
export async function notePartsInTime(artifact: Artifact, target: Target, session: CopySession): Promise<void> {
  const noting = noteParts(artifact, target, session).catch(() => false);
  await endsWithin(noting, session.patienceMs);
}
