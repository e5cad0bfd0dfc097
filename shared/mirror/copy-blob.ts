// One blob to one or several targets: mounted where the registry has it, otherwise uploaded from a single read of the source.
//
//   begin ─┬─ held or mounted ─────────────▶ done
//          ├─ another copy uploads it ─▶ wait ─▶ begin (mounts what that one left)
//          └─ session open ─▶ transfer ─▶ committed ─▶ done
//
import { hasBlob } from '../oci/blobs.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Repository } from '../oci/repository.ts';
import { interruption } from '../oci/http/retry.ts';
import { startUpload } from '../oci/uploads.ts';
import type { UploadSession } from '../oci/uploads.ts';
import { endsWithin } from './ends-within.ts';
import type { BlobFailure, OpenUpload } from './run-upload.ts';
import type { CopySession } from './session.ts';
import { recordBlob } from './target.ts';
import type { Target } from './target.ts';
import { transferBlob } from './transfer-blob.ts';

/** Copies one blob to the targets that lack it; the map holds the targets that failed. */
export async function copyBlob(
  blob: Descriptor,
  source: Repository,
  targets: readonly Target[],
  session: CopySession,
): Promise<Map<Target, BlobFailure>> {
  const failures = new Map<Target, BlobFailure>();
  const transfer = { blob, source, session, failures };
  const opened: OpenUpload[] = [];
  const followers: Target[] = [];
  let departed = false;
  const begun = targets.map(async (target) => {
    try {
      const state = await begin(blob, source, target, session);
      if (state === 'follow') followers.push(target);
      else if (state === 'done') return;
      else if (departed) await transferBlob(transfer, [state]);
      else opened.push(state);
    } catch (error) {
      failures.set(target, { of: 'target', error });
    }
  });
  await allOrLate(begun, session.patienceMs);
  departed = true;
  await Promise.all([opened.length > 0 ? transferBlob(transfer, opened) : undefined, ...begun]);
  for (const target of followers) {
    await underwayOrEnding(target, blob, session);
    if (target.slices?.ending.aborted === true) {
      failures.set(target, { of: 'target', error: interruption(target.slices.ending) });
      continue;
    }
    for (const [late, failure] of await copyBlob(blob, source, [target], session)) failures.set(late, failure);
  }
  return failures;
}

/** Waits for the upload of another copy, as long as this one may. */
async function underwayOrEnding(
  { repository, slices }: Target,
  { digest }: Descriptor,
  session: CopySession,
): Promise<void> {
  const underway = session.blobs.underway(repository.registry.host, digest);
  if (slices === undefined) return underway;
  const { promise, resolve } = Promise.withResolvers<void>();
  const end = (): void => resolve();
  slices.ending.addEventListener('abort', end, { once: true });
  if (!slices.ending.aborted) await Promise.race([underway, promise]);
  slices.ending.removeEventListener('abort', end);
}

/** Waits for all, but not for one that is late when another is ready: it gets a read of its own. */
async function allOrLate(begun: readonly Promise<void>[], patienceMs: number): Promise<void> {
  const all = Promise.all(begun);
  if (begun.length === 1) return void (await all);
  await Promise.race(begun);
  await endsWithin(all, patienceMs);
}

async function begin(
  blob: Descriptor,
  source: Repository,
  target: Target,
  session: CopySession,
): Promise<OpenUpload | 'done' | 'follow'> {
  const { registry, name } = target.repository;
  const ledger = session.blobs;
  if (ledger.holds(registry.host, name, blob.digest)) {
    recordBlob(target, blob, 'existing');
    return 'done';
  }
  const holder = ledger.find(registry.host, blob.digest, name);
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
