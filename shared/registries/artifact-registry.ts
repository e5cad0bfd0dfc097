// Google Artifact Registry, and Container Registry's gcr.io hosts that it serves now.
import { defineTraits } from './define-traits.ts';
import { isObject, type ListedTag, listerOf } from './tag-digest-pages.ts';
import type { Vendor } from './vendor.ts';

const HOST = /^(?:(?:[a-z0-9-]+\.)?gcr\.io|[a-z0-9-]+-docker\.pkg\.dev|container\.cloud\.google\.com)$/;

// The tag list says which manifest has which tags: https://github.com/google/go-containerregistry/blob/main/pkg/v1/google/list.go
const listTagDigests = listerOf({
  firstPage: (repository) => `/v2/${repository}/tags/list`,
  scopes: (repository) => [{ repository, actions: ['pull'] }],
  tagsOf: (page) =>
    isObject(page) && isObject(page['manifest']) ? taggedManifests(page, page['manifest']) : undefined,
});

function* taggedManifests(page: Record<string, unknown>, manifests: Record<string, unknown>): Iterable<ListedTag> {
  const missing = new Set(Array.isArray(page['tags']) ? page['tags'] : []);
  for (const [digest, manifest] of Object.entries(manifests)) {
    const { tag: tags, timeUploadedMs } = isObject(manifest) ? manifest : {};
    // A number in Artifact Registry, text in the old Container Registry.
    const pushedAt = Number(timeUploadedMs);
    for (const tag of Array.isArray(tags) ? tags : []) {
      missing.delete(tag);
      yield { tag, digest, pushedAt };
    }
  }
  // Above 10,000 images the list is cut short (https://cloud.google.com/artifact-registry/quotas): no digest makes it an error.
  for (const tag of missing) yield { tag, digest: undefined };
}

export const artifactRegistry: Vendor = {
  kind: 'artifact-registry',
  cloud: 'google',
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
  listTagDigests: listTagDigests,
};
