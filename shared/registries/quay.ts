// Red Hat Quay, hosted at quay.io or installed elsewhere (then by `kind: quay`).
import { defineTraits, mebibytes } from './define-traits.ts';
import type { Vendor } from './vendor.ts';

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
    },
    // A page holds at most 100 tags: https://github.com/quay/quay/blob/master/endpoints/decorators.py
    tags: { pageSize: 100 },
    concurrency: { start: 1, max: 16 },
  }),
};
