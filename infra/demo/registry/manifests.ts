// The manifest endpoints: GET and HEAD by tag or digest, PUT (in manifest-push.ts), and DELETE of a tag or a whole manifest.
// https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pulling-manifests
import { findManifest, type ManifestRecord } from './catalog.ts';
import { readContent } from './content-store.ts';
import type { Exchange, Parts } from './exchange.ts';
import { pushManifest } from './manifest-push.ts';
import { checkDigest } from './names.ts';
import { refusal, type Reply } from './reply.ts';

export async function handleManifest(
  parts: Parts,
  exchange: Exchange,
  repository: string,
  reference: string,
): Promise<Reply> {
  if (exchange.method === 'PUT') return pushManifest(parts, exchange, repository, reference);
  if (reference.includes(':')) checkDigest(reference);
  if (!parts.library.catalog.has(repository)) {
    throw refusal(404, 'NAME_UNKNOWN', `repository ${repository} is unknown`);
  }
  const manifest = findManifest(parts.library.catalog, repository, reference);
  if (manifest === undefined) throw unknownManifest(repository, reference);
  if (exchange.method === 'DELETE') return deleteManifest(parts, exchange, repository, reference, manifest);
  if (exchange.method === 'GET' || exchange.method === 'HEAD') {
    return readManifest(parts, exchange, repository, reference, manifest);
  }
  throw refusal(405, 'UNSUPPORTED', `${exchange.method} is not possible on a manifest`);
}

async function readManifest(
  parts: Parts,
  exchange: Exchange,
  repository: string,
  reference: string,
  manifest: ManifestRecord,
): Promise<Reply> {
  const { digest, mediaType } = manifest;
  if (parts.options.requireAccept && !accepts(exchange.headers.accept, mediaType)) {
    throw refusal(404, 'MANIFEST_UNKNOWN', `the Accept header does not name ${mediaType}`);
  }
  const headers = { 'content-type': mediaType, 'docker-content-digest': digest, etag: `"${digest}"` };
  if (exchange.headers['if-none-match'] === headers.etag) return { status: 304, headers };
  const bytes = await readContent(parts.library.store, digest);
  if (bytes === undefined) throw unknownManifest(repository, reference);
  if (exchange.method === 'GET') {
    const tag = reference === digest ? {} : { tag: reference };
    exchange.announce({ action: 'pull', target: { repository, digest, mediaType, sizeBytes: bytes.length, ...tag } });
  }
  return { status: 200, headers, body: bytes };
}

async function deleteManifest(
  parts: Parts,
  exchange: Exchange,
  repository: string,
  reference: string,
  manifest: ManifestRecord,
): Promise<Reply> {
  const { digest } = manifest;
  const byDigest = reference === digest;
  await parts.library.exclusive((commit) =>
    commit(
      byDigest ? { type: 'manifest-removed', repository, digest } : { type: 'tag-removed', repository, tag: reference },
    ),
  );
  exchange.announce({ action: 'delete', target: byDigest ? { repository, digest } : { repository, tag: reference } });
  return { status: 202 };
}

function accepts(header: string | undefined, mediaType: string): boolean {
  const types = (header ?? '').split(',').map((part) => part.split(';')[0]?.trim());
  return types.includes(mediaType) || types.includes('*/*');
}

function unknownManifest(repository: string, reference: string): Error {
  return refusal(404, 'MANIFEST_UNKNOWN', `${repository} has no manifest ${reference}`);
}
