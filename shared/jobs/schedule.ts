// A job by the clock: what it accepts and when.
import type { NewJob } from './job.ts';

export type Timing = { everyMs: number } | { cron: string; timeZone: string };

export type Schedule = {
  id: string;
  timing: Timing;
  /** What a firing accepts; its runAt is set by the firing. */
  job: Omit<NewJob, 'runAt'>;
  nextAt: Date;
};

/** The key of a firing: whatever happens, it gives one job. */
export function firingKey(schedule: Schedule): string {
  return `sched:${schedule.id}:${schedule.nextAt.toISOString()}`;
}
