// When schedules are next.
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { nextTime } from '../../../shared/jobs/next-time.ts';

const HOUR = 3_600_000;

test.each<[string, string, string, string]>([
  ['17 * * * *', 'Europe/Rome', '2026-11-21T12:17:00Z', '2026-11-21T13:17:00Z'],
  ['0 3 * * *', 'Europe/Rome', '2026-07-01T12:00:00Z', '2026-07-02T01:00:00Z'],
  ['0 3 * * *', 'UTC', '2026-07-01T12:00:00Z', '2026-07-02T03:00:00Z'],
  // the night in which Rome has no half past two
  ['30 2 * * *', 'Europe/Rome', '2026-03-28T12:00:00Z', '2026-03-29T01:00:00Z'],
  // the night in which it has two of them
  ['30 2 * * *', 'Europe/Rome', '2026-10-25T00:30:00Z', '2026-10-26T01:30:00Z'],
])('reads "%s" in %s: after %s comes %s', (cron, timeZone, after, expected) => {
  const start = new Date(after);
  expect(nextTime({ cron, timeZone }, start, start)).toEqual(new Date(expected));
});

test.each([
  ['every day', 'UTC'],
  ['0 3 * * *', 'Europe/Atlantis'],
  ['0 0 30 2 *', 'UTC'],
])('refuses "%s" in %s', (cron, timeZone) => {
  const now = new Date('2026-11-21T12:00:00Z');
  expect(() => nextTime({ cron, timeZone }, now, now)).toThrow(expect.objectContaining({ code: 'invalid-config' }));
});

test('keeps intervals in step with where they began, strictly in the future', () => {
  const times = fc.integer({ min: 0, max: 1000 * HOUR });
  fc.assert(
    fc.property(fc.integer({ min: 1000, max: 24 * HOUR }), times, times, (everyMs, from, after) => {
      const next = nextTime({ everyMs }, new Date(after), new Date(from)).getTime();
      expect(next).toBeGreaterThan(after);
      expect((next - from) % everyMs).toBe(0);
      expect(next - Math.max(after, from)).toBeLessThanOrEqual(everyMs);
    }),
  );
});
