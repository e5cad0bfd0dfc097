// Azure Container Registry, in every Azure cloud and at its regional endpoints.
import { defineTraits, mebibytes } from './define-traits.ts';
import { isObject, listerOf, objectsIn } from './tag-digest-pages.ts';
import type { Vendor } from './vendor.ts';

const HOST = /^[a-z0-9][a-z0-9-]*(?:\.[a-z0-9-]+\.geo)?\.azurecr\.(?:io|cn|us|de)$/;

// https://learn.microsoft.com/en-us/rest/api/containerregistry/tag/get-list
const listTagDigests = listerOf({
  firstPage: (repository) => `/acr/v1/${repository}/_tags?n=1000`,
  // Reading metadata is an access of its own, which the registry's challenge asks for.
  scopes: (repository) => [{ repository, actions: ['pull'] }],
  tagsOf: (page) =>
    objectsIn(tagList(page))?.map((tag) => ({
      tag: tag['name'],
      digest: tag['digest'],
      pushedAt: tag['lastUpdateTime'] ?? tag['createdTime'],
    })),
});

/** A repository without tags may leave the list out. */
function tagList(page: unknown): unknown {
  if (!isObject(page)) return undefined;
  return typeof page['imageName'] === 'string' ? (page['tags'] ?? []) : page['tags'];
}

export const acr: Vendor = {
  kind: 'acr',
  cloud: 'azure',
  matchesHost: (host) => HOST.test(host),
  // Blobs come from a storage account, or from the registry's own data endpoint if it has one.
  // https://learn.microsoft.com/en-us/azure/container-registry/container-registry-firewall-rules
  trustedHosts: [
    '*.blob.core.windows.net',
    '*.blob.core.chinacloudapi.cn',
    '*.blob.core.usgovcloudapi.net',
    '*.data.azurecr.io',
    '*.data.azurecr.cn',
    '*.data.azurecr.us',
  ],
  traits: defineTraits({
    // One PUT above about 20 MB is cut off or answered 413: https://github.com/goharbor/harbor/issues/23015
    upload: {
      strategy: 'chunked',
      monolithicUpToBytes: mebibytes(16),
      chunkBytes: mebibytes(4),
      // After a failed chunk the session is unknown: https://github.com/Azure/azure-sdk-for-js/issues/25448
      resume: 'location',
    },
    referrers: { mode: 'api' },
    // 10,000 reads and 2,000 writes a minute for a Premium registry, shared out between their classes; smaller ones answer 429 sooner.
    // https://learn.microsoft.com/en-us/azure/container-registry/container-registry-skus
    ratesPerSecond: { head: 60, read: 60, list: 10, start: 9, upload: 12, 'manifest-write': 5 },
  }),
  listTagDigests: listTagDigests,
};
