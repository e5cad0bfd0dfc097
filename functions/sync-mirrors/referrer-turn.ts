// When a scheduled sweep looks for new signatures of a digest that did not change: about once a day, each digest at its own time of
// the day, so that no sweep asks for all of them and nothing has to be remembered.
import type { MirrorRule } from '../../shared/mirror/rule.ts';
import { nextTime } from '../../shared/jobs/next-time.ts';

const DAY_MS = 86_400_000;

/** Whether it is a digest's turn in a sweep at this time, if the next one comes by the rule's schedule. */
export function referrerTurn(schedule: MirrorRule['schedule'], now: Date): (digest: string) => boolean {
  const untilNextMs = schedule === undefined ? DAY_MS : intervalMs(schedule, now);
  if (untilNextMs >= DAY_MS) return () => true;
  return (digest) => {
    const sinceItsTimeMs = (((now.getTime() - timeOfDay(digest)) % DAY_MS) + DAY_MS) % DAY_MS;
    return sinceItsTimeMs < untilNextMs;
  };
}

function intervalMs(schedule: NonNullable<MirrorRule['schedule']>, now: Date): number {
  if ('everyMs' in schedule) return schedule.everyMs;
  const next = nextTime(schedule, now, now);
  return nextTime(schedule, next, next).getTime() - next.getTime();
}

/** Milliseconds after midnight, evenly spread. */
function timeOfDay(digest: string): number {
  const start = digest.slice(digest.indexOf(':') + 1).slice(0, 8);
  return (Number.parseInt(start, 16) / 0xffffffff) * DAY_MS;
}
