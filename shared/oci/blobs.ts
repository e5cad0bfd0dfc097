// Reading blobs: HEAD, and GET as a checked stream that goes on where a broken connection stopped.
// https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pulling-blobs
import { TransshipError, isTransshipError } from '../errors.ts';
import type { BufferPool } from './http/buffer-pool.ts';
import { parseContentRange } from './content-range.ts';
import type { Descriptor } from './descriptor.ts';
import type { Place } from './located-error.ts';
import { located } from './located-error.ts';
import { networkError } from './http/network-errors.ts';
import { abandon } from './registry-response.ts';
import type { RegistryResponse } from './registry-request.ts';
import type { Repository } from './repository.ts';
import { inRepository, placeOf, pullScope } from './repository.ts';

/** How often a blob is asked for again after its connection broke without a single new byte. */
const MOST_BARREN_READS = 4;

/** True where the repository holds the blob in its full size. */
export async function hasBlob(repository: Repository, descriptor: Descriptor): Promise<boolean> {
  const response = await repository.registry.send({
    operation: `look up blob ${descriptor.digest}`,
    action: 'head',
    method: 'HEAD',
    target: `/v2/${repository.name}/blobs/${descriptor.digest}`,
    expect: [200, 404],
    ...inRepository(repository, [pullScope(repository.name)]),
  });
  await response.discard();
  return response.status === 200 && Number(response.headers['content-length']) === descriptor.size;
}

/** Where a read begins. */
type ReadFrom = {
  offset: number;
  /** Where the bytes may land; every chunk is then held once for the reader, who should release it. */
  buffers?: BufferPool;
  /** Hears how each request of the read was answered; what it throws ends the read. */
  onAnswer?: (answer: { partial: boolean; etag: string | undefined }) => void;
};

/**
 * Streams a blob once, in order. A cut connection is continued by Range where the source answers 206; where it answers 200,
 * what was delivered already is read again and dropped. The bytes are not hashed here.
 * @throws TransshipError not-found, size-mismatch, connection-failed, timeout, invalid-response
 */
export async function* readBlob(
  repository: Repository,
  descriptor: Descriptor,
  from: ReadFrom = { offset: 0 },
): AsyncGenerator<Uint8Array, void, undefined> {
  const progress: Progress = { offset: from.offset, answered: false };
  for (let barren = 0; ;) {
    const before = progress.offset;
    progress.answered = false;
    try {
      yield* readOn(repository, descriptor, progress, from);
      return;
    } catch (error) {
      if (!isTransshipError(error, 'connection-failed', 'timeout') || repository.signal?.aborted === true) throw error;
      // The client has waited for an answer as often as anyone should.
      if (!progress.answered && error.code === 'timeout') throw error;
      barren = progress.offset > before ? 0 : barren + 1;
      if (barren >= MOST_BARREN_READS) throw error;
    }
  }
}

/** How far a blob was delivered, and whether the source answered the last request at all. */
type Progress = { offset: number; answered: boolean };

/** One request, from where the last one stopped to the end of the blob. */
async function* readOn(
  repository: Repository,
  descriptor: Descriptor,
  progress: Progress,
  from: ReadFrom,
): AsyncGenerator<Uint8Array> {
  const response = await askFrom(repository, descriptor, progress.offset, from.buffers);
  progress.answered = true;
  const place = placeOf(repository, `read blob ${descriptor.digest}`);
  refuseEncoded(response, repository, descriptor);
  tellAnswer(response, from);
  let toDrop = response.status === 206 ? progress.offset - startOf(response, progress.offset, place) : progress.offset;
  const isPaced = repository.pace !== undefined || repository.registry.pace !== undefined;
  try {
    for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
      const rest = toDrop === 0 ? chunk : chunk.subarray(Math.min(toDrop, chunk.byteLength));
      toDrop -= chunk.byteLength - rest.byteLength;
      progress.offset += rest.byteLength;
      if (progress.offset > descriptor.size) throw sizeMismatch(repository, descriptor, `more than ${descriptor.size}`);
      if (isPaced) await takeTurns(repository, chunk.byteLength);
      if (rest.byteLength > 0) yield rest;
    }
  } catch (error) {
    // All bytes are here; only the word that this was all is missing, and there is nothing left to ask for.
    if (progress.offset === descriptor.size && repository.signal?.aborted !== true) return;
    throw networkError(error, { ...place, url: response.url }, repository.signal);
  }
  if (progress.offset < descriptor.size) throw sizeMismatch(repository, descriptor, String(progress.offset));
}

/** Waits until these bytes may be read by every limit there is. */
async function takeTurns({ registry, pace, signal }: Repository, sizeBytes: number): Promise<void> {
  await Promise.all([registry.pace?.(sizeBytes, signal), pace?.(sizeBytes, signal)]);
}

function askFrom(
  repository: Repository,
  descriptor: Descriptor,
  offset: number,
  buffers: BufferPool | undefined,
): Promise<RegistryResponse> {
  return repository.registry.send({
    operation: `read blob ${descriptor.digest}`,
    action: 'read',
    method: 'GET',
    target: `/v2/${repository.name}/blobs/${descriptor.digest}`,
    ...(offset === 0 ? {} : { headers: { range: `bytes=${offset}-` } }),
    ...(buffers === undefined ? {} : { buffers }),
    expect: offset === 0 ? [200] : [200, 206],
    ...inRepository(repository, [pullScope(repository.name)]),
  });
}

function tellAnswer(response: RegistryResponse, { onAnswer }: ReadFrom): void {
  try {
    onAnswer?.({ partial: response.status === 206, etag: response.headers['etag'] });
  } catch (error) {
    abandon(response.body);
    throw error;
  }
}

/** Where a partial answer begins; one that begins behind what was asked for would leave a gap. */
function startOf(response: RegistryResponse, offset: number, place: Place): number {
  try {
    const { start } = parseContentRange(response.headers['content-range'] ?? '');
    if (start <= offset) return start;
    throw new TransshipError('invalid-response', `byte ${offset} was asked for, and the answer begins at ${start}`, {
      hint: 'the registry, or a proxy before it, mistakes the range; the copy can be tried again without that proxy',
    });
  } catch (error) {
    abandon(response.body);
    throw located(error, place);
  }
}

/** A blob is its bytes; a content-encoding would make them others, and a small answer large. */
function refuseEncoded(response: RegistryResponse, repository: Repository, descriptor: Descriptor): void {
  const encoding = response.headers['content-encoding'];
  if (encoding === undefined || encoding === 'identity') return;
  abandon(response.body);
  throw new TransshipError(
    'invalid-response',
    `${repository.registry.host}/${repository.name}: blob ${descriptor.digest} came with content-encoding ${encoding}, though none was accepted`,
    {
      hint: 'a proxy before the registry compresses blobs; switch that off for /v2/',
      details: placeOf(repository, `read blob ${descriptor.digest}`),
    },
  );
}

function sizeMismatch(repository: Repository, descriptor: Descriptor, got: string): TransshipError {
  return new TransshipError(
    'size-mismatch',
    `${repository.registry.host}/${repository.name}: blob ${descriptor.digest} has ${got} bytes instead of ${descriptor.size}`,
    {
      hint: 'the source holds a damaged blob, or its manifest is wrong; push the image again',
      details: placeOf(repository, `read blob ${descriptor.digest}`),
    },
  );
}
