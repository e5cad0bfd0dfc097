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

/** How a run ended: the job's state after it, or 'lost' when somebody else has the job. */
export type RunEnd = { state: JobState | 'lost'; problem: JobProblem | undefined };

const STORE_RETRY_MS = 1000;
const MOST_REFUSALS = 2;

/** Never throws: what goes wrong is the job's problem, and the store keeps it. */
export async function runJob(options: RunOptions, claimed: Claimed, handler: JobHandler): Promise<RunEnd> {
  const { store, clock, times, stop } = options;
  const { job, lease } = claimed;
  const held = holdLease(store, clock, lease, times, stop);
  const notes = progressNotes(clock, (data) => {
    // A line that cannot be written is no reason to end the work.
    store.progress(lease, data).catch(() => {});
  });
  let end: JobOutcome;
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
  end: JobOutcome,
): Write {
  if (end === 'yield' || wasEnded(held, end)) {
    return { problem: undefined, write: () => store.yield(lease, stop.aborted ? 'stop' : 'slice') };
  }
  if (!('error' in end)) {
    return { problem: undefined, write: () => store.complete(lease, end.result, end.outbox).then(() => 'DONE') };
  }
  const { result } = end;
  const problem = problemOf(end.error);
  if (isFinal(end.error)) return { problem, write: () => store.bury(lease, problem, result).then(() => 'DEAD') };
  const floorMs = isTransshipError(end.error) ? end.error.retryAfterMs : undefined;
  const at = new Date(clock.now().getTime() + backoffMs(job.attempts, random, floorMs));
  return { problem, write: () => store.retry(lease, at, problem, result) };
}

/** Tells it, again and again while the store fails and the lease lasts; after that the job is offered again anyway. */
async function settle(options: RunOptions, claimed: Claimed, held: HeldLease, end: JobOutcome): Promise<RunEnd> {
  const { clock, stop } = options;
  const { lease } = claimed;
  const giveUpAt = clock.now().getTime() + lease.leaseMs;
  let told = end;
  let refusals = 0;
  let { problem, write } = lastWrite(options, claimed, held, told);
  while (!held.isLost()) {
    try {
      return { state: await write(), problem };
    } catch (error) {
      if (isTransshipError(error, 'fence-lost')) break;
      if (stop.aborted || clock.now().getTime() >= giveUpAt) break;
      if (isTransshipError(error, 'invalid-job', 'internal') && refusals < MOST_REFUSALS) {
        refusals += 1;
        told = plainer(told, error);
        ({ problem, write } = lastWrite(options, claimed, held, told));
        continue;
      }
    }
    await new Promise<void>((resolve) => void clock.after(STORE_RETRY_MS, resolve));
  }
  return { state: 'lost', problem };
}

/** What is told where the store cannot hold that: a failure without what its try told, or the refusal. */
function plainer(told: JobOutcome, refusal: unknown): JobOutcome {
  if (typeof told === 'string' || !('error' in told)) return { error: refusal };
  return { error: told.result === undefined ? refusal : told.error };
}

/** The handler stopped because it was told to. */
function wasEnded(held: HeldLease, end: JobOutcome): boolean {
  if (typeof end === 'string' || !('error' in end)) return false;
  return held.signal.aborted || (held.ending.aborted && isTransshipError(end.error, 'interrupted'));
}

/** Trying again does not help; what was interrupted, or what nobody expected, may have been bad luck. */
function isFinal(error: unknown): boolean {
  return isTransshipError(error) && !error.retryable && !isTransshipError(error, 'interrupted', 'internal');
}
