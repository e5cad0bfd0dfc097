// Whole days of robot accounts: never beyond the grant, but for its last day, which is our timer's.
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { robotDays } from '../../../../shared/grants/harbor/robot-days.ts';

const MADE = new Date('2026-11-21T12:00:00Z');
const DAY_MS = 86_400_000;

test.each<[string, string | undefined, string, number]>([
  ['a grant without end', undefined, '2026-11-21T12:00:00Z', -1],
  ['30 days to the second', '2026-12-21T12:00:00Z', '2026-11-21T12:00:00Z', 30],
  ['a second less than 30 days', '2026-12-21T11:59:59Z', '2026-11-21T12:00:00Z', 29],
  ['a second more than 30 days', '2026-12-21T12:00:01Z', '2026-11-21T12:00:00Z', 30],
  ['an hour', '2026-11-21T13:00:00Z', '2026-11-21T12:00:00Z', 1],
  ['the last hours of some days', '2026-11-24T00:00:00Z', '2026-11-23T18:00:00Z', 3],
  ['a grant that is over', '2026-11-01T00:00:00Z', '2026-11-21T12:00:00Z', 1],
  ['an account of the future, by its clock', '2026-11-21T11:00:00Z', '2026-11-21T10:00:00Z', 1],
])('%s', (_, endsAt, now, days) => {
  expect(robotDays(MADE, endsAt === undefined ? undefined : new Date(endsAt), Date.parse(now))).toBe(days);
});

test('end before the grant does, or within a day after the last whole one', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 400 * DAY_MS }), fc.nat(400 * DAY_MS), (lifeMs, ageMs) => {
      fc.pre(ageMs < lifeMs);
      const made = MADE.getTime();
      const end = made + robotDays(MADE, new Date(made + lifeMs), made + ageMs) * DAY_MS;
      const now = made + ageMs;
      // it works now, and either keeps to the grant or is in its last day
      expect(end).toBeGreaterThan(now);
      expect(end <= made + lifeMs || end - now <= DAY_MS).toBe(true);
    }),
  );
});
