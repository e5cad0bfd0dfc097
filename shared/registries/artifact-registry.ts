// Google Artifact Registry, and Container Registry's gcr.io hosts that it serves now.
import { defineTraits } from './define-traits.ts';
import type { Vendor } from './vendor.ts';

const HOST = /^(?:(?:[a-z0-9-]+\.)?gcr\.io|[a-z0-9-]+-docker\.pkg\.dev|container\.cloud\.google\.com)$/;

export const artifactRegistry: Vendor = {
  kind: 'artifact-registry',
  matchesHost: (host) => HOST.test(host),
  // gcr.io redirects blobs to Cloud Storage: https://docs.siderolabs.com/talos/v1.14/networking/egress-domains
  trustedHosts: ['storage.googleapis.com'],
  traits: defineTraits({
    // Chunks are refused: https://github.com/dotnet/sdk-container-builds/issues/287
    upload: { strategy: 'monolithic' },
    // 60,000 requests, of which 18,000 writes, a minute for each project and region; the writes shared out between their classes.
    // https://cloud.google.com/artifact-registry/quotas
    ratesPerSecond: { head: 250, read: 250, list: 60, start: 80, upload: 80, 'manifest-write': 80 },
  }),
};
