// One target's upload in chunks: begun or found again, each chunk acknowledged and checkpointed, closed when the whole content is right.
//
//   checkpoint? ─┬─ none, or its session is gone ─▶ new session ─┐
//                └─ session told its offset ────────────────────▶┴─▶ chunk ─▶ checkpoint ─▶ … ─▶ close ─▶ HEAD
//                                                                     └─ no answer ─▶ ask the session, send what it lacks
//
import { TransshipError, isTransshipError } from '../errors.ts';
import { hasBlob } from '../oci/blobs.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { LayerParts } from '../oci/layer-parts.ts';
import { placeOf } from '../oci/repository.ts';
import type { Repository } from '../oci/repository.ts';
import { DEFAULT_RETRIES, retryDelayMs, sleep } from '../oci/http/retry.ts';
import { fetchUploadStatus, finishUpload, patchBlob } from '../oci/uploads.ts';
import type { UploadSession } from '../oci/uploads.ts';
import type { Chunk } from './chunk-reader.ts';
import { HASH_LIBRARY } from './resumable-hash.ts';
import { cancelBehind } from './run-upload.ts';
import type { OpenUpload } from './run-upload.ts';
import type { CopySession } from './session.ts';
import type { Slices } from './slices.ts';
import { tellBlob } from './target.ts';
import { decideResume, isStorable } from './upload-checkpoint.ts';
import type { UploadCheckpoint } from './upload-checkpoint.ts';

export type ChunkedUpload = {
  readonly one: OpenUpload;
  readonly blob: Descriptor;
  readonly slices: Slices;
  readonly repository: Repository;
  upload: UploadSession;
  /** The way that it goes, where that is not the session of the registry's own API. */
  readonly parts: LayerParts | undefined;
  /** Where the next chunk begins. */
  offset: number;
  /** What it was found again by. */
  readonly found: UploadCheckpoint | undefined;
  /** A checkpoint names its session. */
  isKept: boolean;
  /** Cuts this one off, while others go on. */
  readonly cut: AbortController;
  /** How long others waited for it. */
  heldBackMs: number;
};

/** What says nothing about the session: it may still be there. */
const SESSION_MAY_BE_THERE = [
  'connection-failed',
  'timeout',
  'registry-unavailable',
  'too-many-requests',
  'interrupted',
] as const;
const MOST_TRIES_OF_A_CHUNK = 4;

/** @throws TransshipError where the target cannot be asked now */
export async function beginChunkedUpload(
  one: OpenUpload,
  blob: Descriptor,
  slices: Slices,
  session: CopySession,
): Promise<ChunkedUpload> {
  const { target } = one;
  const cut = new AbortController();
  const signals = [cut.signal, ...(target.repository.signal === undefined ? [] : [target.repository.signal])];
  const repository = { ...target.repository, signal: AbortSignal.any(signals) };
  const parts = partsFor(repository, blob);
  const common = { one, blob, slices, repository, parts, cut, heldBackMs: 0 };
  // Opening the session told whether the blob is there, and made the repository; where another one goes on, nobody needs it.
  const withoutFirst = (): void => cancelBehind(target, one.upload, session);
  const fresh = async (): Promise<ChunkedUpload> => {
    const upload = (await parts?.begin(repository, blob)) ?? one.upload;
    if (parts !== undefined) withoutFirst();
    return { ...common, upload, offset: 0, found: undefined, isKept: false };
  };
  const kept = slices.load(nameOf(repository), blob.digest);
  if (kept === undefined) return fresh();
  const found = await findAgain(kept, repository, blob, parts);
  slices.onFound(repository.registry.host, found === undefined ? 'restarted' : 'resumed');
  if (found === undefined) {
    if (URL.canParse(kept.location)) cancelBehind(target, sessionOf(kept), session);
    slices.drop(nameOf(repository), blob.digest);
    return fresh();
  }
  withoutFirst();
  return { ...common, ...found, found: kept, isKept: true };
}

/** The other way of a registry, where it has one for this blob. */
export function partsFor({ registry }: Repository, blob: Descriptor): LayerParts | undefined {
  return registry.parts?.takes(blob) === true ? registry.parts : undefined;
}

type Found = { upload: UploadSession; offset: number };

async function findAgain(
  kept: UploadCheckpoint,
  repository: Repository,
  blob: Descriptor,
  parts: LayerParts | undefined,
): Promise<Found | undefined> {
  if (kept.hash.library !== HASH_LIBRARY || kept.offset > blob.size || !URL.canParse(kept.location)) return undefined;
  const upload = sessionOf(kept);
  // The next part tells whether it is still there.
  if (parts !== undefined) return parts.isOne(upload) ? { upload, offset: kept.offset } : undefined;
  const told = await ask(repository, upload);
  const acknowledged = { offset: kept.offset, sizeBytes: blob.size };
  const resume = decideResume(acknowledged, told?.offset, howOf(repository), chunkSizeFor({ repository, upload }));
  if (told === undefined || resume.go === 'restart') return undefined;
  return { upload: told.session, offset: resume.offset };
}

function sessionOf({ location, leastChunkBytes }: UploadCheckpoint): UploadSession {
  return { location: new URL(location), leastChunkBytes };
}

/** Undefined where the session is gone. */
async function ask(
  repository: Repository,
  upload: UploadSession,
): Promise<{ offset: number; session: UploadSession } | undefined> {
  try {
    const { offset, session } = await fetchUploadStatus(repository, upload);
    return { offset, session: withLeast(session, upload) };
  } catch (error) {
    if (isTransshipError(error) && !isTransshipError(error, ...SESSION_MAY_BE_THERE)) return undefined;
    throw error;
  }
}

/** Sends a chunk that may begin before what the registry holds already, and keeps how far it came. */
export async function sendChunk(
  one: ChunkedUpload,
  chunk: Chunk,
  source: SourceOfBlob,
  random: () => number,
): Promise<void> {
  const { repository, blob, parts } = one;
  await repository.registry.pace?.(chunk.bytes.byteLength, repository.signal);
  if (parts === undefined) await patchChunk(one, chunk, random);
  else await parts.send(repository, one.upload, chunk.bytes, chunk.offset);
  one.offset = chunk.offset + chunk.bytes.byteLength;
  await keepUpload(one, chunk.hashState, source);
  tellBlob(one.one.target, blob, 'progress', one.offset);
}

async function patchChunk(one: ChunkedUpload, chunk: Chunk, random: () => number): Promise<void> {
  const { repository, blob } = one;
  let rest = chunk.bytes;
  let { offset } = chunk;
  for (let tried = 1; rest.byteLength > 0; tried += 1) {
    try {
      one.upload = withLeast(await patchBlob(repository, one.upload, rest, offset), one.upload);
      break;
    } catch (error) {
      if (tried >= MOST_TRIES_OF_A_CHUNK || !isWorthAsking(error) || repository.signal?.aborted === true) throw error;
      await sleep(retryDelayMs(DEFAULT_RETRIES, tried, error.retryAfterMs ?? 0, random), repository.signal);
      const told = await ask(repository, one.upload);
      const resume = decideResume({ offset, sizeBytes: blob.size }, told?.offset, howOf(repository), rest.byteLength);
      if (told === undefined || resume.go === 'restart') throw lost(one, error);
      one.upload = told.session;
      rest = rest.subarray(resume.offset - offset);
      ({ offset } = resume);
    }
  }
}

/** Where a blob comes from, for the checkpoint. */
export type SourceOfBlob = { name: string; etag: string | undefined };

/** Makes how far it is durable. @param hashState of all bytes before its offset */
export async function keepUpload(one: ChunkedUpload, hashState: Uint8Array, source: SourceOfBlob): Promise<void> {
  const { upload, repository, blob, offset } = one;
  if (!isStorable(upload.location)) return;
  await one.slices.save({
    target: nameOf(repository),
    digest: blob.digest,
    location: upload.location.href,
    leastChunkBytes: upload.leastChunkBytes,
    offset,
    hash: { library: HASH_LIBRARY, state: Buffer.from(hashState).toString('base64') },
    source: source.name,
    ...(source.etag === undefined ? {} : { etag: source.etag }),
  });
  one.isKept = true;
}

/** Commits; a lost answer is no failure where the blob is there. @throws TransshipError upload-lost, and what the registry answered */
export async function finishChunkedUpload(one: ChunkedUpload): Promise<void> {
  const { repository, blob, parts } = one;
  try {
    if (parts === undefined) await finishUpload(repository, one.upload, blob.digest);
    else await parts.finish(repository, one.upload, blob.digest);
  } catch (error) {
    if (repository.signal?.aborted === true || !(await hasBlob(repository, blob))) throw afterFinding(one, error);
  }
  if (repository.registry.traits.blob.headReliable && !(await hasBlob(repository, blob))) throw lost(one);
  one.slices.drop(nameOf(repository), blob.digest);
}

/** The session that nobody needs after a failure; none where the next slice or try goes on with it, or nobody can give it up. */
export function leftOver(one: ChunkedUpload, error: unknown): UploadSession | undefined {
  const goesOn =
    !isTransshipError(error) || isTransshipError(error, ...SESSION_MAY_BE_THERE, 'fence-lost', 'store-unavailable');
  if (one.isKept && goesOn) return undefined;
  if (one.found !== undefined) one.slices.onFound(one.repository.registry.host, 'restarted');
  one.slices.drop(nameOf(one.repository), one.blob.digest);
  return one.parts === undefined ? one.upload : undefined;
}

/** Of what was found again, wrong content is no verdict: the part from before may be what is wrong. */
export function afterFinding(one: ChunkedUpload, error: unknown): unknown {
  if (one.found === undefined) return error;
  return isTransshipError(error, 'digest-mismatch', 'size-mismatch') ? lost(one, error) : error;
}

export function nameOf({ registry, name }: Pick<Repository, 'registry' | 'name'>): string {
  return `${registry.host}/${name}`;
}

/** The size of chunks that an upload takes. */
export function chunkSizeFor({ repository, upload, parts }: Sized): number {
  return parts === undefined
    ? Math.max(repository.registry.traits.upload.chunkBytes, upload.leastChunkBytes)
    : upload.leastChunkBytes;
}

type Sized = Pick<ChunkedUpload, 'repository' | 'upload'> & Partial<Pick<ChunkedUpload, 'parts'>>;

function howOf({ registry }: Repository): 'status' | 'location' {
  return registry.traits.upload.resume === 'location' ? 'location' : 'status';
}

function withLeast(session: UploadSession, before: UploadSession): UploadSession {
  return { ...session, leastChunkBytes: Math.max(session.leastChunkBytes, before.leastChunkBytes) };
}

function isWorthAsking(error: unknown): error is TransshipError {
  return isTransshipError(error, ...SESSION_MAY_BE_THERE, 'upload-lost');
}

export function lost(one: ChunkedUpload, cause?: unknown): TransshipError {
  const { repository, blob } = one;
  const details = placeOf(repository, `upload blob ${blob.digest}`);
  return new TransshipError('upload-lost', `${nameOf(repository)}: the upload of blob ${blob.digest} cannot go on`, {
    retryable: true,
    hint: 'the blob is sent again from its beginning',
    details,
    cause,
  });
}
