// When a schedule is next: intervals by arithmetic, cron expressions by croner, in their time zone with its summer time.
import { Cron } from 'croner';
import { TransshipError, messageOf } from '../errors.ts';
import type { Timing } from './schedule.ts';

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

function nextByCron({ cron, timeZone }: { cron: string; timeZone: string }, after: Date): Date {
  let next: Date | null;
  try {
    next = new Cron(cron, { timezone: timeZone, paused: true }).nextRun(after);
  } catch (error) {
    throw new TransshipError('invalid-config', `the schedule "${cron}" in ${timeZone} cannot be read`, {
      hint: messageOf(error),
      cause: error,
    });
  }
  if (next === null) throw new TransshipError('invalid-config', `the schedule "${cron}" never comes`);
  return next;
}
