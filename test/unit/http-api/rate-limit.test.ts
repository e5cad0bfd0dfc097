// The bucket of requests of a client: what it holds, how it refills, and that nobody fills the memory with clients.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createRateLimit } from '../../../functions/http-api/rate-limit.ts';

it('never lets more through than a minute holds and what flowed in meanwhile', () => {
  const steps = fc.array(
    fc.record({ waitMs: fc.integer({ min: 0, max: 5000 }), requests: fc.integer({ min: 0, max: 30 }) }),
  );
  fc.assert(
    fc.property(steps, fc.integer({ min: 1, max: 600 }), (all, perMinute) => {
      const limit = createRateLimit();
      let nowMs = 0;
      let passed = 0;
      for (const { waitMs, requests } of all) {
        nowMs += waitMs;
        for (let count = 0; count < requests; count += 1) passed += limit('client', nowMs, perMinute) === 0 ? 1 : 0;
      }
      expect(passed).toBeLessThanOrEqual(perMinute + (nowMs * perMinute) / 60_000 + 1e-6);
    }),
  );
});

it('tells how long to wait, and keeps the word', () => {
  const limit = createRateLimit();
  for (let count = 0; count < 30; count += 1) expect(limit('a', 0, 30)).toBe(0);
  expect(limit('a', 0, 30)).toBe(2000);
  expect(limit('a', 1999, 30)).toBeCloseTo(1);
  expect(limit('a', 2001, 30)).toBe(0);
  expect(limit('b', 2001, 30)).toBe(0);
});

it('is not fooled by a clock that goes back', () => {
  const limit = createRateLimit();
  expect([limit('a', 60_000, 1), limit('a', 0, 1), limit('a', 0, 1)]).toEqual([0, 60_000, 60_000]);
});

it('counts a network of IPv6 as one client, an address of IPv4 as its own', () => {
  const limit = createRateLimit();
  expect(limit('2001:db8:1:2::1', 0, 1)).toBe(0);
  expect(limit('2001:db8:1:2:ffff::2', 0, 1)).toBeGreaterThan(0);
  expect(limit('2001:db8:1:2:3:4:5:6', 0, 1)).toBeGreaterThan(0);
  expect(limit('2001:db8:1:3::1', 0, 1)).toBe(0);
  expect(limit('::1', 0, 1)).toBe(0);
  expect(limit('::ffff:192.0.2.1', 0, 1)).toBe(0);
  expect(limit('::ffff:192.0.2.2', 0, 1)).toBe(0);
});

it('forgets those who were silent for longest when there are many', () => {
  const limit = createRateLimit();
  for (let client = 0; client < 10_001; client += 1) limit(`client ${client}`, 0, 1);
  expect(limit('client 0', 0, 1)).toBe(0);
  expect(limit('client 10000', 0, 1)).toBeGreaterThan(0);
});
