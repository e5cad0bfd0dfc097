// The life of a job as pure functions: the job before, what happened, the job after, and what is written beside it. Stores
// load, call one of these and save all of its outcome in one transaction, so that every store means the same.
//
//   accept, schedule fires                claim: fence+1, attempts+1, lease
//         v
//   +----------------------------+ -----------------------> +--------+ --> heartbeat, checkpoint
//   | READY (runAt now or later) | <-- yield, retry(at) --- | LEASED |     (with the fence of the claim)
//   +----------------------------+ <-- sweep: expired ----- +--------+
//     |     ^ redrive: attempts 0,                             |    | complete
//     |  +------+    fence kept                                |    v
//     |  | DEAD | <-- bury, or attempts used up ---------------+  +------+
//     |  +------+                                              |  | DONE |
//     |                                                        |  +------+
//     +--> CANCELLED, SUPERSEDED (by a newer job for the       +--> CANCELLED (asked for while it ran)
//          same key)
import { TransshipError } from '../errors.ts';
import { DEAD_LETTERED, type Job, type JobEventType, type JobProblem, type Lease, type OutboxMessage } from './job.ts';
import type { Json } from './json.ts';
import { boundedProblem } from './problem.ts';

/** The job after the change, the line for its history and what the outside is told. */
export type Move = {
  job: Job;
  event: { type: JobEventType; data: Json } | undefined;
  outbox: readonly OutboxMessage[];
};

/** Why a worker gives a job back: its time slice is over, or the process stops. */
export type YieldReason = 'slice' | 'stop';

const FREE = { leaseUntil: undefined, owner: undefined } as const;

/**
 * The job, if the lease is still the one that holds it. Time plays no part: an expired lease is good until somebody else claims.
 * @throws TransshipError fence-lost
 */
export function heldJob(job: Job | undefined, lease: Lease): Job {
  if (job?.state === 'LEASED' && job.fence === lease.fence) return job;
  throw new TransshipError('fence-lost', `job ${lease.jobId} is no longer held with fence ${lease.fence}`);
}

export function claimed(job: Job, now: Date, leaseMs: number, owner: string): Move {
  const fence = job.fence + 1;
  const attempts = job.attempts + 1;
  const leaseUntil = later(now, leaseMs);
  const after = { ...job, state: 'LEASED', fence, attempts, leaseUntil, owner, advanced: false } as const;
  return move(after, 'claimed', { fence, attempt: attempts });
}

export function extended(job: Job, now: Date, leaseMs: number): Move {
  return { job: { ...job, leaseUntil: later(now, leaseMs) }, event: undefined, outbox: [] };
}

export function checkpointed(job: Job, checkpoint: Json, now: Date, leaseMs: number): Move {
  const advanced = job.advanced || JSON.stringify(checkpoint) !== JSON.stringify(job.checkpoint);
  return extended({ ...job, checkpoint, advanced }, now, leaseMs);
}

/** A slice without progress counts as an attempt; being stopped does not. */
export function yielded(job: Job, why: YieldReason, now: Date): Move {
  if (job.cancelRequested) return cancelled(job, now);
  if (!job.advanced && why === 'slice' && job.attempts >= job.maxAttempts) {
    return buried(job, { code: 'timeout', message: `no progress in ${job.attempts} slices` }, now);
  }
  const used = why === 'stop' ? job.attempts - 1 : job.attempts;
  const attempts = job.advanced ? 0 : used;
  return move({ ...job, ...FREE, state: 'READY', attempts, runAt: now }, 'yielded', { why, advanced: job.advanced });
}

export function completed(job: Job, result: Json | undefined, outbox: readonly OutboxMessage[], now: Date): Move {
  return { ...move({ ...job, ...FREE, state: 'DONE', result, finishedAt: now }, 'done', null), outbox };
}

/**
 * A try that got on is no step towards the end: a transfer of days may be cut more often than a job has attempts. Half of them
 * stay counted, so that one that is cut at the same place again and again waits longer each time.
 */
export function retried(job: Job, at: Date, problem: JobProblem, now: Date, result = job.result): Move {
  if (job.cancelRequested) return cancelled(job, now);
  const attempts = job.advanced ? Math.min(job.attempts, Math.floor(job.maxAttempts / 2)) : job.attempts;
  if (attempts >= job.maxAttempts) return buried(job, problem, now, result);
  const kept = boundedProblem(problem);
  const after = { ...job, ...FREE, state: 'READY', attempts, runAt: at, problem: kept, result } as const;
  return move(after, 'retrying', { attempt: job.attempts, at: at.toISOString(), problem: kept });
}

export function buried(job: Job, problem: JobProblem, now: Date, result = job.result): Move {
  const kept = boundedProblem(problem);
  const after = { ...job, ...FREE, state: 'DEAD', problem: kept, result, finishedAt: now } as const;
  const body = { jobId: job.id, kind: job.kind, targets: job.targets, attempts: job.attempts, problem: kept };
  return { ...move(after, 'dead', { problem: kept }), outbox: [{ type: DEAD_LETTERED, body }] };
}

/** What becomes of a job whose worker is gone: its lease expired, or the process that held it. One that got on is no poison. */
export function abandoned(job: Job, now: Date): Move {
  if (job.cancelRequested) return cancelled(job, now);
  const attempts = job.advanced ? 0 : job.attempts;
  if (attempts >= job.maxAttempts) {
    return buried(job, { code: 'worker-lost', message: `its worker vanished ${attempts} times` }, now);
  }
  return move({ ...job, ...FREE, state: 'READY', attempts, runAt: now }, 'lease-lost', { fence: job.fence });
}

/** A waiting job is cancelled at once, a running one at its next safe point; a finished one stays as it is. */
export function cancelAsked(job: Job, now: Date): Move | undefined {
  if (job.state === 'READY') return cancelled(job, now);
  if (job.state !== 'LEASED' || job.cancelRequested) return undefined;
  return move({ ...job, cancelRequested: true }, 'cancelling', null);
}

export function superseded(job: Job, byId: string, now: Date): Move {
  const after = { ...job, state: 'SUPERSEDED', supersededBy: byId, finishedAt: now } as const;
  return move(after, 'superseded', { by: byId });
}

/** The newer job keeps the place in the queue and the progress of the one it stands for: else a busy target never had its turn. */
export function superseding(newer: Job, older: Job): Job {
  const runAt = older.runAt < newer.runAt ? older.runAt : newer.runAt;
  return { ...newer, runAt, checkpoint: newer.checkpoint ?? older.checkpoint };
}

export function redriven(job: Job, now: Date): Move {
  const after = {
    ...job,
    state: 'READY',
    attempts: 0,
    runAt: now,
    cancelRequested: false,
    finishedAt: undefined,
  } as const;
  return move(after, 'redriven', null);
}

export function accepted(job: Job): Move {
  return move(job, 'accepted', job.runAt > job.acceptedAt ? { runAt: job.runAt.toISOString() } : null);
}

function cancelled(job: Job, now: Date): Move {
  return move({ ...job, ...FREE, state: 'CANCELLED', finishedAt: now }, 'cancelled', null);
}

function move(job: Job, type: JobEventType, data: Json): Move {
  return { job, event: { type, data }, outbox: [] };
}

function later(now: Date, ms: number): Date {
  return new Date(now.getTime() + ms);
}
