// Writes the manifests of an artifact at one target, children first and the tag last, so that a tag never names what is not complete.
import { TransshipError, isTransshipError } from '../errors.ts';
import type { Manifest } from '../oci/manifest.ts';
import { headManifest, putManifest } from '../oci/manifests.ts';
import type { Artifact } from './artifact.ts';
import type { CopySession } from './session.ts';
import type { Target } from './target.ts';
import type { Delivery } from './delivery.ts';

/** Manifests of images that are written at the same time. */
const IMAGES_AT_ONCE = 8;

/**
 * @returns for each manifest with a subject whether the registry indexed it
 * @throws TransshipError tag-immutable, blob-unknown, and what the registry answered
 */
export async function writeManifests(
  artifact: Artifact,
  { target, tag, beforeTag }: Delivery,
  session: CopySession,
): Promise<{ indexedSubject: boolean }> {
  const below = artifact.manifests.filter(({ digest }) => digest !== artifact.root.digest);
  const images = below.filter(({ view }) => view.kind !== 'index');
  const indexes = below.filter(({ view }) => view.kind === 'index');
  for (let start = 0; start < images.length; start += IMAGES_AT_ONCE) {
    await Promise.all(images.slice(start, start + IMAGES_AT_ONCE).map((manifest) => writeByDigest(manifest)));
  }
  for (const index of indexes) await writeByDigest(index);
  await beforeTag?.();
  return writeRoot();

  async function writeByDigest(manifest: Manifest): Promise<void> {
    const { registry, name } = target.repository;
    if (session.manifests.holds(registry.host, name, manifest.digest)) {
      target.tell({ type: 'manifest', target: target.index, digest: manifest.digest, state: 'existing' });
      return;
    }
    await putManifest(target.repository, manifest.digest, manifest);
    session.manifests.note(registry.host, name, manifest.digest);
    target.tell({ type: 'manifest', target: target.index, digest: manifest.digest, state: 'copied' });
  }

  async function writeRoot(): Promise<{ indexedSubject: boolean }> {
    const { root } = artifact;
    const { registry, name } = target.repository;
    const result = await putTag(root);
    session.manifests.note(registry.host, name, root.digest);
    const named = tag === undefined ? {} : { tag };
    target.tell({ type: 'manifest', target: target.index, digest: root.digest, ...named, state: 'copied' });
    return result;
  }

  /** An immutable tag that already names this digest is what was wanted. */
  async function putTag(root: Manifest): Promise<{ indexedSubject: boolean }> {
    try {
      return await putManifest(target.repository, tag ?? root.digest, root);
    } catch (error) {
      if (tag === undefined || !isTransshipError(error, 'tag-immutable')) throw error;
      const there = await headManifest(target.repository, tag);
      if (there?.digest === root.digest) return { indexedSubject: true };
      throw immutable(target, tag, there?.digest, error);
    }
  }
}

function immutable(target: Target, tag: string, existing: string | undefined, cause: TransshipError): TransshipError {
  const { registry, name } = target.repository;
  const names = existing === undefined ? 'is taken' : `names ${existing}`;
  return new TransshipError('tag-immutable', `${registry.host}/${name}:${tag} ${names} and may not be changed there`, {
    hint: 'the repository has immutable tags; copy to another tag, or delete the old one first',
    details: { registry: registry.host, repository: name, operation: `write manifest ${tag}` },
    cause,
  });
}
