// How long a failed job waits.
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { backoffMs } from '../../../shared/jobs/backoff.ts';

test.each([
  [1, 2000],
  [2, 4000],
  [8, 256_000],
  [9, 512_000],
  [10, 900_000],
  [60, 900_000],
])('waits at most so long after failure %d: %d ms', (failures, expected) => {
  expect(backoffMs(failures, () => 1)).toBe(expected);
  expect(backoffMs(failures, () => 0)).toBe(0);
});

test('believes the other side up to a day', () => {
  expect(backoffMs(1, () => 1, Number.MAX_SAFE_INTEGER)).toBe(24 * 3_600_000);
});

test('never waits less than the other side asked for', () => {
  const unit = fc.double({ min: 0, max: 1, noNaN: true });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 100 }), unit, fc.nat(3_600_000), (failures, random, floorMs) => {
      const waited = backoffMs(failures, () => random, floorMs);
      expect(waited).toBeGreaterThanOrEqual(floorMs);
      expect(waited).toBeLessThanOrEqual(Math.max(900_000, floorMs));
    }),
  );
});
