// What happens to jobs from outside their workers: cancelled, offered again, freed from a vanished worker, removed in the end. The indexes
// find whom it may concern; the job itself, read and written under its condition, decides.
import { TransshipError } from '../../../shared/errors.ts';
import type { JobStore } from '../../../shared/jobs/job-store.ts';
import { abandoned, cancelAsked, redriven } from '../../../shared/jobs/transitions.ts';
import { text } from '../dynamo/attributes.ts';
import { inState, upTo } from './candidates.ts';
import type { ChangeJob } from './change-job.ts';
import { storedJob } from './job-items.ts';
import { timeKey } from '../dynamo/key-parts.ts';
import { endedGroups, jobIdOf, jobKey, leasedGroups } from './keys.ts';
import { moveOrBury } from './move-or-bury.ts';
import { removeJob, removeMessages } from './remove.ts';
import type { StoreContext } from './store-context.ts';
import { wakeForgotten } from './wake-forgotten.ts';

type Operations = Pick<JobStore, 'cancel' | 'redrive' | 'sweep' | 'purge'>;

export function keepHouse(context: StoreContext, change: ChangeJob): Operations {
  const { table } = context;

  /** Oldest first. */
  async function* maybeDead(ids: readonly string[] | undefined): AsyncGenerator<string> {
    if (ids === undefined) {
      for await (const item of inState(table, 'DEAD')) yield jobIdOf(item);
      return;
    }
    const found = (await table.getAll([...new Set(ids)].map(jobKey))).sort((one, other) =>
      text(one, 'age') < text(other, 'age') ? -1 : 1,
    );
    for (const item of found) yield jobIdOf(item);
  }

  return {
    async cancel(id) {
      const { job } = await change(id, (job, now) => {
        if (job === undefined) throw new TransshipError('not-found', `there is no job ${id}`);
        return cancelAsked(job, now);
      });
      if (job === undefined) throw new TransshipError('not-found', `there is no job ${id}`);
      return job;
    },
    async redrive({ ids, kind }, limit) {
      const done: string[] = [];
      for await (const id of maybeDead(ids)) {
        if (done.length === limit) break;
        const { moved } = await change(id, (job, now) => {
          const isWanted = job?.state === 'DEAD' && (kind === undefined || job.kind === kind);
          return isWanted ? redriven(job, now) : undefined;
        });
        if (moved) done.push(id);
      }
      return done;
    },
    async sweep(now, limit) {
      let freed = 0;
      for await (const item of upTo(table, leasedGroups(), `${timeKey(now)}$`)) {
        if (freed === limit) break;
        const { moved } = await moveOrBury(change, jobIdOf(item), (job) => {
          const isExpired = job?.state === 'LEASED' && job.leaseUntil !== undefined && job.leaseUntil <= now;
          return isExpired ? abandoned(job, now) : undefined;
        });
        if (moved) freed += 1;
      }
      await wakeForgotten(context, now, limit);
      return freed;
    },
    async purge(before, limit) {
      let removed = 0;
      for await (const item of upTo(table, endedGroups(), timeKey(before))) {
        if (removed === limit) break;
        const found = await table.get(jobKey(jobIdOf(item)));
        const stored = found === undefined ? undefined : storedJob(found);
        if (stored?.job.finishedAt === undefined || stored.job.finishedAt >= before) continue;
        if (await removeJob(context, stored)) removed += 1;
      }
      await removeMessages(table, before);
      return removed;
    },
  };
}
