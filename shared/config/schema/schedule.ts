// The schema of a schedule: a fixed time between runs, or times of the clock.
import * as z from 'zod';
import { cron, duration, timeZone } from './text.ts';

/** What runs by itself: `what` is one such run. */
export function scheduleOf(what: string) {
  return z.union([
    z.literal('off').describe(`no ${what}s`),
    z.strictObject({ every: duration.describe(`the time from one ${what} to the next`) }),
    z.strictObject({
      cron: cron.describe('five fields: minute, hour, day of month, month, day of week'),
      timeZone: timeZone.default('UTC').describe('the zone of the times in `cron`'),
    }),
  ]);
}
