// When a scheduled sweep looks for new signatures of a digest that did not change: about once a day, each digest at its own time of
// the day, so that no sweep asks for all of them and nothing has to be remembered of a digest.
import type { JobStore } from '../../shared/jobs/job-store.ts';
import type { Job } from '../../shared/jobs/job.ts';
import { previousTime } from '../../shared/jobs/next-time.ts';
import type { MirrorRule } from '../../shared/mirror/rule.ts';
import { SWEEP, sweepPayload } from '../job-kinds/sweep-job.ts';

const DAY_MS = 86_400_000;
/** Sweeps of all rules among which the rule's last one is looked for. */
const MOST_SWEEPS = 200;
/** A schedule is fired that much too late at most, its job begins that much later. */
const LATE_MS = 30_000;

/** Whether it is a digest's turn in a sweep at this time, if the one before was accepted at `since`: its time of the day lies between. */
export function referrerTurn(since: Date, now: Date): (digest: string) => boolean {
  const lengthMs = now.getTime() - since.getTime();
  if (lengthMs >= DAY_MS) return () => true;
  return (digest) => {
    const sinceItsTimeMs = (((now.getTime() - timeOfDay(digest)) % DAY_MS) + DAY_MS) % DAY_MS;
    return sinceItsTimeMs < lengthMs;
  };
}

/**
 * When the last sweep of the whole rule was accepted that came to its end: it has looked at least up to then. Where the store knows
 * of none any more, the time by the schedule.
 * @throws TransshipError store-unavailable
 */
export async function lastSweepAt(
  store: Pick<JobStore, 'list'>,
  { name, schedule }: Pick<MirrorRule, 'name' | 'schedule'>,
  { acceptedAt }: Pick<Job, 'acceptedAt'>,
): Promise<Date> {
  const { jobs } = await store.list({ kind: SWEEP, state: 'DONE' }, MOST_SWEEPS);
  const last = jobs.find(({ payload }) => {
    const parsed = sweepPayload.safeParse(payload).data;
    return parsed?.rule === name && parsed.repository === undefined;
  });
  if (last !== undefined) return last.acceptedAt;
  if (schedule === undefined) return new Date(acceptedAt.getTime() - DAY_MS);
  return new Date(previousTime(schedule, acceptedAt).getTime() - LATE_MS);
}

/** Milliseconds after midnight, evenly spread. */
function timeOfDay(digest: string): number {
  const start = digest.slice(digest.indexOf(':') + 1).slice(0, 8);
  return (Number.parseInt(start, 16) / 0xffffffff) * DAY_MS;
}
