// Harbor: CNCF distribution 2.8 behind projects, quotas, robots and immutability rules. Recognised by `kind: harbor` only.
// https://goharbor.io/docs/
import { defineTraits, mebibytes } from './define-traits.ts';
import type { Vendor } from './vendor.ts';

export const harbor: Vendor = {
  kind: 'harbor',
  matchesHost: () => false,
  traits: defineTraits({
    upload: {
      strategy: 'chunked',
      monolithicUpToBytes: mebibytes(256),
      chunkBytes: mebibytes(16),
    },
    // Blobs are kept by distribution, which answers 201 to a mount from the target repository itself.
    mount: { selfProbe: true },
    manifest: { sparseIndex: false },
    concurrency: { start: 8, max: 32 },
  }),
};
