// Fires the schedules that are due. One missed firing is caught up, not all of them: what they would find is the same.
import type { Clock } from './clock.ts';
import type { JobStore } from './job-store.ts';
import { nextTime } from './next-time.ts';

/** The longest that a firing is put off, so that schedules of one minute do not start together. */
const MAX_JITTER_MS = 30_000;

/** Gives how many jobs that made. */
export async function fireDue(store: JobStore, clock: Clock, random: () => number): Promise<number> {
  const now = clock.now();
  let fired = 0;
  for (const schedule of await store.due(now)) {
    const next = nextTime(schedule.timing, now, schedule.nextAt);
    const runAt = new Date(now.getTime() + Math.round(random() * longestJitterMs(next, now)));
    if (await store.fire(schedule, next, runAt)) fired += 1;
  }
  return fired;
}

/** A tenth of the time to the next firing at most: an interval of seconds stays one. */
function longestJitterMs(next: Date, now: Date): number {
  return Math.min(MAX_JITTER_MS, (next.getTime() - now.getTime()) / 10);
}
