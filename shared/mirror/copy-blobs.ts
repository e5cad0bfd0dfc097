// All blobs of an artifact to all its targets. Targets share each read as long as they keep up; one that fails or lags goes on
// by itself, with tries of its own, and never holds the others back.
import { isTransshipError } from '../errors.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Repository } from '../oci/repository.ts';
import { DEFAULT_RETRIES, interruption, retryDelayMs, sleep } from '../oci/http/retry.ts';
import { copyBlob } from './copy-blob.ts';
import { inCopyOrder } from './plan.ts';
import type { CopySession } from './session.ts';
import { createSlots } from './slots.ts';
import { endsWithin } from './ends-within.ts';
import type { Target } from './target.ts';
import type { BlobFailure } from './run-upload.ts';

const SMALL_BLOB_BYTES = 1024 * 1024;
const SMALL_WEIGHT = 1;
const LARGE_WEIGHT = 8;
/** How often one blob is tried for one target that goes by itself, each time from its beginning. */
const TRIES_ALONE = 5;
/** The same for a target that hangs: each of these tries lasts minutes. */
const TRIES_WITH_A_HANGING_TARGET = 2;

/** What can go well on a new session, although the client gave the old one up. */
const WORTH_ANOTHER_SESSION = [
  'connection-failed',
  'timeout',
  'upload-lost',
  'registry-unavailable',
  'too-many-requests',
] as const;

/**
 * Starts to copy blobs, within the session's limits on what runs at once.
 * @param wants whether a target lacks a blob
 * @returns a promise per target: its first error, or undefined once it has all of its blobs
 */
export function copyBlobs(
  blobs: readonly Descriptor[],
  source: Repository,
  targets: readonly Target[],
  wants: (target: Target, digest: string) => boolean,
  session: CopySession,
): Map<Target, Promise<{ error: unknown } | undefined>> {
  const failed = new Map<Target, { error: unknown }>();
  const together = new Set(targets);
  const alone = new Map<Target, Promise<void>>();
  const flights = new Map<string, { taking: readonly Target[]; copying: ReturnType<typeof copyBlob> }>();
  const ordered = inCopyOrder(blobs, SMALL_BLOB_BYTES);

  const shared = Promise.all(
    ordered.map((blob) =>
      session.slots.run(weightOf(blob), async () => {
        const taking = [...together].filter((target) => wants(target, blob.digest));
        if (taking.length === 0 || isEnding(taking)) return;
        const copying = copyBlob(blob, source, taking, session);
        flights.set(blob.digest, { taking, copying });
        await settle(blob, taking, copying);
      }),
    ),
  );
  return new Map(targets.map((target) => [target, outcomeOf(target)]));

  async function outcomeOf(target: Target): Promise<{ error: unknown } | undefined> {
    await shared;
    await alone.get(target);
    return failed.get(target);
  }

  /** Waits for all that take a blob, but not for a target that hangs while others have had it for long. */
  async function settle(
    blob: Descriptor,
    taking: readonly Target[],
    copying: ReturnType<typeof copyBlob>,
  ): Promise<void> {
    let firstArrivedAt: number | undefined;
    while (taking.length > 1 && !(await endsWithin(copying, session.patienceMs / 5))) {
      const behind = taking.filter((target) => !holds(target, blob));
      if (behind.length === taking.length) continue;
      firstArrivedAt ??= session.now();
      if (session.now() - firstArrivedAt < session.patienceMs) continue;
      for (const target of behind) if (together.delete(target)) alone.set(target, goAlone(target));
      return;
    }
    for (const [target, failure] of await copying) detach(target, failure);
  }

  /** A slice that ends begins no further blob. */
  function isEnding(taking: readonly Target[]): boolean {
    for (const target of taking) {
      if (target.slices?.ending.aborted !== true) continue;
      together.delete(target);
      if (!failed.has(target)) failed.set(target, { error: interruption(target.slices.ending) });
    }
    return taking.every((target) => failed.has(target));
  }

  function holds({ repository: { registry, name } }: Target, { digest }: Descriptor): boolean {
    return session.blobs.holds(registry.host, name, digest);
  }

  function detach(target: Target, failure: BlobFailure): void {
    if (!together.delete(target)) return;
    if (isHopeless(failure, target)) failed.set(target, failure);
    else alone.set(target, goAlone(target));
  }

  /** What was under way together with the others when the target was detached is not asked for again. */
  async function arrivedWithOthers(target: Target, blob: Descriptor): Promise<boolean> {
    const flight = flights.get(blob.digest);
    if (flight === undefined || !flight.taking.includes(target)) return false;
    return !(await flight.copying).has(target);
  }

  async function goAlone(target: Target): Promise<void> {
    // Slots of its own: a target that hangs must not keep those of the others.
    const slots = createSlots(LARGE_WEIGHT);
    const left = ordered.filter((blob) => wants(target, blob.digest));
    await Promise.all(
      left.map((blob) =>
        slots.run(weightOf(blob), async () => {
          if (failed.has(target) || holds(target, blob) || isEnding([target])) return;
          if (await arrivedWithOthers(target, blob)) return;
          const failure = await withTries(blob, source, target, session);
          if (failure !== undefined && !failed.has(target)) failed.set(target, failure);
        }),
      ),
    );
  }
}

async function withTries(
  blob: Descriptor,
  source: Repository,
  target: Target,
  session: CopySession,
): Promise<BlobFailure | undefined> {
  for (let tried = 1; ; tried += 1) {
    const failure = (await copyBlob(blob, source, [target], session)).get(target);
    if (failure === undefined || tried >= mostTries(failure) || isHopeless(failure, target)) return failure;
    try {
      await sleep(retryDelayMs(DEFAULT_RETRIES, tried, 0, session.random), target.repository.signal);
    } catch (error) {
      return { of: 'target', error };
    }
  }
}

function mostTries({ error }: BlobFailure): number {
  return isTransshipError(error, 'timeout') ? TRIES_WITH_A_HANGING_TARGET : TRIES_ALONE;
}

function isHopeless({ of, error }: BlobFailure, target: Target): boolean {
  return (
    of === 'source' ||
    target.repository.signal?.aborted === true ||
    target.slices?.ending.aborted === true ||
    !isTransshipError(error, ...WORTH_ANOTHER_SESSION)
  );
}

function weightOf(blob: Descriptor): number {
  return blob.size <= SMALL_BLOB_BYTES ? SMALL_WEIGHT : LARGE_WEIGHT;
}
