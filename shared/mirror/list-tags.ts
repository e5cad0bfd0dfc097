// Lists the tags of a repository for people: all of them, sorted, and on request with the digest that each names.
import { isTransshipError, TransshipError } from '../errors.ts';
import { headManifest } from '../oci/manifests.ts';
import type { Repository } from '../oci/repository.ts';
import { listTags } from '../oci/tags.ts';
import type { TagDigestLister } from '../registries/vendor.ts';
import { listInBulk } from './list-in-bulk.ts';

export type ListedTag = { name: string; digest?: string; error?: TransshipError };

type ListOptions = {
  digests: boolean;
  /** Stands in for one HEAD per tag where the vendor has a bulk listing. */
  listTagDigests?: TagDigestLister | undefined;
};

/** HEADs that wait for the client's own limits at once; more would only cost memory. */
const HEADS_IN_FLIGHT = 32;

/**
 * All tags in order, numbers by value; a tag whose digest can't be found out carries the error.
 * @throws TransshipError not-found where there is no tag at all
 */
export async function listRepositoryTags(repository: Repository, options: ListOptions): Promise<ListedTag[]> {
  const tags = options.digests ? await withDigests(repository, options.listTagDigests) : await namesOf(repository);
  if (tags.length === 0) throw nothingThere(repository);
  const order = new Intl.Collator('en', { numeric: true });
  return tags.sort((a, b) => order.compare(a.name, b.name) || (a.name < b.name ? -1 : 1));
}

async function withDigests(repository: Repository, listTagDigests: TagDigestLister | undefined): Promise<ListedTag[]> {
  const bulk = listTagDigests === undefined ? undefined : await listInBulk(repository, listTagDigests);
  if (bulk !== undefined) return bulk.map(({ tag, digest }) => ({ name: tag, digest }));
  const tags = await namesOf(repository);
  const waiting = tags.values();
  const resolveRest = async () => {
    for (const tag of waiting) await resolve(repository, tag);
  };
  await Promise.all(Array.from({ length: HEADS_IN_FLIGHT }, resolveRest));
  return tags;
}

async function namesOf(repository: Repository): Promise<ListedTag[]> {
  const tags: ListedTag[] = [];
  for await (const page of listTags(repository)) {
    for (const name of page) tags.push({ name });
  }
  return tags;
}

async function resolve(repository: Repository, tag: ListedTag): Promise<void> {
  try {
    const head = await headManifest(repository, tag.name);
    if (head === undefined) tag.error = gone(repository, tag.name);
    else tag.digest = head.digest;
  } catch (error) {
    repository.signal?.throwIfAborted();
    if (!isTransshipError(error)) throw error;
    tag.error = error;
  }
}

function gone({ registry, name }: Repository, tag: string): TransshipError {
  return new TransshipError('not-found', `${registry.host}/${name}:${tag} is listed but not there`, {
    hint: 'it was deleted in the meantime, or its manifest is missing: list again',
    details: { registry: registry.host, repository: name, operation: `look up manifest ${tag}` },
  });
}

/** What a list without tags means. */
export function nothingThere({ registry, name }: Repository): TransshipError {
  return new TransshipError('not-found', `${registry.host}/${name} has no tags, or does not exist`, {
    hint: 'check the spelling of the repository, and that your login may see it',
    details: { registry: registry.host, repository: name, operation: 'list tags' },
  });
}
