// Retry-After as seconds and as a date.
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseRetryAfter } from '../../../shared/oci/http/retry-after.ts';

const DAY_MS = 24 * 3_600_000;
const NOW = new Date('2026-11-06T08:49:30Z');

test.each<[string | undefined, number | undefined]>([
  ['0', 0],
  ['120', 120_000],
  [' 5 ', 5000],
  ['86400', DAY_MS],
  ['9999999999999', DAY_MS],
  ['9'.repeat(400), DAY_MS],
  ['Fri, 31 Dec 9999 23:59:59 GMT', DAY_MS],
  ['Fri, 06 Nov 2026 08:49:37 GMT', 7000],
  ['Fri, 06 Nov 2026 08:49:00 GMT', 0],
  ['Friday, 06-Nov-26 08:49:37 GMT', 7000],
  ['Fri Nov  6 08:49:37 2026', 7000],
  [undefined, undefined],
  ['', undefined],
  ['soon', undefined],
  ['-5', undefined],
  ['1.5', undefined],
  ['5s', undefined],
  ['5, 10', undefined],
  ['May 1', undefined],
  ['2026-11-06T08:49:37Z', undefined],
  ['Fri, 06 Nov 2026 08:49:37 +0100', undefined],
  ['Fri, 06 Nov 2026 99:49:37 GMT', undefined],
  ['Xyz, 99 Abc 2026 08:49:37 GMT', undefined],
])('takes %j for %j milliseconds', (header, expected) => {
  expect(parseRetryAfter(header, NOW)).toBe(expected);
});

test('reads any date that HTTP can write, up to a day ahead', () => {
  const dates = fc.date({ min: new Date(0), max: new Date('9999-12-31T23:59:59Z'), noInvalidDate: true });
  fc.assert(
    fc.property(dates, (date) => {
      const seconds = Math.floor(date.getTime() / 1000) * 1000;
      expect(parseRetryAfter(date.toUTCString(), NOW)).toBe(Math.min(DAY_MS, Math.max(0, seconds - NOW.getTime())));
    }),
  );
});

test('gives undefined or a number that is not negative for anything', () => {
  fc.assert(
    fc.property(fc.string(), (header) => {
      expect(parseRetryAfter(header, NOW) ?? 0).toBeGreaterThanOrEqual(0);
    }),
  );
});
