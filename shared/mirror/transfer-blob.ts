// Brings a blob into the upload sessions that targets opened for it, from a single read of the source.
// Nothing is committed before digest and size are known to be right.
import { readBlob } from '../oci/blobs.ts';
import type { BufferPool } from '../oci/http/buffer-pool.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { located } from '../oci/located-error.ts';
import { embeddedContent, verifyManifest } from '../oci/manifest.ts';
import { placeOf } from '../oci/repository.ts';
import type { Repository } from '../oci/repository.ts';
import { uploadBlob } from '../oci/upload-blob.ts';
import { putBlob } from '../oci/uploads.ts';
import { createChannel } from './channel.ts';
import type { Channel } from './channel.ts';
import { runUpload } from './run-upload.ts';
import type { BlobTransfer, OpenUpload } from './run-upload.ts';
import type { Slices } from './slices.ts';
import { tellBlob } from './target.ts';
import type { Target } from './target.ts';
import { tee } from './tee.ts';

/** Up to here a blob is read, checked, and sent in one piece: streams would cost more than the bytes. */
const WHOLE_UP_TO_BYTES = 64 * 1024;
/** Held per target between the source's socket and the target's. */
const CHANNEL_BYTES = 512 * 1024;
/** Progress is told at most once per so many bytes. */
const TELL_EVERY_BYTES = 512 * 1024;

/** Settles when every upload has ended; `failures` of the transfer gets the targets that could not take the blob. */
export async function transferBlob(transfer: BlobTransfer, opened: readonly OpenUpload[]): Promise<void> {
  if (opened.every(({ target }) => target.slices === undefined)) {
    return transferAtOnce(transfer, opened);
  }
  // Only jobs ask for slices.
  const { slicesFor, transferChunks } = await import('./transfer-chunks.ts');
  const sliced = new Map<OpenUpload, Slices>();
  for (const one of opened) {
    const slices = slicesFor(one, transfer.blob);
    if (slices !== undefined) sliced.set(one, slices);
  }
  const others = opened.filter((one) => !sliced.has(one));
  await Promise.all([
    sliced.size > 0 ? transferChunks(transfer, sliced) : undefined,
    others.length > 0 ? transferAtOnce(transfer, others) : undefined,
  ]);
}

async function transferAtOnce(transfer: BlobTransfer, opened: readonly OpenUpload[]): Promise<void> {
  const { blob, source, failures } = transfer;
  const failedAtSource =
    blob.size <= WHOLE_UP_TO_BYTES ? await transferWhole(transfer, opened) : await transferStreamed(transfer, opened);
  if (failedAtSource === undefined) return;
  const error = located(failedAtSource.error, placeOf(source, `read blob ${blob.digest}`));
  for (const { target } of opened) if (failures.has(target)) failures.set(target, { of: 'source', error });
}

type SourceFailure = { error: unknown } | undefined;

async function transferWhole(transfer: BlobTransfer, opened: readonly OpenUpload[]): Promise<SourceFailure> {
  const { blob, source } = transfer;
  const reading = readWhole(blob, source);
  const sending = opened.map((one) =>
    runUpload(one, transfer, async () => {
      await putBlob(one.target.repository, one.upload, blob.digest, await reading);
    }),
  );
  await Promise.all(sending);
  return reading.then(
    () => undefined,
    (error: unknown) => ({ error }),
  );
}

async function transferStreamed(transfer: BlobTransfer, opened: readonly OpenUpload[]): Promise<SourceFailure> {
  const { blob, source, session } = transfer;
  const channels = new Map(opened.map((one) => [one, watched(one.target, blob, session.buffers)]));
  let failure: SourceFailure;
  const reading = tee(contentOf(blob, source, session.buffers), blob, [...channels.values()], session).catch(
    (error: unknown) => {
      failure = { error };
    },
  );
  const sending = [...channels].map(async ([one, channel]) => {
    await runUpload(one, transfer, () => uploadBlob(one.target.repository, one.upload, blob, channel.stream));
    // A registry may answer before it read everything: then nobody takes from this channel any more.
    channel.fail(new Error('the upload has ended'));
  });
  await Promise.all([reading, ...sending]);
  return failure;
}

/** @throws TransshipError digest-mismatch, size-mismatch, and what reading throws */
async function readWhole(blob: Descriptor, source: Repository): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of contentOf(blob, source)) chunks.push(chunk);
  const bytes = Buffer.concat(chunks);
  verifyManifest(bytes, blob);
  return bytes;
}

/** What the manifest carries itself is not asked for. */
function contentOf(blob: Descriptor, source: Repository, buffers?: BufferPool): AsyncIterable<Uint8Array> {
  if (blob.data !== undefined) return carried(blob);
  return readBlob(source, blob, { offset: 0, ...(buffers === undefined ? {} : { buffers }) });
}

/** Throws, where the content is wrong, as a read of the source would: to whoever takes the bytes. */
async function* carried(blob: Descriptor): AsyncGenerator<Uint8Array> {
  const content = embeddedContent(blob);
  if (content !== undefined) yield content;
}

/** Tells progress as the upload takes the bytes. */
function watched(target: Target, blob: Descriptor, buffers: BufferPool): Channel {
  let toldBytes = 0;
  const onTaken = (takenBytes: number): void => {
    if (takenBytes - toldBytes < TELL_EVERY_BYTES) return;
    toldBytes = takenBytes;
    tellBlob(target, blob, 'progress', takenBytes);
  };
  return createChannel(CHANNEL_BYTES, { buffers, onTaken });
}
