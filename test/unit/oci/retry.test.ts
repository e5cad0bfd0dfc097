// After how long, and after which answers, a request is sent again.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { TransshipError } from '../../../shared/errors.ts';
import { DEFAULT_RETRIES, isRetryableStatus, retryDelayMs, sleep } from '../../../shared/oci/http/retry.ts';

test('the longest delay doubles with each try, up to its end', () => {
  const longest = [1, 2, 3, 4, 5, 6, 7, 8, 20].map((tried) => retryDelayMs(DEFAULT_RETRIES, tried, 0, () => 1));
  expect(longest).toEqual([500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
  expect(retryDelayMs(DEFAULT_RETRIES, 3, 0, () => 0)).toBe(0);
  expect(retryDelayMs(DEFAULT_RETRIES, 3, 0, () => 0.5)).toBe(1000);
});

test('never waits less than Retry-After, nor more than it or the ceiling', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 60 }),
      fc.integer({ min: 0, max: 200_000 }),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (tried, retryAfterMs, random) => {
        const delayMs = retryDelayMs(DEFAULT_RETRIES, tried, retryAfterMs, () => random);
        expect(delayMs).toBeGreaterThanOrEqual(retryAfterMs);
        expect(delayMs).toBeLessThanOrEqual(Math.max(retryAfterMs, DEFAULT_RETRIES.longestDelayMs));
      },
    ),
  );
});

test.each([
  [[408, 429, 499, 500, 502, 503, 504, 522], true],
  [[200, 206, 301, 400, 401, 403, 404, 405, 409, 412, 413, 416, 501, 505, 507], false],
])('%j: worth another try is %s', (statuses, worth) => {
  expect(statuses.map(isRetryableStatus)).toEqual(statuses.map(() => worth));
});

test('a wait ends with its signal, and with the error that the signal carries', async () => {
  await expect(sleep(60_000, AbortSignal.abort())).rejects.toMatchObject({ code: 'interrupted' });
  const reason = new TransshipError('timeout', 'enough');
  const interrupt = new AbortController();
  const waiting = sleep(60_000, interrupt.signal);
  interrupt.abort(reason);
  await expect(waiting).rejects.toBe(reason);
});
