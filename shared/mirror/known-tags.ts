// Which tags a repository has, as far as a few pages of its list tell; asked for once per session, because one list spares
// the questions for fallback tags and cosign tags of every digest in the repository.
import { isTransshipError } from '../errors.ts';
import type { Repository } from '../oci/repository.ts';
import { listTags } from '../oci/tags.ts';

export type KnownTags = {
  /** Undefined where the list was too long to be read whole, or the registry does not give it. */
  has(tag: string): boolean | undefined;
};

/** With a thousand tags a page, longer lists cost more than the questions that they spare. */
const MOST_PAGES = 5;

/** Never fails for a registry that keeps its list to itself. */
export async function readKnownTags(repository: Repository): Promise<KnownTags> {
  const tags = new Set<string>();
  let pages = 0;
  let complete = false;
  try {
    for await (const page of listTags(repository)) {
      for (const tag of page) tags.add(tag);
      pages += 1;
      if (pages === MOST_PAGES) break;
    }
    complete = pages < MOST_PAGES;
  } catch (error) {
    if (!isTransshipError(error, 'unauthorized', 'denied', 'unsupported', 'registry-error', 'invalid-response'))
      throw error;
  }
  return { has: (tag) => (tags.has(tag) ? true : complete ? false : undefined) };
}
