// The schedules of the sweeps: which the configuration asks for, and how the store gets them.
import type { Clock } from '../../shared/jobs/clock.ts';
import type { JobStore } from '../../shared/jobs/job-store.ts';
import { nextTime } from '../../shared/jobs/next-time.ts';
import type { Schedule } from '../../shared/jobs/schedule.ts';
import type { MirrorRule } from '../../shared/mirror/rule.ts';
import { ruleSweep } from '../job-kinds/sweep-job.ts';

const PREFIX = 'sweep:';

/** One for each rule that has a schedule. An interval begins at once: what a new rule selects is to be there soon. */
export function planSchedules(rules: readonly MirrorRule[], now: Date): Schedule[] {
  return rules.flatMap((rule) => {
    const { name, schedule } = rule;
    if (schedule === undefined) return [];
    return {
      id: `${PREFIX}${name}`,
      timing: schedule,
      job: ruleSweep(rule, { trigger: 'schedule' }),
      nextAt: 'cron' in schedule ? nextTime(schedule, now, now) : now,
    };
  });
}

/**
 * Brings the schedules of the store in line with the rules: adds, changes, and removes those of rules that are gone. Asked for at
 * the start and at each reload; an unchanged timing keeps its next time.
 * @throws TransshipError store-unavailable, invalid-config for a cron expression that never comes
 */
export async function saveSchedules(
  store: Pick<JobStore, 'schedule' | 'unschedule' | 'schedules'>,
  rules: readonly MirrorRule[],
  clock: Pick<Clock, 'now'>,
): Promise<void> {
  const wanted = planSchedules(rules, clock.now());
  const ids = new Set(wanted.map(({ id }) => id));
  const gone = (await store.schedules()).filter(({ id }) => id.startsWith(PREFIX) && !ids.has(id));
  await Promise.all([...gone.map(({ id }) => store.unschedule(id)), ...wanted.map((one) => store.schedule(one))]);
}
