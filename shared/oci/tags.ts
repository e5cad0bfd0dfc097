// Lists the tags of a repository, page by page.
// https://github.com/opencontainers/distribution-spec/blob/main/spec.md#listing-tags
import { TransshipError } from '../errors.ts';
import { followingPage } from './following-page.ts';
import type { Repository } from './repository.ts';
import { inRepository, pullScope } from './repository.ts';

const MOST_PAGES = 10_000;
const MOST_PAGE_BYTES = 32 * 1024 * 1024;

/**
 * Yields the tags of each page as the registry gives them; a repository that does not exist has none.
 * @throws TransshipError invalid-response for pages that go in a circle
 */
export async function* listTags(repository: Repository): AsyncGenerator<string[]> {
  const first = `/v2/${repository.name}/tags/list?n=${repository.registry.traits.tags.pageSize}`;
  const seen = new Set<string>();
  for (let target: string | URL | undefined = first; target !== undefined;) {
    const response = await repository.registry.send({
      operation: 'list tags',
      action: 'list',
      method: 'GET',
      target,
      expect: [200, 404],
      ...inRepository(repository, [pullScope(repository.name)]),
    });
    if (response.status === 404) {
      await response.discard();
      return;
    }
    yield tagsOf(await response.json(MOST_PAGE_BYTES), repository);
    target = followingPage(response, repository.registry.host, 'list tags');
    if (target === undefined) return;
    if (seen.has(target.href) || seen.size >= MOST_PAGES) throw malformed(repository, 'its pages go in a circle');
    seen.add(target.href);
  }
}

/** `tags` is null in some registries where there are none. */
function tagsOf(page: unknown, repository: Repository): string[] {
  if (typeof page !== 'object' || page === null || !('tags' in page)) throw malformed(repository, 'it has no "tags"');
  const tags: unknown = page.tags ?? [];
  if (!Array.isArray(tags) || !tags.every((tag) => typeof tag === 'string'))
    throw malformed(repository, '"tags" is not a list of names');
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
