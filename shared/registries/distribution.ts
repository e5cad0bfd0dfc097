// CNCF distribution and every registry that Transship does not know by name.
// https://github.com/distribution/distribution
import { defineTraits } from './define-traits.ts';
import type { Vendor } from './vendor.ts';

export const distribution: Vendor = {
  kind: 'distribution',
  // The table falls back to it, so that it never has to recognise a host.
  matchesHost: () => false,
  traits: defineTraits({
    // Release 3 and zot tell how much they hold, cut chunks included. Release 2.8 forgets a session whose chunk was cut: the blob begins anew.
    upload: { resume: 'status' },
    // Release 2.8 answers 201 to a mount of a blob from the very repository that it is mounted into, 202 with a session if it is not there.
    mount: { selfProbe: true },
    concurrency: { start: 8, max: 32 },
  }),
};
