// The blob endpoints: GET and HEAD with ranges, and DELETE. A blob is readable only in a repository that links it.
// https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pulling-blobs
import { requestedRange } from './byte-range.ts';
import type { Exchange, Parts } from './exchange.ts';
import { checkDigest } from './names.ts';
import { refusal, type Reply } from './reply.ts';

export async function handleBlob(parts: Parts, exchange: Exchange, repository: string, digest: string): Promise<Reply> {
  checkDigest(digest);
  if (!parts.library.catalog.get(repository)?.blobs.has(digest)) throw unknownBlob(repository, digest);
  if (exchange.method === 'DELETE') return deleteBlob(parts, exchange, repository, digest);
  if (exchange.method === 'GET' || exchange.method === 'HEAD') return readBlob(parts, exchange, repository, digest);
  throw refusal(405, 'UNSUPPORTED', `${exchange.method} is not possible on a blob`);
}

/** The reply to a blob that is now in the repository. */
export function blobCreated(exchange: Exchange, repository: string, digest: string): Reply {
  return {
    status: 201,
    headers: { location: exchange.locate(`/v2/${repository}/blobs/${digest}`), 'docker-content-digest': digest },
  };
}

async function readBlob(parts: Parts, exchange: Exchange, repository: string, digest: string): Promise<Reply> {
  const content = await parts.library.store.open(digest);
  if (content === undefined) throw unknownBlob(repository, digest);
  try {
    const { sizeBytes } = content;
    const mediaType = 'application/octet-stream';
    const headers = {
      'content-type': mediaType,
      'docker-content-digest': digest,
      'accept-ranges': 'bytes',
      etag: `"${digest}"`,
    };
    if (exchange.method === 'GET') {
      exchange.announce({ action: 'pull', target: { repository, digest, sizeBytes, mediaType } });
    }
    const ifRange = exchange.headers['if-range'];
    const rangeHeader = ifRange === undefined || ifRange === headers.etag ? exchange.headers.range : undefined;
    const range = exchange.method === 'GET' ? requestedRange(rangeHeader, sizeBytes) : undefined;
    const { start, end } = range ?? { start: 0, end: sizeBytes - 1 };
    const body = { sizeBytes: end + 1 - start, chunks: content.read(start, end), close: content.close };
    if (range === undefined) return { status: 200, headers, body };
    return { status: 206, headers: { ...headers, 'content-range': `bytes ${start}-${end}/${sizeBytes}` }, body };
  } catch (error) {
    await content.close();
    throw error;
  }
}

async function deleteBlob(parts: Parts, exchange: Exchange, repository: string, digest: string): Promise<Reply> {
  await parts.library.exclusive((commit) => commit({ type: 'blob-removed', repository, digest }));
  exchange.announce({ action: 'delete', target: { repository, digest } });
  return { status: 202 };
}

function unknownBlob(repository: string, digest: string): Error {
  return refusal(404, 'BLOB_UNKNOWN', `${repository} has no blob ${digest}`);
}
