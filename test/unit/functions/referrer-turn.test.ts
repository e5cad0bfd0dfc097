// New signatures of unchanged images are looked for once a day per digest, whatever the schedule.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { referrerTurn } from '../../../functions/sync-mirrors/referrer-turn.ts';

const HOUR_MS = 3_600_000;
const digest = fc
  .string({ unit: fc.constantFrom(...'0123456789abcdef'.split('')), minLength: 64, maxLength: 64 })
  .map((hex) => `sha256:${hex}`);
const start = fc.integer({ min: 0, max: 2 ** 41 }).map((ms) => new Date(ms));

test.each([1, 2, 6, 8, 24])('every %i hours: each digest has its turn once a day', (hours) => {
  const schedule = { everyMs: hours * HOUR_MS };
  fc.assert(
    fc.property(digest, start, (one, first) => {
      let turns = 0;
      for (let hour = 0; hour < 24; hour += hours) {
        if (referrerTurn(schedule, new Date(first.getTime() + hour * HOUR_MS))(one)) turns += 1;
      }
      expect(turns).toBe(1);
    }),
  );
});

test('a sweep that comes by the hour looks at about a twenty-fourth', () => {
  const isDue = referrerTurn({ cron: '17 * * * *', timeZone: 'UTC' }, new Date('2026-01-01T10:17:00Z'));
  const digests = fc.sample(digest, { numRuns: 5000, seed: 1 });
  const share = digests.filter(isDue).length / digests.length;
  expect(share).toBeGreaterThan(0.02);
  expect(share).toBeLessThan(0.09);
});

test('without a schedule, or with a rare one, every time', () => {
  const [one = ''] = fc.sample(digest, 1);
  expect(referrerTurn(undefined, new Date())(one)).toBe(true);
  expect(referrerTurn({ everyMs: 7 * 24 * HOUR_MS }, new Date())(one)).toBe(true);
});
