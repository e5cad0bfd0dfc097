// One blob to one or several targets: mounted where the registry has it, otherwise uploaded from a single read of the source.
//
//   begin ─┬─ held or mounted ─────────────▶ done
//          ├─ another copy uploads it ─▶ wait ─▶ begin (mounts what that one left)
//          └─ session open ─▶ tee ─▶ committed ─▶ done
//
import { hasBlob, readBlob } from '../oci/blobs.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { located } from '../oci/located-error.ts';
import { embeddedContent } from '../oci/manifest.ts';
import { placeOf } from '../oci/repository.ts';
import type { Repository } from '../oci/repository.ts';
import { uploadBlob } from '../oci/upload-blob.ts';
import { cancelUpload, startUpload } from '../oci/uploads.ts';
import type { UploadSession } from '../oci/uploads.ts';
import { createChannel } from './channel.ts';
import type { Channel } from './channel.ts';
import type { CopySession } from './session.ts';
import { recordBlob, tellBlob } from './target.ts';
import type { Target } from './target.ts';
import { tee } from './tee.ts';

/** `source` errors concern every target: no further try can help. */
export type BlobFailure = { of: 'source' | 'target'; error: unknown };

type Opened = { target: Target; upload: UploadSession; endLead: () => void };

/** Held per target between the source's socket and the target's. */
const CHANNEL_BYTES = 512 * 1024;
/** Progress is told at most once per so many bytes. */
const TELL_EVERY_BYTES = 512 * 1024;

/** Copies one blob to the targets that lack it; the map holds the targets that failed. */
export async function copyBlob(
  blob: Descriptor,
  source: Repository,
  targets: readonly Target[],
  session: CopySession,
): Promise<Map<Target, BlobFailure>> {
  const failures = new Map<Target, BlobFailure>();
  const opened: Opened[] = [];
  const followers: Target[] = [];
  let departed = false;
  const begun = targets.map(async (target) => {
    try {
      const state = await begin(blob, source, target, session);
      if (state === 'follow') followers.push(target);
      else if (state === 'done') return;
      else if (departed) await transfer(blob, source, [state], session, failures);
      else opened.push(state);
    } catch (error) {
      failures.set(target, { of: 'target', error });
    }
  });
  await allOrLate(begun, session.patienceMs);
  departed = true;
  await Promise.all([opened.length > 0 ? transfer(blob, source, opened, session, failures) : undefined, ...begun]);
  for (const target of followers) {
    await session.blobs.underway(target.repository.registry.host, blob.digest);
    for (const [late, failure] of await copyBlob(blob, source, [target], session)) failures.set(late, failure);
  }
  return failures;
}

/** Waits for all, but not for one that is late when another is ready: it gets a read of its own. */
async function allOrLate(begun: readonly Promise<void>[], patienceMs: number): Promise<void> {
  const all = Promise.all(begun);
  if (begun.length === 1) return void (await all);
  await Promise.race(begun);
  const { promise: late, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, patienceMs);
  await Promise.race([all, late]);
  clearTimeout(timer);
}

async function begin(
  blob: Descriptor,
  source: Repository,
  target: Target,
  session: CopySession,
): Promise<Opened | 'done' | 'follow'> {
  const { registry, name } = target.repository;
  const ledger = session.blobs;
  if (ledger.holds(registry.host, name, blob.digest)) {
    recordBlob(target, blob, 'existing');
    return 'done';
  }
  const holder = ledger.find(registry.host, blob.digest);
  if (holder === undefined && ledger.underway(registry.host, blob.digest) !== undefined) return 'follow';
  const endLead = holder === undefined ? ledger.lead(registry.host, blob.digest) : () => undefined;
  try {
    const upload = await mountOrOpen(blob, source, target, holder);
    if (typeof upload === 'object') return { target, upload, endLead };
    ledger.note(registry.host, name, blob.digest);
    recordBlob(target, blob, upload);
    endLead();
    return 'done';
  } catch (error) {
    endLead();
    throw error;
  }
}

/** Asks in as few requests as the registry's traits allow: a mount that fails is the session to upload into. */
async function mountOrOpen(
  blob: Descriptor,
  source: Repository,
  { repository }: Target,
  holder: string | undefined,
): Promise<UploadSession | 'mounted' | 'existing'> {
  const { mount, blob: blobTraits } = repository.registry.traits;
  const neighbour = holder ?? (source.registry.host === repository.registry.host ? source.name : undefined);
  const from = !mount.supported ? undefined : (neighbour ?? (mount.selfProbe ? repository.name : undefined));
  if (from === undefined && blobTraits.headReliable && (await hasBlob(repository, blob))) return 'existing';
  const started = await startUpload(repository, blob.digest, from);
  if (started.state === 'open') return started.session;
  return from === repository.name ? 'existing' : 'mounted';
}

async function transfer(
  blob: Descriptor,
  source: Repository,
  opened: readonly Opened[],
  session: CopySession,
  failures: Map<Target, BlobFailure>,
): Promise<void> {
  const channels = new Map(opened.map((one) => [one, watched(one.target, blob)]));
  const content = contentOf(blob, source);
  let sourceError: { error: unknown } | undefined;
  const reading = tee(content, blob, [...channels.values()], session).catch((error: unknown) => {
    sourceError = { error: located(error, placeOf(source, `read blob ${blob.digest}`)) };
  });
  const uploads = [...channels].map(async ([{ target, upload, endLead }, channel]) => {
    try {
      tellBlob(target, blob, 'started', 0);
      await uploadBlob(target.repository, upload, blob, channel.stream);
      session.blobs.note(target.repository.registry.host, target.repository.name, blob.digest);
      recordBlob(target, blob, 'copied');
    } catch (error) {
      tellBlob(target, blob, 'failed', 0);
      failures.set(target, { of: 'target', error });
      // Nobody waits for it here: a target that hangs must not hold the others back.
      const cancelling = cancelUpload(target.repository, upload).then(() => void session.loose.delete(cancelling));
      session.loose.add(cancelling);
    } finally {
      // A registry may answer before it read everything: then nobody takes from this channel any more.
      channel.fail(new Error('the upload has ended'));
      endLead();
    }
  });
  await Promise.all([reading, ...uploads]);
  if (sourceError === undefined) return;
  for (const { target } of opened) {
    if (failures.has(target)) failures.set(target, { of: 'source', error: sourceError.error });
  }
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
