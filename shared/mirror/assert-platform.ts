// Refuses a single image that is for none of the wanted platforms; in an index, the selection sees to it.
import { TransshipError } from '../errors.ts';
import type { Manifest } from '../oci/manifest.ts';
import { formatPlatform, matchesPlatform, parsePlatform } from '../oci/platform.ts';
import type { Repository } from '../oci/repository.ts';
import { imagePlatform } from './image-platform.ts';

/** Artifacts without a platform pass. @throws TransshipError no-matching-platform */
export async function assertImagePlatform(
  source: Repository,
  manifest: Manifest,
  platforms: readonly string[],
): Promise<void> {
  const platform = await imagePlatform(source, manifest);
  if (platform === undefined || platforms.some((wanted) => matchesPlatform(platform, parsePlatform(wanted)))) return;
  throw new TransshipError('no-matching-platform', `the image is not for ${platforms.join(' or ')}`, {
    hint: `it is a single image for ${formatPlatform(platform)}`,
    details: { registry: source.registry.host, repository: source.name },
  });
}
