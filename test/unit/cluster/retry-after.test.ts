// How long is waited before a request is sent again.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { backoffMs, retryAfterMs } from '../../../shared/cluster/retry-after.ts';

const NOW = new Date('2026-11-21T10:00:00Z');

it.each([
  ['1', 1_000],
  [' 30 ', 30_000],
  ['0', 0],
  ['999999999999', 3_600_000],
  ['Sat, 21 Nov 2026 10:00:05 GMT', 5_000],
  ['Sat, 21 Nov 2026 09:00:00 GMT', 0],
  ['soon', undefined],
  ['-1', undefined],
  ['1.5', undefined],
  ['', undefined],
  [undefined, undefined],
])('reads %s', (header, wanted) => {
  expect(retryAfterMs(header, NOW)).toBe(wanted);
});

it('waits by chance, up to a ceiling that doubles, and never less than it was asked to', () => {
  const policy = { firstDelayMs: 100, longestDelayMs: 10_000 };
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 50 }),
      fc.integer({ min: 0, max: 60_000 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (tried, floorMs, chance) => {
        const delay = backoffMs(policy, tried, floorMs, () => chance);
        expect(delay).toBeGreaterThanOrEqual(floorMs);
        expect(delay).toBeLessThanOrEqual(Math.max(floorMs, 100 * 2 ** (tried - 1)));
        expect(delay).toBeLessThanOrEqual(Math.max(floorMs, 10_000));
      },
    ),
  );
});
