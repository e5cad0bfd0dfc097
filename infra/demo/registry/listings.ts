// The lists: tags of a repository, repositories of the registry, and the referrers of a digest.
import type { ManifestRecord } from './catalog.ts';
import type { Exchange, Parts } from './exchange.ts';
import { checkDigest } from './names.ts';
import { pageOf } from './paging.ts';
import { jsonReply, refusal, type Reply } from './reply.ts';

const INDEX = 'application/vnd.oci.image.index.v1+json';
const REFERRERS_PAGE_SIZE = 1000;

/** https://github.com/opencontainers/distribution-spec/blob/main/spec.md#listing-tags */
export function listTags(parts: Parts, exchange: Exchange, name: string): Reply {
  const repository = parts.library.catalog.get(name);
  if (repository === undefined) throw refusal(404, 'NAME_UNKNOWN', `repository ${name} is unknown`);
  const { page, headers } = pageOf(exchange, repository.tags.keys(), parts.options.maxPageSize);
  return jsonReply(200, { name, tags: page }, headers);
}

/** https://distribution.github.io/distribution/spec/api/#catalog */
export function listRepositories(parts: Parts, exchange: Exchange): Reply {
  const { page, headers } = pageOf(exchange, parts.library.catalog.keys(), parts.options.maxPageSize);
  return jsonReply(200, { repositories: page }, headers);
}

/** https://github.com/opencontainers/distribution-spec/blob/main/spec.md#listing-referrers */
export function listReferrers(parts: Parts, exchange: Exchange, name: string, digest: string): Reply {
  if (parts.options.referrersApi === false) throw refusal(404, 'UNSUPPORTED', 'there is no referrers API');
  checkDigest(digest);
  const query = exchange.url.searchParams;
  const artifactType = query.get('artifactType');
  const manifests = [...(parts.library.catalog.get(name)?.manifests.values() ?? [])]
    .filter((manifest) => manifest.subject === digest)
    .filter((manifest) => artifactType === null || manifest.artifactType === artifactType)
    // By digest, so that a page can start after a manifest that was deleted meanwhile.
    .sort((a, b) => (a.digest < b.digest ? -1 : 1))
    .filter((manifest) => manifest.digest > (query.get('after') ?? ''));
  const page = manifests.slice(0, parts.options.referrersPageSize ?? REFERRERS_PAGE_SIZE);
  const headers: Record<string, string> = { 'content-type': INDEX };
  if (artifactType !== null) headers['oci-filters-applied'] = 'artifactType';
  if (page.length < manifests.length) {
    query.set('after', page.at(-1)?.digest ?? '');
    headers['link'] = `<${exchange.locate(`${exchange.url.pathname}?${query.toString()}`)}>; rel="next"`;
  }
  return jsonReply(200, { schemaVersion: 2, mediaType: INDEX, manifests: page.map(descriptorOf) }, headers);
}

function descriptorOf(manifest: ManifestRecord): object {
  const { mediaType, digest, sizeBytes, artifactType, annotations } = manifest;
  return { mediaType, digest, size: sizeBytes, artifactType, annotations };
}
