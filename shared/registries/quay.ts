// Red Hat Quay, hosted at quay.io or installed elsewhere (then by `kind: quay`).
import { defineTraits, mebibytes } from './define-traits.ts';
import { isObject, listerOf, objectsIn } from './tag-digest-pages.ts';
import type { Vendor } from './vendor.ts';

// https://docs.redhat.com/en/documentation/red_hat_quay/3.15/html/red_hat_quay_api_reference/tag
// Quay's own interface does not take the registry's tokens: private repositories answer 401 here.
const listTagDigests = listerOf({
  firstPage: (repository) => `/api/v1/repository/${repository}/tag/?onlyActiveTags=true&limit=100&page=1`,
  tagsOf: (page) =>
    objectsIn(isObject(page) ? page['tags'] : undefined)?.map((tag) => ({
      tag: tag['name'],
      digest: tag['manifest_digest'],
      pushedAt: typeof tag['start_ts'] === 'number' ? tag['start_ts'] * 1000 : tag['last_modified'],
    })),
  nextPage: (page, { url }) => {
    if (!isObject(page) || page['has_additional'] !== true) return undefined;
    const next = new URL(url);
    next.searchParams.set('page', String(Number(url.searchParams.get('page') ?? 1) + 1));
    return next;
  },
});

export const quay: Vendor = {
  kind: 'quay',
  matchesHost: (host) => host === 'quay.io',
  // https://docs.redhat.com/en/documentation/openshift_container_platform/4.17/html/installation_configuration/configuring-firewall
  trustedHosts: ['*.quay.io', 'quayio-production-s3.s3.amazonaws.com'],
  traits: defineTraits({
    // A session that got bytes must not be started over: offset 0 corrupts it, so that a failed chunk ends the session.
    // https://github.com/quay/quay/blob/master/endpoints/v2/blob.py
    upload: {
      strategy: 'chunked',
      monolithicUpToBytes: mebibytes(256),
      chunkBytes: mebibytes(16),
      // The end that a session tells is exclusive, unlike everywhere else: it only shows that the session is there.
      resume: 'location',
    },
    // A page holds at most 100 tags: https://github.com/quay/quay/blob/master/endpoints/decorators.py
    tags: { pageSize: 100 },
    concurrency: { start: 1, max: 16 },
  }),
  listTagDigests: listTagDigests,
};
