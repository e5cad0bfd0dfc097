// Brings a blob into the upload sessions that targets opened for it, from a single read of the source.
// Nothing is committed before digest and size are known to be right.
import { readBlob } from '../oci/blobs.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { located } from '../oci/located-error.ts';
import { embeddedContent, verifyManifest } from '../oci/manifest.ts';
import { placeOf } from '../oci/repository.ts';
import type { Repository } from '../oci/repository.ts';
import { uploadBlob } from '../oci/upload-blob.ts';
import { cancelUpload, putBlob } from '../oci/uploads.ts';
import type { UploadSession } from '../oci/uploads.ts';
import { createChannel } from './channel.ts';
import type { Channel } from './channel.ts';
import type { CopySession } from './session.ts';
import { recordBlob, tellBlob } from './target.ts';
import type { Target } from './target.ts';
import { tee } from './tee.ts';

/** `source` errors concern every target: no further try can help. */
export type BlobFailure = { of: 'source' | 'target'; error: unknown };

/** A session that waits for the blob; `endLead` lets others of the same registry go on. */
export type OpenUpload = { target: Target; upload: UploadSession; endLead: () => void };

/** Up to here a blob is read, checked, and sent in one piece: streams would cost more than the bytes. */
const WHOLE_UP_TO_BYTES = 64 * 1024;
/** Held per target between the source's socket and the target's. */
const CHANNEL_BYTES = 512 * 1024;
/** Progress is told at most once per so many bytes. */
const TELL_EVERY_BYTES = 512 * 1024;

/** Settles when every upload has ended; `failures` gets the targets that could not take the blob. */
export async function transferBlob(
  blob: Descriptor,
  source: Repository,
  opened: readonly OpenUpload[],
  session: CopySession,
  failures: Map<Target, BlobFailure>,
): Promise<void> {
  const failedAtSource =
    blob.size <= WHOLE_UP_TO_BYTES
      ? await transferWhole(blob, source, opened, session, failures)
      : await transferStreamed(blob, source, opened, session, failures);
  if (failedAtSource === undefined) return;
  const error = located(failedAtSource.error, placeOf(source, `read blob ${blob.digest}`));
  for (const { target } of opened) if (failures.has(target)) failures.set(target, { of: 'source', error });
}

type SourceFailure = { error: unknown } | undefined;

async function transferWhole(
  blob: Descriptor,
  source: Repository,
  opened: readonly OpenUpload[],
  session: CopySession,
  failures: Map<Target, BlobFailure>,
): Promise<SourceFailure> {
  const reading = readWhole(blob, source);
  const sending = opened.map((one) =>
    send(one, blob, session, failures, async () => {
      await putBlob(one.target.repository, one.upload, blob.digest, await reading);
    }),
  );
  await Promise.all(sending);
  return reading.then(
    () => undefined,
    (error: unknown) => ({ error }),
  );
}

async function transferStreamed(
  blob: Descriptor,
  source: Repository,
  opened: readonly OpenUpload[],
  session: CopySession,
  failures: Map<Target, BlobFailure>,
): Promise<SourceFailure> {
  const channels = new Map(opened.map((one) => [one, watched(one.target, blob)]));
  let failure: SourceFailure;
  const reading = tee(contentOf(blob, source), blob, [...channels.values()], session).catch((error: unknown) => {
    failure = { error };
  });
  const sending = [...channels].map(async ([one, channel]) => {
    await send(one, blob, session, failures, () => uploadBlob(one.target.repository, one.upload, blob, channel.stream));
    // A registry may answer before it read everything: then nobody takes from this channel any more.
    channel.fail(new Error('the upload has ended'));
  });
  await Promise.all([reading, ...sending]);
  return failure;
}

/** Runs one upload to its end in either way: told, noted, and cancelled where it failed. */
async function send(
  { target, upload, endLead }: OpenUpload,
  blob: Descriptor,
  session: CopySession,
  failures: Map<Target, BlobFailure>,
  uploading: () => Promise<void>,
): Promise<void> {
  try {
    tellBlob(target, blob, 'started', 0);
    await uploading();
    session.blobs.note(target.repository.registry.host, target.repository.name, blob.digest);
    recordBlob(target, blob, 'copied');
  } catch (error) {
    tellBlob(target, blob, 'failed', 0);
    failures.set(target, { of: 'target', error });
    // Nobody waits for it here: a target that hangs must not hold the others back.
    const cancelling = cancelUpload(target.repository, upload).then(() => void session.loose.delete(cancelling));
    session.loose.add(cancelling);
  } finally {
    endLead();
  }
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
function contentOf(blob: Descriptor, source: Repository): AsyncIterable<Uint8Array> {
  return blob.data === undefined ? readBlob(source, blob) : carried(blob);
}

/** Throws, where the content is wrong, as a read of the source would: to whoever takes the bytes. */
async function* carried(blob: Descriptor): AsyncGenerator<Uint8Array> {
  const content = embeddedContent(blob);
  if (content !== undefined) yield content;
}

/** Tells progress as the upload takes the bytes. */
function watched(target: Target, blob: Descriptor): Channel {
  let toldBytes = 0;
  return createChannel(CHANNEL_BYTES, (takenBytes) => {
    if (takenBytes - toldBytes < TELL_EVERY_BYTES) return;
    toldBytes = takenBytes;
    tellBlob(target, blob, 'progress', takenBytes);
  });
}
