// Sends one blob into an open session by the strategy of its registry, from a stream that is read once.
import { TransshipError, isTransshipError } from '../errors.ts';
import { paced } from './http/bandwidth.ts';
import type { Descriptor } from './descriptor.ts';
import type { Repository } from './repository.ts';
import type { UploadSession } from './uploads.ts';
import { fetchUploadStatus, finishUpload, patchBlob, putBlob } from './uploads.ts';

/** A chunk is held in memory before it is sent, and a registry says how large it must be at least. */
const MOST_CHUNK_BYTES = 64 * 1024 * 1024;

/**
 * The stream must end with an error, or short, if its content is not what the descriptor says: then nothing is committed.
 * @throws what the registry answered; the session is the caller's to cancel
 */
export async function uploadBlob(
  repository: Repository,
  session: UploadSession,
  descriptor: Descriptor,
  unpaced: AsyncIterable<Uint8Array>,
): Promise<void> {
  const { pace } = repository.registry;
  // Where it is taken, not where it is sent: a chunk that waits for its turn as a whole would hold up its source for as long.
  const content = pace === undefined ? unpaced : paced(unpaced, pace, repository.signal);
  const { strategy, monolithicUpToBytes, chunkBytes } = repository.registry.traits.upload;
  if (strategy === 'monolithic' || descriptor.size <= monolithicUpToBytes) {
    const body = { sizeBytes: descriptor.size, open: () => content, replayable: false, lends: true };
    return putBlob(repository, session, descriptor.digest, body);
  }
  if (session.leastChunkBytes > MOST_CHUNK_BYTES) throw chunksTooLarge(repository, descriptor, session);
  const sizeBytes = Math.max(chunkBytes, session.leastChunkBytes);
  let offset = 0;
  let current = session;
  for await (const chunk of inChunks(content, sizeBytes)) {
    current = await sendChunk(repository, current, chunk, offset);
    offset += chunk.byteLength;
  }
  await finishUpload(repository, current, descriptor.digest);
}

/** After a lost answer the registry is asked: only if it holds exactly the chunk's end is the upload still whole. */
async function sendChunk(
  repository: Repository,
  session: UploadSession,
  chunk: Uint8Array,
  offset: number,
): Promise<UploadSession> {
  try {
    return await patchBlob(repository, session, chunk, offset);
  } catch (error) {
    if (!isTransshipError(error, 'connection-failed', 'timeout', 'registry-unavailable')) throw error;
    const status = await fetchUploadStatus(repository, session);
    if (status.offset === offset + chunk.byteLength) return status.session;
    if (status.offset === offset) return patchBlob(repository, status.session, chunk, offset);
    throw error;
  }
}

function chunksTooLarge(repository: Repository, { digest }: Descriptor, session: UploadSession): TransshipError {
  const { host } = repository.registry;
  return new TransshipError(
    'unsupported',
    `${host}/${repository.name}: the registry takes no chunk below ${session.leastChunkBytes} bytes (OCI-Chunk-Min-Length), more than the ${MOST_CHUNK_BYTES} that are held in memory`,
    {
      hint: `a limit of that size is most likely a mistake in the settings of ${host}`,
      details: { registry: host, repository: repository.name, operation: `upload blob ${digest}` },
    },
  );
}

/** Gathers a stream into pieces of one size, the last one shorter; a piece is whole before it is sent. */
async function* inChunks(content: AsyncIterable<Uint8Array>, sizeBytes: number): AsyncGenerator<Uint8Array> {
  let parts: Uint8Array[] = [];
  let held = 0;
  for await (let piece of content) {
    while (held + piece.byteLength >= sizeBytes) {
      const cut = sizeBytes - held;
      yield Buffer.concat([...parts, piece.subarray(0, cut)], sizeBytes);
      parts = [];
      held = 0;
      piece = piece.subarray(cut);
    }
    // Copied: the stream uses its memory again.
    if (piece.byteLength > 0) parts.push(Uint8Array.from(piece));
    held += piece.byteLength;
  }
  if (held > 0) yield Buffer.concat(parts, held);
}
