// Lists the tags of a repository, page by page. A list is complete or an error: what is copied or pruned by it must not
// take a missing tag for a deleted one. Names are checked here, because they end up in URLs of other registries.
// https://github.com/opencontainers/distribution-spec/blob/main/spec.md#listing-tags
import { TransshipError } from '../errors.ts';
import { printable } from '../telemetry/printable.ts';
import { followingPage } from './following-page.ts';
import { isTag } from './reference.ts';
import type { RegistryResponse } from './registry-request.ts';
import type { Repository } from './repository.ts';
import { inRepository, pullScope } from './repository.ts';

const MOST_PAGES = 10_000;
const MOST_PAGE_BYTES = 32 * 1024 * 1024;
const MOST_TAGS = 1_000_000;

/** A request for a page; `guessed` where the registry did not name it, but may hold more. */
type Page = { target: string | URL; guessed: boolean };

/**
 * Yields the tags of each page as the registry gives them, each tag once; a repository that does not exist has none.
 * @throws TransshipError invalid-response for names that are no tags, pages that go in a circle or are gone, and a million tags
 */
export async function* listTags(repository: Repository): AsyncGenerator<string[]> {
  const first: Page = { target: firstPath(repository), guessed: false };
  const listed = new Set<string>();
  const seen = new Set<string>();
  let restarted = false;
  for (let page: Page | undefined = first; page !== undefined;) {
    const response = await ask(repository, page.target);
    if (response.status === 404) {
      await response.discard();
      if (page === first && !restarted) return;
      // zot answers so where the tag that the page begins after was deleted meanwhile.
      if (restarted) throw malformed(repository, 'a page of it is not there (404), and neither is it a second time');
      restarted = true;
      seen.clear();
      page = first;
      continue;
    }
    const tags = tagsOf(await response.json(MOST_PAGE_BYTES), repository);
    const fresh = tags.filter((tag) => !listed.has(tag));
    // A registry that knows no pages gives all of its tags again.
    if (page.guessed && fresh.length === 0) return;
    if (listed.size + fresh.length > MOST_TAGS) throw malformed(repository, `it has more than ${MOST_TAGS} tags`);
    for (const tag of fresh) listed.add(tag);
    yield fresh;
    page = pageAfter(response, tags, repository);
    if (page === undefined) return;
    const place = String(page.target);
    if (seen.has(place) || seen.size >= MOST_PAGES) throw malformed(repository, 'its pages go in a circle');
    seen.add(place);
  }
}

function firstPath(repository: Repository): string {
  return `/v2/${repository.name}/tags/list?n=${repository.registry.traits.tags.pageSize}`;
}

/** A full page without a link is no proof of an end: some registries page, and do not say so. */
function pageAfter(response: RegistryResponse, tags: readonly string[], repository: Repository): Page | undefined {
  const linked = followingPage(response, repository.registry.host, 'list tags');
  if (linked !== undefined) return { target: linked, guessed: false };
  const last = tags.at(-1);
  if (last === undefined || tags.length < repository.registry.traits.tags.pageSize) return undefined;
  return { target: `${firstPath(repository)}&last=${last}`, guessed: true };
}

function ask(repository: Repository, target: string | URL): Promise<RegistryResponse> {
  return repository.registry.send({
    operation: 'list tags',
    action: 'list',
    method: 'GET',
    target,
    expect: [200, 404],
    ...inRepository(repository, [pullScope(repository.name)]),
  });
}

/** `tags` is null in some registries where there are none. */
function tagsOf(page: unknown, repository: Repository): string[] {
  if (typeof page !== 'object' || page === null || !('tags' in page)) throw malformed(repository, 'it has no "tags"');
  const tags: unknown = page.tags ?? [];
  if (!Array.isArray(tags) || !tags.every((tag) => typeof tag === 'string'))
    throw malformed(repository, '"tags" is not a list of names');
  const impossible = tags.find((tag) => !isTag(tag));
  if (impossible !== undefined) throw malformed(repository, `"${printable(impossible, 140)}" in it cannot be a tag`);
  return tags;
}

function malformed(repository: Repository, reason: string): TransshipError {
  return new TransshipError(
    'invalid-response',
    `${repository.registry.host}/${repository.name}: the tag list cannot be used: ${reason}`,
    {
      hint: `is ${repository.registry.host} a container registry, and does a proxy before it change answers?`,
      details: { registry: repository.registry.host, repository: repository.name, operation: 'list tags' },
    },
  );
}
