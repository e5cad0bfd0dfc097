// Leases jobs to workers and takes what the holders of a lease write. A claim is one transaction: the job as it was read, and each of its
// targets held by nobody. How many jobs run per host is counted by an index, which lags: claims of several processes at the same
// moment may take one too many. One job per target and one holder per job never depend on it.
import { TransshipError } from '../../../shared/errors.ts';
import type { Beat, Claimed, JobStore } from '../../../shared/jobs/job-store.ts';
import type { Job, JobState, Lease } from '../../../shared/jobs/job.ts';
import {
  buried,
  checkpointed,
  completed,
  extended,
  heldJob,
  retried,
  yielded,
  type Move,
} from '../../../shared/jobs/transitions.ts';
import { runningJobs } from './candidates.ts';
import type { ChangeJob } from './change-job.ts';
import { claimNamed, type ClaimNamed } from './claim-named.ts';
import { endedHere } from './ended-here.ts';
import { leaseOne } from './lease-one.ts';
import { inTurn } from '../dynamo/in-turn.ts';
import { jobIdOf } from './keys.ts';
import { offeredJobs } from './offered-jobs.ts';
import { countRunning, type Running } from './room.ts';
import type { StoreContext } from './store-context.ts';

type Operations = Pick<
  JobStore,
  'claim' | 'heartbeat' | 'checkpoint' | 'progress' | 'yield' | 'complete' | 'retry' | 'bury'
> & { claimNamed: ClaimNamed };

export function leaseJobs(context: StoreContext, change: ChangeJob): Operations {
  const { table, clock, owner } = context;
  const turn = inTurn();
  const { ended, isOver } = endedHere();
  const othersRunning = async () => (await runningJobs(table)).filter((item) => !isOver(item));

  async function moveHeld(lease: Lease, decide: (job: Job, now: Date) => Move): Promise<Job> {
    let before: Job | undefined;
    const { job, moved } = await change(lease.jobId, (job, now) => decide((before = heldJob(job, lease)), now));
    if (before !== undefined && moved && job?.state !== 'LEASED') ended(before, clock.now());
    if (job !== undefined && moved) return job;
    throw new TransshipError('store-unavailable', `the leases of job ${lease.jobId} are not as the job says`);
  }

  async function claim(...[kind, limit, leaseMs, room]: Parameters<JobStore['claim']>): Promise<Claimed[]> {
    const found: Claimed[] = [];
    if (limit <= 0) return found;
    const now = clock.now();
    let running: Running | undefined;
    try {
      for await (const candidate of offeredJobs(table, kind, now)) {
        // not before there is work: who asks finds none most of the time
        running ??= countRunning(kind, room, room === undefined ? [] : await othersRunning());
        if (running.isBusy(candidate) || !running.hasRoom(candidate)) continue;
        const { claimed } = await leaseOne(change, jobIdOf(candidate), { now, leaseMs, owner });
        if (claimed === undefined) continue;
        running.starts(candidate);
        found.push(claimed);
        if (found.length === limit) break;
      }
    } catch (error) {
      // those that are leased already have to be done
      if (found.length === 0) throw error;
    }
    return found;
  }

  const beat = async (job: Promise<Job>): Promise<Beat> => ({ cancelRequested: (await job).cancelRequested });
  const state = async (job: Promise<Job>): Promise<JobState> => (await job).state;

  const claimByName = claimNamed(context, change, othersRunning);

  return {
    claim: (...asked) => turn(asked[0], () => claim(...asked)),
    claimNamed: (...asked) => turn(asked[0], () => claimByName(...asked)),
    heartbeat: (lease) => beat(moveHeld(lease, (job, now) => extended(job, now, lease.leaseMs))),
    checkpoint: (lease, data) => beat(moveHeld(lease, (job, now) => checkpointed(job, data, now, lease.leaseMs))),
    async progress(lease, data) {
      await moveHeld(lease, (job) => ({ job, event: { type: 'progress', data }, outbox: [] }));
    },
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
