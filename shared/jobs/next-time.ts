// When a schedule is next, and when it was before: intervals by arithmetic, cron expressions by croner, in their time zone with its summer time.
import { Cron } from 'croner';
import { TransshipError, messageOf } from '../errors.ts';
import type { Timing } from './schedule.ts';

type CronTiming = Extract<Timing, { cron: string }>;

/**
 * The first time strictly after `after`; intervals count from `from`, so that they do not drift.
 * @throws TransshipError invalid-config for an expression or zone that cannot be read, or that never comes
 */
export function nextTime(timing: Timing, after: Date, from: Date): Date {
  if ('cron' in timing) return nextByCron(timing, after);
  const passed = after.getTime() - from.getTime();
  const steps = Math.max(0, Math.floor(passed / timing.everyMs)) + 1;
  return new Date(from.getTime() + steps * timing.everyMs);
}

/**
 * The time before the one that a firing at `at` was for.
 * @throws TransshipError invalid-config, as `nextTime` does
 */
export function previousTime(timing: Timing, at: Date): Date {
  if ('everyMs' in timing) return new Date(at.getTime() - timing.everyMs);
  const [own, before] = readCron(timing, (cron) => cron.previousRuns(2, at));
  return before ?? own ?? at;
}

function nextByCron(timing: CronTiming, after: Date): Date {
  const next = readCron(timing, (cron) => cron.nextRun(after));
  if (next === null) throw new TransshipError('invalid-config', `the schedule "${timing.cron}" never comes`);
  return next;
}

function readCron<Value>({ cron, timeZone }: CronTiming, read: (cron: Cron) => Value): Value {
  try {
    return read(new Cron(cron, { timezone: timeZone, paused: true }));
  } catch (error) {
    throw new TransshipError('invalid-config', `the schedule "${cron}" in ${timeZone} cannot be read`, {
      hint: messageOf(error),
      cause: error,
    });
  }
}
