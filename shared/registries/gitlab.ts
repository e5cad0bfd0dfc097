// GitLab's container registry, a fork of CNCF distribution with a metadata database. Self-managed ones by `kind: gitlab`.
// https://docs.gitlab.com/user/packages/container_registry/
import { defineTraits } from './define-traits.ts';
import type { Vendor } from './vendor.ts';

export const gitlab: Vendor = {
  kind: 'gitlab',
  matchesHost: (host) => host === 'registry.gitlab.com',
  // Tokens come from gitlab.com/jwt/auth, blobs from its CDN or storage: https://docs.gitlab.com/user/gitlab_com/#container-registry
  trustedHosts: ['gitlab.com', 'cdn.registry.gitlab-static.net', 'storage.googleapis.com'],
  traits: defineTraits({
    manifest: { sparseIndex: false },
    concurrency: { start: 4, max: 16 },
  }),
};
