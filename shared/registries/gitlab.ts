// GitLab's container registry, a fork of CNCF distribution with a metadata database. Self-managed ones by `kind: gitlab`.
// https://docs.gitlab.com/user/packages/container_registry/
import { defineTraits } from './define-traits.ts';
import { listerOf, objectsIn } from './tag-digest-pages.ts';
import type { Vendor } from './vendor.ts';

// Only where the metadata database is in use; others answer 404.
// https://gitlab.com/gitlab-org/container-registry/-/blob/master/docs/spec/gitlab/api.md#list-repository-tags
const listTagDigests = listerOf({
  firstPage: (repository) => `/gitlab/v1/repositories/${repository}/tags/list/?n=1000`,
  scopes: (repository) => [{ repository, actions: ['pull'] }],
  tagsOf: (page) =>
    objectsIn(page)?.map((tag) => ({
      tag: tag['name'],
      digest: tag['digest'],
      pushedAt: tag['published_at'] ?? tag['updated_at'] ?? tag['created_at'],
    })),
});

export const gitlab: Vendor = {
  kind: 'gitlab',
  matchesHost: (host) => host === 'registry.gitlab.com',
  // Tokens come from gitlab.com/jwt/auth, blobs from its CDN or storage: https://docs.gitlab.com/user/gitlab_com/#container-registry
  trustedHosts: ['gitlab.com', 'cdn.registry.gitlab-static.net', 'storage.googleapis.com'],
  traits: defineTraits({
    upload: { resume: 'status' },
    concurrency: { start: 4, max: 16 },
  }),
  listTagDigests: listTagDigests,
};
