// GitHub's registry, for github.com and for enterprises with data residency. No bulk listing: it is part of GitHub's own API on
// another host (api.github.com), and that host must not be sent the credential that belongs to this one.
import { defineTraits } from './define-traits.ts';
import type { Vendor } from './vendor.ts';

// https://docs.github.com/en/enterprise-cloud@latest/admin/data-residency/network-details-for-ghecom
const HOST = /^(?:ghcr\.io|containers\.[a-z0-9-]+\.ghe\.com)$/;

export const ghcr: Vendor = {
  kind: 'ghcr',
  matchesHost: (host) => HOST.test(host),
  // https://docs.github.com/en/actions/concepts/runners/communicating-with-self-hosted-runners
  trustedHosts: ['pkg-containers.githubusercontent.com'],
  traits: defineTraits({
    // One PUT: a chunk above 4 MiB is answered 416, and several of them may overwrite each other (https://github.com/ocx-sh/ocx/issues/237).
    upload: { strategy: 'monolithic' },
    // GET /referrers is not there; signatures are found by their fallback tag.
    referrers: { mode: 'tag' },
    // About 2,000 requests a minute in all, shared out so that the sum stays under 20 a second.
    // https://github.com/clowdhaus/ocync
    ratesPerSecond: { head: 5, read: 6, start: 3, upload: 3, 'manifest-write': 2, list: 1 },
  }),
};
