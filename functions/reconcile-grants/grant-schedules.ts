// The schedule of the reconciliation of grants: a look at all of them now and then, which finds what no event tells of.
import type { Config } from '../../shared/config/config.ts';
import type { Clock } from '../../shared/jobs/clock.ts';
import type { JobStore } from '../../shared/jobs/job-store.ts';
import { grantsJob } from '../job-kinds/grants-job.ts';

const ID = 'grants';

/**
 * Brings the schedule of the store in line; an unchanged interval keeps its next time.
 * @param areThere whether there are grants, or what is left of some
 * @throws TransshipError store-unavailable
 */
export async function saveGrantSchedule(
  store: Pick<JobStore, 'schedule' | 'unschedule' | 'schedules'>,
  { grantsEveryMs: everyMs }: Pick<Config, 'grantsEveryMs'>,
  areThere: boolean,
  clock: Pick<Clock, 'now'>,
): Promise<void> {
  if (areThere) {
    const nextAt = new Date(clock.now().getTime() + everyMs);
    return store.schedule({ id: ID, timing: { everyMs }, job: grantsJob({ trigger: 'schedule' }), nextAt });
  }
  const isScheduled = (await store.schedules()).some(({ id }) => id === ID);
  if (isScheduled) await store.unschedule(ID);
}
