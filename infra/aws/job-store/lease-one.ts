// Leases one job to this process, if it is due and its targets are free.
import type { Claimed } from '../../../shared/jobs/job-store.ts';
import type { Job } from '../../../shared/jobs/job.ts';
import { claimed } from '../../../shared/jobs/transitions.ts';
import type { ChangeJob } from './change-job.ts';
import { moveOrBury } from './move-or-bury.ts';

type Terms = { now: Date; leaseMs: number; owner: string };

/** `job` is as it is now, whoever holds it. */
export async function leaseOne(
  change: ChangeJob,
  id: string,
  { now, leaseMs, owner }: Terms,
): Promise<{ job: Job | undefined; claimed: Claimed | undefined }> {
  const { job, moved } = await moveOrBury(change, id, (before) => {
    if (before?.state !== 'READY' || before.runAt > now) return undefined;
    return claimed(before, now, leaseMs, owner);
  });
  if (job?.state !== 'LEASED' || !moved) return { job, claimed: undefined };
  return { job, claimed: { job, lease: { jobId: job.id, fence: job.fence, leaseMs } } };
}
