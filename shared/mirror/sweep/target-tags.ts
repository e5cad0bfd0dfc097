// What the tags of a target repository name, in few questions: its list tells what is absent, a bulk listing tells all.
import { isTransshipError } from '../../errors.ts';
import { headDigest } from '../../oci/manifests.ts';
import type { Repository } from '../../oci/repository.ts';
import { listTags } from '../../oci/tags.ts';
import type { TagDigestLister } from '../../registries/vendor.ts';
import { listInBulk } from '../list-in-bulk.ts';
import type { Named } from '../read-source.ts';

export type TargetTags = {
  repository: Repository;
  /** What a tag names; undefined where there is none. */
  look(tag: string): Promise<Named | undefined>;
  /** All names, where the list was read. */
  names: ReadonlySet<string> | undefined;
};

/** So few tags are asked for one by one. */
const WITHOUT_LIST = 2;

/** @param wanted how many tags will be looked at */
export async function readTargetTags(
  repository: Repository,
  wanted: number,
  listTagDigests: TagDigestLister | undefined,
): Promise<TargetTags> {
  // Many tags of a repository name the same, and a guess that is wrong costs nothing.
  let last: string | undefined;
  const ask = async (tag: string) => {
    const head = await headDigest(repository, tag, last);
    last = head?.digest ?? last;
    return head;
  };
  if (wanted <= WITHOUT_LIST) return { repository, look: ask, names: undefined };
  const bulk = listTagDigests === undefined ? undefined : await listInBulk(repository, listTagDigests);
  if (bulk !== undefined) {
    const digests = new Map(bulk.map(({ tag, digest }) => [tag, { digest }]));
    return { repository, look: (tag) => Promise.resolve(digests.get(tag)), names: new Set(digests.keys()) };
  }
  const names = await readNames(repository);
  const look = (tag: string) => (names?.has(tag) === false ? Promise.resolve(undefined) : ask(tag));
  return { repository, look, names };
}

/** Undefined where the login may push, but not list. */
async function readNames(repository: Repository): Promise<ReadonlySet<string> | undefined> {
  const names = new Set<string>();
  try {
    for await (const page of listTags(repository)) for (const name of page) names.add(name);
    return names;
  } catch (error) {
    if (isTransshipError(error, 'denied', 'unsupported', 'registry-error')) return undefined;
    throw error;
  }
}
