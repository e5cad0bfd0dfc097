// Which entries of an index are wanted for which platforms.
import { TransshipError } from '../errors.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { isIndexType } from '../oci/media-types.ts';
import { formatPlatform, matchesPlatform, parsePlatform } from '../oci/platform.ts';

/** The annotation by which BuildKit's attestations name their image. https://docs.docker.com/build/metadata/attestations/attestation-storage/ */
const IMAGE_OF_ATTESTATION = 'vnd.docker.reference.digest';

/**
 * The entries of an index for the given platforms, in the index's order: matching images, their attestations, and
 * entries that have no platform (nested indexes among them).
 * @throws TransshipError no-matching-platform, invalid-platform
 */
export function selectPlatforms(
  index: { manifests: readonly Descriptor[] },
  platforms: readonly string[],
): Descriptor[] {
  const wanted = platforms.map(parsePlatform);
  const matching = new Set(
    index.manifests
      .filter(({ platform }) => platform !== undefined && wanted.some((one) => matchesPlatform(platform, one)))
      .map(({ digest }) => digest),
  );
  const nested = index.manifests.some(({ platform, mediaType }) => platform === undefined && isIndexType(mediaType));
  if (matching.size === 0 && !nested) throw noneMatches(index, platforms);
  return index.manifests.filter((entry) => {
    const image = entry.annotations?.[IMAGE_OF_ATTESTATION];
    if (image !== undefined) return matching.has(image);
    return entry.platform === undefined || matching.has(entry.digest);
  });
}

function noneMatches(index: { manifests: readonly Descriptor[] }, platforms: readonly string[]): TransshipError {
  const there = index.manifests.flatMap(({ platform, annotations }) =>
    platform === undefined || annotations?.[IMAGE_OF_ATTESTATION] !== undefined ? [] : [formatPlatform(platform)],
  );
  return new TransshipError('no-matching-platform', `the image has no platform ${platforms.join(' or ')}`, {
    hint: there.length === 0 ? 'its index names no platforms' : `it has ${[...new Set(there)].join(', ')}`,
    details: { platforms, available: there },
  });
}
