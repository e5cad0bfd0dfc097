// Runs one claimed job with its handler and tells the store how it ended: done, a further slice, later again, or dead.
import { isTransshipError } from '../errors.ts';
import { backoffMs } from './backoff.ts';
import type { Clock } from './clock.ts';
import type { JobHandler, JobOutcome } from './handler.ts';
import { holdLease, type HeldLease, type LeaseTimes } from './held-lease.ts';
import type { Claimed, JobStore } from './job-store.ts';
import type { JobProblem, JobState } from './job.ts';
import { problemOf } from './problem.ts';
import { progressNotes } from './progress-notes.ts';

export type RunOptions = {
  store: JobStore;
  clock: Clock;
  random: () => number;
  times: LeaseTimes;
  /** The process stops. */
  stop: AbortSignal;
};

type End = JobOutcome | { error: unknown };

/** How a run ended: the job's state after it, or 'lost' when somebody else has the job. */
export type RunEnd = { state: JobState | 'lost'; problem: JobProblem | undefined };

const STORE_RETRY_MS = 1000;

/** Never throws: what goes wrong is the job's problem, and the store keeps it. */
export async function runJob(options: RunOptions, claimed: Claimed, handler: JobHandler): Promise<RunEnd> {
  const { store, clock, times, stop } = options;
  const { job, lease } = claimed;
  const held = holdLease(store, clock, lease, times, stop);
  const notes = progressNotes(clock, (data) => {
    // A line that cannot be written is no reason to end the work.
    store.progress(lease, data).catch(() => {});
  });
  let end: End;
  try {
    const { ending, signal } = held;
    const assertHeld = held.beat;
    end = await handler({ job, ending, signal, assertHeld, checkpoint: held.checkpoint, progress: notes.note });
  } catch (error) {
    end = { error };
  }
  notes.end();
  const ended = await settle(options, claimed, held, end);
  held.release();
  return ended;
}

type Write = { problem: JobProblem | undefined; write: () => Promise<JobState> };

/** What the store is told. */
function lastWrite(
  { store, stop, clock, random }: RunOptions,
  { job, lease }: Claimed,
  held: HeldLease,
  end: End,
): Write {
  if (end === 'yield' || wasEnded(held, end)) {
    return { problem: undefined, write: () => store.yield(lease, stop.aborted ? 'stop' : 'slice') };
  }
  if (!('error' in end)) {
    return { problem: undefined, write: () => store.complete(lease, end.result, end.outbox).then(() => 'DONE') };
  }
  const problem = problemOf(end.error);
  if (isFinal(end.error)) return { problem, write: () => store.bury(lease, problem).then(() => 'DEAD') };
  const floorMs = isTransshipError(end.error) ? end.error.retryAfterMs : undefined;
  const at = new Date(clock.now().getTime() + backoffMs(job.attempts, random, floorMs));
  return { problem, write: () => store.retry(lease, at, problem) };
}

/** Tells it, again and again while the store fails and the lease lasts; after that the job is offered again anyway. */
async function settle(options: RunOptions, claimed: Claimed, held: HeldLease, end: End): Promise<RunEnd> {
  const { clock, stop } = options;
  const { lease } = claimed;
  const giveUpAt = clock.now().getTime() + lease.leaseMs;
  let { problem, write } = lastWrite(options, claimed, held, end);
  while (!held.isLost()) {
    try {
      return { state: await write(), problem };
    } catch (error) {
      if (isTransshipError(error, 'fence-lost')) break;
      if (stop.aborted || clock.now().getTime() >= giveUpAt) break;
      if (isTransshipError(error, 'invalid-job')) {
        const refused = problemOf(error);
        [problem, write] = [refused, () => options.store.bury(lease, refused).then(() => 'DEAD')];
        continue;
      }
    }
    await new Promise<void>((resolve) => void clock.after(STORE_RETRY_MS, resolve));
  }
  return { state: 'lost', problem };
}

/** The handler stopped because it was told to. */
function wasEnded(held: HeldLease, end: End): boolean {
  if (typeof end === 'string' || !('error' in end)) return false;
  return held.signal.aborted || (held.ending.aborted && isTransshipError(end.error, 'interrupted'));
}

/** Trying again does not help; what was interrupted, or what nobody expected, may have been bad luck. */
function isFinal(error: unknown): boolean {
  return isTransshipError(error) && !error.retryable && !isTransshipError(error, 'interrupted', 'internal');
}
