// PUT of a manifest: all checks first, then bytes, record and tags become visible together.
// https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pushing-manifests
import { findManifest } from './catalog.ts';
import { writeContent } from './content-store.ts';
import type { Exchange, Parts } from './exchange.ts';
import { parseManifest, type ManifestDocument } from './manifest-document.ts';
import { algorithmOf, checkDigest, isTag } from './names.ts';
import { errorReply, refusal, type Reply } from './reply.ts';

const DEFAULT_MAX_BYTES = 8 * 1024 * 1024;

export async function pushManifest(
  parts: Parts,
  exchange: Exchange,
  repository: string,
  reference: string,
): Promise<Reply> {
  const byDigest = reference.includes(':');
  const tags = byDigest ? exchange.url.searchParams.getAll('tag') : [reference];
  if (byDigest) checkDigest(reference);
  for (const tag of tags) {
    if (!isTag(tag)) throw refusal(400, 'TAG_INVALID', `invalid tag "${tag}"`);
  }
  const bytes = await readCapped(exchange, parts.options.maxManifestBytes ?? DEFAULT_MAX_BYTES);
  const algorithm = byDigest ? algorithmOf(reference) : 'sha256';
  const manifest = parseManifest(bytes, exchange.headers['content-type'], algorithm);
  const { record } = manifest;
  if (byDigest && record.digest !== reference) {
    throw refusal(400, 'DIGEST_INVALID', `the manifest has digest ${record.digest}, not ${reference}`);
  }
  const refused = await parts.library.exclusive(async (commit) => {
    checkPreconditions(parts, exchange, repository, reference);
    const failure =
      missingContent(parts, repository, manifest) ?? movedImmutableTag(parts, repository, tags, record.digest);
    if (failure !== undefined) return failure;
    await writeContent(parts.library.store, record.digest, bytes);
    await commit({ type: 'manifest-added', repository, manifest: record, tags });
    return undefined;
  });
  if (refused !== undefined) return refused;
  announcePush(exchange, repository, manifest, tags);
  return {
    status: 201,
    headers: {
      location: exchange.locate(`/v2/${repository}/manifests/${record.digest}`),
      'docker-content-digest': record.digest,
      etag: `"${record.digest}"`,
      ...(record.subject === undefined || parts.options.referrersApi === false
        ? {}
        : { 'oci-subject': record.subject }),
      ...(byDigest && tags.length > 0 ? { 'oci-tag': tags } : {}),
    },
  };
}

async function readCapped(exchange: Exchange, maxBytes: number): Promise<Uint8Array> {
  const tooLarge = refusal(413, 'SIZE_INVALID', `a manifest has at most ${maxBytes} bytes here`);
  if ((exchange.bodyBytes ?? 0) > maxBytes) throw tooLarge;
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of exchange.body) {
    sizeBytes += chunk.length;
    if (sizeBytes > maxBytes) throw tooLarge;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** https://www.rfc-editor.org/rfc/rfc9110#name-preconditions: how writers of a fallback tag avoid losing each other's entries. */
function checkPreconditions(parts: Parts, exchange: Exchange, repository: string, reference: string): void {
  const current = findManifest(parts.library.catalog, repository, reference);
  const matches = (header: string): boolean =>
    current !== undefined &&
    (header.trim() === '*' || header.split(',').some((tag) => tag.trim() === `"${current.digest}"`));
  const ifMatch = exchange.headers['if-match'];
  const ifNoneMatch = exchange.headers['if-none-match'];
  if ((ifMatch !== undefined && !matches(ifMatch)) || (ifNoneMatch !== undefined && matches(ifNoneMatch))) {
    throw refusal(412, 'PRECONDITION', 'the manifest changed meanwhile', current && { etag: `"${current.digest}"` });
  }
}

function missingContent(parts: Parts, name: string, manifest: ManifestDocument): Reply | undefined {
  const repository = parts.library.catalog.get(name);
  const has = (digest: string): boolean => Boolean(repository?.blobs.has(digest) || repository?.manifests.has(digest));
  const needed = [
    ...(parts.options.sparseManifests ? [] : manifest.blobs),
    ...(parts.options.sparseIndexes === false ? manifest.children : []),
  ];
  const missing = [...new Set(needed)].filter((digest) => !has(digest));
  if (missing.length === 0) return undefined;
  const errors = missing.map((digest) => ({
    code: 'MANIFEST_BLOB_UNKNOWN',
    message: 'the manifest refers to content that the repository does not have',
    detail: { digest },
  }));
  return errorReply(404, errors);
}

function movedImmutableTag(
  parts: Parts,
  repository: string,
  tags: readonly string[],
  digest: string,
): Reply | undefined {
  const { immutableTags } = parts.options;
  if (!immutableTags) return undefined;
  const rule = immutableTags === true ? { status: 400, code: 'TAG_INVALID' } : immutableTags;
  for (const tag of tags) {
    const current = parts.library.catalog.get(repository)?.tags.get(tag);
    if (current === undefined) continue;
    if (current === digest && !('refuseSameDigest' in rule && rule.refuseSameDigest)) continue;
    return errorReply(rule.status, [{ code: rule.code, message: `tag "${tag}" is immutable` }]);
  }
  return undefined;
}

function announcePush(
  exchange: Exchange,
  repository: string,
  manifest: ManifestDocument,
  tags: readonly string[],
): void {
  const { digest, mediaType, sizeBytes } = manifest.record;
  const target = { repository, digest, mediaType, sizeBytes };
  if (tags.length === 0) exchange.announce({ action: 'push', target });
  for (const tag of tags) exchange.announce({ action: 'push', target: { ...target, tag } });
}
