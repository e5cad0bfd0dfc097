// Docker Hub: one registry under three names, with its tokens, its catalogue and its blobs each on a host of their own.
import { defineTraits } from './define-traits.ts';
import { isObject, listerOf, objectsIn } from './tag-digest-pages.ts';
import type { Vendor } from './vendor.ts';

const HOSTS = new Set(['docker.io', 'index.docker.io', 'registry-1.docker.io']);

// https://docs.docker.com/reference/api/hub/latest/operations/ListRepositoryTags/
// Another origin than the registry's, so that it never gets its credentials: private repositories answer 404 here.
const listTagDigests = listerOf({
  firstPage: (repository) => {
    const [namespace, name] = repository.split('/');
    return new URL(`https://hub.docker.com/v2/namespaces/${namespace}/repositories/${name}/tags?page_size=100`);
  },
  tagsOf: (page) =>
    objectsIn(isObject(page) ? page['results'] : undefined)?.map((tag) => ({
      tag: tag['name'],
      digest: tag['digest'],
      pushedAt: tag['tag_last_pushed'],
    })),
  nextPage: (page) => (isObject(page) && typeof page['next'] === 'string' ? page['next'] : undefined),
});

export const dockerHub: Vendor = {
  kind: 'docker-hub',
  matchesHost: (host) => HOSTS.has(host),
  apiHost: () => 'registry-1.docker.io',
  // https://docs.docker.com/desktop/setup/allow-list/
  // The S3 bucket serves clients inside AWS: https://jfrog.com/help/r/what-should-we-whitelist-for-artifactory-when-our-docker-registry-is-behind-firewalls-and-proxy-servers
  trustedHosts: [
    'auth.docker.io',
    'hub.docker.com',
    'production.cloudflare.docker.com',
    'production.cloudfront.docker.com',
    'docker-images-prod.6aa30f8b08e16409b46e0173d6de2f56.r2.cloudflarestorage.com',
    'docker-images-prod.s3.dualstack.us-east-1.amazonaws.com',
  ],
  traits: defineTraits({
    // Requests of every kind count against an undocumented limit per address: https://github.com/regclient/regclient/issues/711
    concurrency: { start: 1, max: 8 },
  }),
  listTagDigests: listTagDigests,
};
