// The upload endpoints: POST opens, mounts or stores at once; PATCH adds a chunk; PUT closes; GET tells the state; DELETE cancels.
// https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pushing-blobs
import { blobCreated } from './blobs.ts';
import type { Exchange, Parts } from './exchange.ts';
import { algorithmOf, checkDigest, type Algorithm } from './names.ts';
import { mountBlob } from './mount.ts';
import { refusal, type Reply } from './reply.ts';
import {
  dropSession,
  openSession,
  publishSession,
  receive,
  takeTurn,
  verifySession,
  type UploadSession,
} from './upload-session.ts';

export async function startUpload(parts: Parts, exchange: Exchange, repository: string): Promise<Reply> {
  const query = exchange.url.searchParams;
  const mount = query.get('mount');
  if (mount !== null) {
    const mounted = await mountBlob(parts, exchange, repository, checkDigest(mount), query.get('from') ?? undefined);
    if (mounted !== undefined) return mounted;
  }
  const digest = query.get('digest');
  if (digest !== null && parts.options.upload?.singlePost !== false) {
    checkDigest(digest);
    const session = await openSession(parts.uploads, parts.library.store, repository, algorithmOf(digest));
    try {
      return await closeWith(parts, exchange, session, digest);
    } finally {
      // After a failure nobody knows the session; after a success it is gone already.
      await dropSession(parts.uploads, session);
    }
  }
  const algorithm = announcedAlgorithm(query.get('digest-algorithm') ?? (mount && algorithmOf(mount)));
  const session = await openSession(parts.uploads, parts.library.store, repository, algorithm);
  return sessionReply(parts, exchange, session, 202);
}

export async function continueUpload(parts: Parts, exchange: Exchange, repository: string, id: string): Promise<Reply> {
  const session = findSession(parts, exchange, repository, id);
  switch (exchange.method) {
    case 'GET':
      return sessionReply(parts, exchange, session, 204);
    case 'DELETE':
      await dropSession(parts.uploads, session);
      return { status: 204 };
    case 'PATCH':
      return takeTurn(session, async () => {
        checkOrder(parts, exchange, findSession(parts, exchange, repository, id));
        await receiveChunk(parts, exchange, session);
        return sessionReply(parts, exchange, session, 202);
      });
    case 'PUT': {
      const digest = checkDigest(exchange.url.searchParams.get('digest'));
      return takeTurn(session, async () => {
        checkOrder(parts, exchange, findSession(parts, exchange, repository, id));
        return closeWith(parts, exchange, session, digest);
      });
    }
    default:
      throw refusal(405, 'UNSUPPORTED', `${exchange.method} is not possible on an upload`);
  }
}

async function closeWith(parts: Parts, exchange: Exchange, session: UploadSession, digest: string): Promise<Reply> {
  const { repository, sizeBytes } = await receiveChunk(parts, exchange, session);
  await verifySession(parts.uploads, session, digest);
  await parts.library.exclusive(async (commit) => {
    await publishSession(parts.uploads, session, digest);
    await commit({ type: 'blob-added', repository, digest });
  });
  const target = { repository, digest, sizeBytes, mediaType: 'application/octet-stream' };
  exchange.announce({ action: 'push', target });
  return blobCreated(exchange, repository, digest);
}

async function receiveChunk(parts: Parts, exchange: Exchange, session: UploadSession): Promise<UploadSession> {
  const range = contentRange(exchange);
  const before = session.sizeBytes;
  await receive(parts.uploads, session, exchange.body, parts.options.upload ?? {});
  const received = session.sizeBytes - before;
  if (range !== undefined && received !== range.end + 1 - range.start) {
    await dropSession(parts.uploads, session);
    throw refusal(400, 'SIZE_INVALID', `the chunk has ${received} bytes, its Content-Range says otherwise`);
  }
  return session;
}

/** Refuses a chunk that does not start where the session ends, before a byte of it is kept. */
function checkOrder(parts: Parts, exchange: Exchange, session: UploadSession): void {
  const range = contentRange(exchange);
  if (range !== undefined && range.start !== session.sizeBytes) {
    const { headers = {} } = sessionReply(parts, exchange, session, 416);
    const message = `the next byte is ${session.sizeBytes}, not ${range.start}`;
    throw refusal(416, 'BLOB_UPLOAD_INVALID', message, headers);
  }
  if (range !== undefined && exchange.bodyBytes !== undefined && exchange.bodyBytes !== range.end + 1 - range.start) {
    throw refusal(400, 'SIZE_INVALID', 'Content-Range and Content-Length contradict each other');
  }
  if (session.closedByShortChunk && exchange.bodyBytes !== 0) {
    throw refusal(400, 'SIZE_INVALID', 'a chunk before this one was shorter than OCI-Chunk-Min-Length');
  }
}

function findSession(parts: Parts, exchange: Exchange, repository: string, id: string): UploadSession {
  const session = parts.uploads.get(id);
  if (session === undefined || session.repository !== repository) {
    throw refusal(404, 'BLOB_UPLOAD_UNKNOWN', 'the upload is unknown or over');
  }
  if (parts.options.upload?.locationState && !exchange.url.search.includes(`_state=${session.state}`)) {
    throw refusal(404, 'BLOB_UPLOAD_INVALID', 'the upload state is not the newest one');
  }
  return session;
}

function sessionReply(parts: Parts, exchange: Exchange, session: UploadSession, status: number): Reply {
  const { locationState, minChunkBytes } = parts.options.upload ?? {};
  const query = locationState ? `?_state=${session.state}` : '';
  return {
    status,
    headers: {
      location: exchange.locate(`/v2/${session.repository}/blobs/uploads/${session.id}${query}`),
      range: `0-${Math.max(session.sizeBytes - 1, 0)}`,
      'docker-upload-uuid': session.id,
      ...(minChunkBytes === undefined ? {} : { 'oci-chunk-min-length': String(minChunkBytes) }),
    },
  };
}

function contentRange(exchange: Exchange): { start: number; end: number } | undefined {
  const header = exchange.headers['content-range'];
  if (header === undefined) return undefined;
  const [, start, end] = /^(\d{1,15})-(\d{1,15})$/.exec(header) ?? [];
  if (start === undefined || end === undefined || Number(end) < Number(start)) {
    throw refusal(400, 'BLOB_UPLOAD_INVALID', `Content-Range "${header}" is not <start>-<end>`);
  }
  return { start: Number(start), end: Number(end) };
}

function announcedAlgorithm(name: string | null): Algorithm {
  if (name === null || name === 'sha256') return 'sha256';
  if (name === 'sha512') return 'sha512';
  throw refusal(400, 'DIGEST_INVALID', `digest algorithm "${name}" is not supported`);
}
