// The images of an index that is in place, read at a target: there it counts as no pull of the source.
import { fetchManifest } from '../oci/manifests.ts';
import { isIndexType, isManifestType } from '../oci/media-types.ts';
import type { Repository } from '../oci/repository.ts';
import type { CopyRequest } from './copy-types.ts';
import type { Named } from './read-source.ts';
import { selectPlatforms } from './select-platforms.ts';

/**
 * Digests; none, and mostly no request, where it is no index. Of a sparse index only the platforms that were copied.
 * @throws TransshipError what reading a manifest throws
 */
export async function imagesOf(
  { digest, mediaType }: Named,
  place: Repository,
  platforms?: CopyRequest['platforms'],
): Promise<string[]> {
  if (mediaType !== undefined && !isIndexType(mediaType)) return [];
  const { view } = await fetchManifest(place, digest);
  if (view.kind !== 'index') return [];
  const all = platforms?.mode === 'sparse' ? selectPlatforms(view, platforms.include) : view.manifests;
  return all.filter((child) => isManifestType(child.mediaType)).map((child) => child.digest);
}
