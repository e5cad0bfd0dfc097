// Midnights of deploy tokens: never after the grant, but for its last day, which is our timer's.
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { isTokenEnd, tokenEnd } from '../../../../shared/grants/gitlab/token-end.ts';

const DAY_MS = 86_400_000;

test.each([
  ['2027-01-31T23:59:59Z', '2026-11-21T12:00:00Z', '2027-01-31T00:00:00.000Z'],
  ['2027-01-31T00:00:00Z', '2026-11-21T12:00:00Z', '2027-01-31T00:00:00.000Z'],
  ['2027-01-30T23:59:59.999Z', '2026-11-21T12:00:00Z', '2027-01-30T00:00:00.000Z'],
  ['2026-11-21T18:00:00Z', '2026-11-21T12:00:00Z', '2026-11-22T00:00:00.000Z'],
  ['2026-11-22T01:00:00Z', '2026-11-21T23:59:59Z', '2026-11-22T00:00:00.000Z'],
  ['2026-11-22T01:00:00Z', '2026-11-22T00:00:00Z', '2026-11-23T00:00:00.000Z'],
])('a grant that ends at %s, asked for at %s, ends at %s', (endsAt, now, expected) => {
  expect(tokenEnd(new Date(endsAt), Date.parse(now)).toISOString()).toBe(expected);
});

test('works when it is made, keeps to the grant or to its last day, and is known again', () => {
  const moment = fc.integer({ min: Date.parse('2026-01-01'), max: Date.parse('2030-01-01') });
  fc.assert(
    fc.property(moment, fc.integer({ min: 1, max: 400 * DAY_MS }), (now, lifeMs) => {
      const endsAt = new Date(now + lifeMs);
      const end = tokenEnd(endsAt, now);
      expect(end.getTime()).toBeGreaterThan(now);
      expect(end.getTime() % DAY_MS).toBe(0);
      expect(end <= endsAt || end.getTime() - now <= DAY_MS).toBe(true);
      expect(isTokenEnd(end, endsAt)).toBe(true);
    }),
  );
});

test.each([
  ['2027-01-30T00:00:00Z', '2027-01-31T12:00:00Z'],
  ['2027-02-02T00:00:00Z', '2027-01-31T12:00:00Z'],
  [undefined, '2027-01-31T12:00:00Z'],
  ['2027-01-31T00:00:00Z', undefined],
])('%s is not the end of a token for a grant until %s', (end, endsAt) => {
  expect(isTokenEnd(dateOf(end), dateOf(endsAt))).toBe(false);
});

test('a token without end is one of a grant without end', () => {
  expect(isTokenEnd(undefined, undefined)).toBe(true);
});

function dateOf(text: string | undefined): Date | undefined {
  return text === undefined ? undefined : new Date(text);
}
