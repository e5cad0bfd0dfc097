// All tags of a repository with their digests, by the vendor's bulk listing.
import { isTransshipError } from '../errors.ts';
import type { Repository } from '../oci/repository.ts';
import type { TagDigest, TagDigestLister } from '../registries/vendor.ts';

/** Undefined where the vendor's own API does not take a registry's login, as for private repositories of Docker Hub. */
export async function listInBulk(
  { registry, name, signal }: Repository,
  list: TagDigestLister,
): Promise<TagDigest[] | undefined> {
  const tags: TagDigest[] = [];
  try {
    for await (const tag of list(registry, name, signal === undefined ? {} : { signal })) tags.push(tag);
    return tags;
  } catch (error) {
    if (isTransshipError(error, 'unsupported')) return undefined;
    throw error;
  }
}
