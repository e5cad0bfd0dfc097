// Leases jobs to workers and takes what the holders of a lease write. Each write is guarded by the fence.
import type { Beat, Claimed, JobStore } from '../../../shared/jobs/job-store.ts';
import type { Job, JobState, Lease } from '../../../shared/jobs/job.ts';
import {
  buried,
  checkpointed,
  claimed,
  completed,
  extended,
  heldJob,
  retried,
  yielded,
  type Move,
} from '../../../shared/jobs/transitions.ts';
import type { StoredJob } from './job-table.ts';
import { readyJobs } from './ready-jobs.ts';
import type { StoreContext } from './store-context.ts';

type Operations = Pick<
  JobStore,
  'claim' | 'heartbeat' | 'checkpoint' | 'progress' | 'yield' | 'complete' | 'retry' | 'bury'
>;

export function leaseJobs(context: StoreContext): Operations {
  const { table, clock, bootId, write } = context;
  const nextReady = readyJobs(context);

  /** The job that the lease holds. @throws TransshipError fence-lost */
  function held(lease: Lease): StoredJob {
    const stored = table.byId(lease.jobId);
    const job = heldJob(stored?.job, lease);
    return { seq: stored?.seq ?? 0, job };
  }

  function moveHeld(lease: Lease, change: (job: Job, now: Date) => Move): Promise<Job> {
    return write(() => {
      const before = held(lease);
      const now = clock.now();
      const move = change(before.job, now);
      table.save(before, move, now);
      return move.job;
    });
  }

  const beat = async (job: Promise<Job>): Promise<Beat> => ({ cancelRequested: (await job).cancelRequested });
  const state = async (job: Promise<Job>): Promise<JobState> => (await job).state;

  return {
    claim: (kind, limit, leaseMs, room) =>
      write(() => {
        const found: Claimed[] = [];
        const now = clock.now();
        while (found.length < limit) {
          const next = nextReady(kind, now, room);
          if (next === undefined) break;
          const move = claimed(next.job, now, leaseMs, bootId);
          table.save(next, move, now);
          const { id: jobId, fence } = move.job;
          found.push({ job: move.job, lease: { jobId, fence, leaseMs } });
        }
        return found;
      }),
    heartbeat: (lease) => beat(moveHeld(lease, (job, now) => extended(job, now, lease.leaseMs))),
    checkpoint: (lease, data) => beat(moveHeld(lease, (job, now) => checkpointed(job, data, now, lease.leaseMs))),
    progress: (lease, data) => write(() => table.note(held(lease), data, clock.now())),
    yield: (lease, why) => state(moveHeld(lease, (job, now) => yielded(job, why, now))),
    async complete(lease, result, outbox = []) {
      await moveHeld(lease, (job, now) => completed(job, result, outbox, now));
    },
    retry: (lease, at, problem, result) => state(moveHeld(lease, (job, now) => retried(job, at, problem, now, result))),
    async bury(lease, problem, result) {
      await moveHeld(lease, (job, now) => buried(job, problem, now, result));
    },
  };
}
