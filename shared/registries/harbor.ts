// Harbor: CNCF distribution 2.8 behind projects, quotas, robots and immutability rules. Recognised by `kind: harbor` only.
// https://goharbor.io/docs/
import { defineTraits, mebibytes } from './define-traits.ts';
import { createHarborProject, isHarborProjectMissing } from './harbor-projects.ts';
import { listerOf, objectsIn } from './tag-digest-pages.ts';
import type { Vendor } from './vendor.ts';

const PAGE_SIZE = 100;

// Artifacts with their tags: https://goharbor.io/docs/2.13.0/build-customize-contribute/configure-swagger/
// Private projects need a login that the registry's tokens are not: they answer 401 or 404 here.
const listTagDigests = listerOf({
  firstPage: artifactsPath,
  tagsOf: (page) =>
    objectsIn(page)?.flatMap((artifact) =>
      (objectsIn(artifact['tags'] ?? []) ?? []).map((tag) => ({
        tag: tag['name'],
        digest: artifact['digest'],
        pushedAt: tag['push_time'],
      })),
    ),
  nextPage: (page, { url }) => {
    if (!Array.isArray(page) || page.length < PAGE_SIZE) return undefined;
    const next = new URL(url);
    next.searchParams.set('page', String(Number(url.searchParams.get('page') ?? 1) + 1));
    return next;
  },
});

/** The first component is the project; the rest is one path segment, in which Harbor wants `/` encoded twice. */
function artifactsPath(path: string): string {
  const [project = '', ...rest] = path.split('/');
  const repository = rest.join('%252F');
  return `/api/v2.0/projects/${project}/repositories/${repository}/artifacts?with_tag=true&page_size=${PAGE_SIZE}&page=1`;
}

export const harbor: Vendor = {
  kind: 'harbor',
  matchesHost: () => false,
  traits: defineTraits({
    upload: {
      strategy: 'chunked',
      monolithicUpToBytes: mebibytes(256),
      chunkBytes: mebibytes(16),
      // A session survives its client, but not a chunk that was cut.
      resume: 'location',
    },
    // Blobs are kept by distribution, which answers 201 to a mount from the target repository itself.
    mount: { selfProbe: true },
    concurrency: { start: 8, max: 32 },
  }),
  listTagDigests: listTagDigests,
  createRepository: createHarborProject,
  isRepositoryMissing: isHarborProjectMissing,
};
