// Brings a large blob to several targets in chunks with checkpoints. Targets that are equally far and take chunks of one size share
// one read of the source; the others, and those that hold them back, go alone.
import { TransshipError, isTransshipError } from '../errors.ts';
import { readBlob } from '../oci/blobs.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { parseDigest } from '../oci/digest.ts';
import { located } from '../oci/located-error.ts';
import { placeOf } from '../oci/repository.ts';
import { interruption } from '../oci/http/retry.ts';
import { openChunkReader } from './chunk-reader.ts';
import type { Chunk, ChunkReader } from './chunk-reader.ts';
import {
  afterFinding,
  beginChunkedUpload,
  chunkSizeFor,
  finishChunkedUpload,
  keepUpload,
  leftOver,
  lost,
  nameOf,
  partsFor,
  sendChunk,
} from './chunked-upload.ts';
import type { ChunkedUpload, SourceOfBlob } from './chunked-upload.ts';
import { endsWithin } from './ends-within.ts';
import { openHash } from './resumable-hash.ts';
import { runUpload } from './run-upload.ts';
import type { BlobTransfer, OpenUpload } from './run-upload.ts';
import type { CopySession } from './session.ts';
import type { Slices } from './slices.ts';
import { isOtherContent } from './upload-checkpoint.ts';

/** A registry that wants larger chunks gets blobs in the way it gets small ones. */
const MOST_CHUNK_BYTES = 64 * 1024 * 1024;

/** The port of the target's copy, where this blob goes to it in chunks with checkpoints. */
export function slicesFor({ target, upload }: OpenUpload, blob: Descriptor): Slices | undefined {
  const { slices, repository } = target;
  if (slices === undefined || blob.size < slices.leastBytes) return undefined;
  if (partsFor(repository, blob) !== undefined) return slices;
  if (repository.registry.traits.upload.resume === 'none') return undefined;
  return chunkSizeFor({ repository, upload }) > MOST_CHUNK_BYTES ? undefined : slices;
}

/** Settles when every upload has ended; `failures` of the transfer gets the targets that could not take the blob. */
export async function transferChunks(transfer: BlobTransfer, opened: ReadonlyMap<OpenUpload, Slices>): Promise<void> {
  const groups = new Map<string, ChunkedUpload[]>();
  let departed = false;
  const going: Promise<void>[] = [];
  const begun = [...opened].map(async ([one, slices]) => {
    const upload = await begin(one, slices, transfer);
    if (upload === undefined) return;
    if (departed) return sendTogether([upload], transfer);
    const key = `${upload.offset} ${upload.found?.offset ?? 0} ${chunkSizeFor(upload)}`;
    groups.set(key, [...(groups.get(key) ?? []), upload]);
  });
  const all = Promise.all(begun);
  while (!(await endsWithin(all, transfer.session.patienceMs)) && groups.size === 0);
  departed = true;
  for (const group of groups.values()) going.push(sendTogether(group, transfer));
  await Promise.all([all, ...going]);
}

async function begin(one: OpenUpload, slices: Slices, transfer: BlobTransfer): Promise<ChunkedUpload | undefined> {
  try {
    return await beginChunkedUpload(one, transfer.blob, slices, transfer.session);
  } catch (error) {
    await runUpload(one, transfer, () => Promise.reject(error));
    return undefined;
  }
}

/** Runs uploads that begin at the same byte, with chunks of the same size, to their ends. */
async function sendTogether(group: readonly ChunkedUpload[], transfer: BlobTransfer): Promise<void> {
  const { blob, source, failures } = transfer;
  const open = new Map(group.map((one) => [one, Promise.withResolvers<void>()]));
  const failed = new Map<ChunkedUpload, unknown>();
  const fail = (one: ChunkedUpload, error: unknown): void => {
    failed.set(one, error);
    open.get(one)?.reject(error);
    open.delete(one);
  };
  const ends = [...open].map(([one, { promise }]) =>
    runUpload(
      one.one,
      transfer,
      () => promise,
      () => leftOver(one, failed.get(one)),
    ),
  );
  try {
    await feed(open, transfer, fail);
    await Promise.all(
      [...open.keys()].map((one) =>
        finishChunkedUpload(one).then(open.get(one)?.resolve, (error: unknown) => fail(one, error)),
      ),
    );
    await Promise.all(ends);
  } catch (error) {
    const left = [...open.keys()];
    for (const one of left) fail(one, afterFinding(one, error));
    await Promise.all(ends);
    if (isTransshipError(error, 'interrupted', 'upload-lost')) return;
    const atSource = located(error, placeOf(source, `read blob ${blob.digest}`));
    for (const one of left)
      if (one.found === undefined) failures.set(one.one.target, { of: 'source', error: atSource });
  }
}

type Open = ReadonlyMap<ChunkedUpload, unknown>;
type Fail = (one: ChunkedUpload, error: unknown) => void;

/**
 * Reads the source once and sends every chunk to all that are left, until the content is whole and right, or nobody is left.
 * @throws what concerns them all: the source, wrong content, an ending slice
 */
async function feed(open: Open, { blob, source, session }: BlobTransfer, fail: Fail): Promise<void> {
  const [first] = open.keys();
  if (first === undefined) return;
  const { found, slices, offset } = first;
  const hash = await openHash(blob.digest, found && Buffer.from(found.hash.state, 'base64')).catch((error: unknown) => {
    // a checkpoint that nobody can read would be in the way for ever
    throw found === undefined ? error : lost(first, error);
  });
  const hashedBytes = found?.offset ?? 0;
  const from: SourceOfBlob = { name: nameOf(source), etag: undefined };
  const stream = readBlob(source, blob, {
    offset: hashedBytes,
    buffers: session.buffers,
    onAnswer({ partial, etag }) {
      const known = from.etag ?? (found?.source === from.name ? found.etag : undefined);
      if ((hashedBytes > 0 && !partial) || isOtherContent(known, etag)) throw lost(first);
      from.etag = etag;
    },
  });
  const reader = openChunkReader(
    { stream, pool: session.buffers, hash, offset: hashedBytes },
    slices.buffers,
    source.signal,
  );
  try {
    if (offset > hashedBytes) await catchUp(reader, open, offset - hashedBytes, from);
    await sendAll(reader, open, { blob, from, session, fail });
  } finally {
    await reader.close();
  }
  if (open.size > 0 && hash.digest() !== parseDigest(blob.digest).hex) throw wrongContent(blob);
}

/** What the registry holds beyond the checkpoint goes into the hash only; kept at once, so that it never gets further ahead than by a chunk. */
async function catchUp(reader: ChunkReader, open: Open, sizeBytes: number, from: SourceOfBlob): Promise<void> {
  const chunk = await reader.read(sizeBytes);
  if (chunk === undefined) return;
  chunk.release();
  await Promise.all([...open.keys()].map((one) => keepUpload(one, chunk.hashState, from)));
}

type Sending = { blob: Descriptor; from: SourceOfBlob; session: CopySession; fail: Fail };

async function sendAll(reader: ChunkReader, open: Open, sending: Sending): Promise<void> {
  const [first] = open.keys();
  if (first === undefined || first.offset === sending.blob.size) return;
  const { ending } = first.slices;
  const sizeBytes = chunkSizeFor(first);
  const startedAt = sending.session.now();
  let next = reader.read(sizeBytes);
  for (let chunk = await next; chunk !== undefined; chunk = await next) {
    if (ending.aborted) {
      chunk.release();
      throw interruption(ending);
    }
    // The next one is read while this one is sent.
    next = reader.read(sizeBytes);
    next.catch(() => undefined);
    const failures = await sendToAll(chunk, [...open.keys()], sending, startedAt);
    chunk.release(failures > 0 ? 'dirty' : undefined);
    if (open.size === 0) return;
  }
}

/** Gives the number of those that failed. */
async function sendToAll(
  chunk: Chunk,
  all: readonly ChunkedUpload[],
  sending: Sending,
  startedAt: number,
): Promise<number> {
  const { session, from, fail } = sending;
  const pending = new Set(all);
  let failures = 0;
  const sends = all.map(async (one) => {
    try {
      await sendChunk(one, chunk, from, session.random);
    } catch (error) {
      failures += 1;
      fail(one, error);
    }
    pending.delete(one);
  });
  const sent = Promise.all(sends);
  await Promise.race(sends);
  for (let from = session.now(); pending.size > 0 && !(await endsWithin(sent, session.patienceMs / 5));) {
    const now = session.now();
    if (pending.size < all.length)
      for (const one of pending) blame(one, now - from, now - startedAt, session.patienceMs);
    from = now;
  }
  await sent;
  return failures;
}

/** One that the others waited for, for long and for more than half of the time, goes on by itself. */
function blame(one: ChunkedUpload, waitedMs: number, sinceStartMs: number, patienceMs: number): void {
  one.heldBackMs += waitedMs;
  if (one.heldBackMs < patienceMs || one.heldBackMs * 2 < sinceStartMs) return;
  one.cut.abort(
    new TransshipError('timeout', 'the target was slower than the others and goes on by itself', { retryable: true }),
  );
}

function wrongContent({ digest }: Descriptor): TransshipError {
  return new TransshipError(
    'digest-mismatch',
    `blob ${digest} from the source has another content than its digest says`,
    {
      hint: 'the source holds a damaged blob, or something on the way changes it; nothing was committed. Push the image again',
      details: { digest },
    },
  );
}
