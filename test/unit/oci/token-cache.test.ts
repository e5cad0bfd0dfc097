// How long tokens are kept, and for whom.
import { expect, test } from 'vitest';
import { createTokenCache } from '../../../shared/oci/auth/token-cache.ts';
import { Secret } from '../../../shared/telemetry/secret.ts';

const PULL = ['repository:a:pull'];

function cacheAt(clock: { now: number }, capacity?: number) {
  const cache = createTokenCache(() => clock.now, capacity);
  return {
    ...cache,
    put: (family: string, scopes: string[], token: string, lifeMs = 300_000) =>
      cache.add(family, scopes, { token: new Secret(token), receivedAt: clock.now, lifeMs }),
    get: (family: string, scopes: string[], minimumLifeMs = 0) => cache.find(family, scopes, minimumLifeMs)?.reveal(),
  };
}

test('CVE-2026-35172: a token serves only the identity and registry that it was issued for', () => {
  const cache = cacheAt({ now: 0 });
  cache.put('registry alice', PULL, 'T');
  expect(cache.get('registry alice', PULL)).toBe('T');
  expect(cache.get('registry bob', PULL)).toBeUndefined();
  expect(cache.get('registry', PULL)).toBeUndefined();
});

test('CVE-2026-35172: a token serves only the repositories that it was issued for', () => {
  const cache = cacheAt({ now: 0 });
  cache.put('f', ['repository:a:pull,push', 'repository:b:pull'], 'T');
  expect(cache.get('f', PULL)).toBe('T');
  expect(cache.get('f', ['repository:b:pull'])).toBe('T');
  expect(cache.get('f', ['repository:b:push'])).toBeUndefined();
  expect(cache.get('f', ['repository:c:pull'])).toBeUndefined();
});

test.each([
  ['a tenth of its life', 300_000, 270_000],
  ['ten seconds of a short one', 60_000, 50_000],
])('renews a token with a margin of %s', (_name, lifeMs, usableUntilMs) => {
  const clock = { now: 1000 };
  const cache = cacheAt(clock);
  cache.put('f', PULL, 'T', lifeMs);
  clock.now = 1000 + usableUntilMs;
  expect(cache.get('f', PULL)).toBe('T');
  clock.now += 1;
  expect(cache.get('f', PULL)).toBeUndefined();
});

test('containers/image#1907: asks for a token that outlives a long upload', () => {
  const clock = { now: 0 };
  const cache = cacheAt(clock);
  cache.put('f', PULL, 'T');
  clock.now = 100_000;
  expect(cache.get('f', PULL, 200_000)).toBe('T');
  expect(cache.get('f', PULL, 200_001)).toBeUndefined();
});

test('an upload longer than any token lives gets a young token, not a new one each time', () => {
  const clock = { now: 0 };
  const cache = cacheAt(clock);
  cache.put('f', PULL, 'T');
  clock.now = 75_000;
  expect(cache.get('f', PULL, 3_600_000)).toBe('T');
  clock.now = 75_001;
  expect(cache.get('f', PULL, 3_600_000)).toBeUndefined();
});

test('trusts no token after the clock was set back', () => {
  const clock = { now: 1000 };
  const cache = cacheAt(clock);
  cache.put('f', PULL, 'T');
  clock.now = 999;
  expect(cache.get('f', PULL)).toBeUndefined();
});

test('keeps as many tokens as allowed, and those that are used', () => {
  const cache = cacheAt({ now: 0 }, 2);
  cache.put('f', ['repository:a:pull'], 'A');
  cache.put('f', ['repository:b:pull'], 'B');
  cache.get('f', ['repository:a:pull']);
  cache.put('f', ['repository:c:pull'], 'C');
  expect(['a', 'b', 'c'].map((name) => cache.get('f', [`repository:${name}:pull`]))).toEqual(['A', undefined, 'C']);
});

test('drops a refused token once', () => {
  const cache = cacheAt({ now: 0 });
  cache.put('f', PULL, 'T');
  expect(cache.reject('T', PULL)).toBe(true);
  expect(cache.get('f', PULL)).toBeUndefined();
  expect(cache.reject('T', PULL)).toBe(false);
});

test('keeps a token for the first scope of a server that honours only that one', () => {
  const cache = cacheAt({ now: 0 });
  cache.put('f', ['repository:a:pull,push', 'repository:b:pull'], 'T');
  cache.reject('T', ['repository:b:pull']);
  expect(cache.get('f', ['repository:b:pull'])).toBeUndefined();
  expect(cache.get('f', ['repository:a:pull,push'])).toBe('T');
});

test('a refused token takes with it what else would serve the same access, so that the next try is a new one', () => {
  const cache = cacheAt({ now: 0 });
  cache.put('f', PULL, 'narrow');
  cache.put('f', ['repository:a:pull,push'], 'wide');
  cache.put('g', PULL, 'of another identity');
  cache.reject('narrow', PULL);
  expect(cache.get('f', PULL)).toBeUndefined();
  expect(cache.get('g', PULL)).toBe('of another identity');
});
