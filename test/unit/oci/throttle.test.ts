// How many requests run at once, how that number grows and shrinks, and what Retry-After and published rates do to the start of requests.
import { describe, expect, test } from 'vitest';
import type { ActionClass } from '../../../shared/oci/traits.ts';
import { createThrottle, type Outcome, type Throttle } from '../../../shared/oci/http/throttle.ts';

type Options = { start?: number; max?: number; rates?: Partial<Record<ActionClass, number>>; longestHoldMs?: number };

function throttleAt(clock: { now: number }, { start = 4, max = 8, rates = {}, longestHoldMs = 1000 }: Options = {}) {
  return createThrottle({ concurrency: { start, max }, ratesPerSecond: rates }, () => clock.now, longestHoldMs);
}

/** How many of `count` requests get in at once; gives the ways out. */
async function fill(throttle: Throttle, count: number, action: ActionClass = 'read') {
  const leaves: ((outcome: Outcome) => void)[] = [];
  const entering = Array.from({ length: count }, async () => leaves.push(await throttle.enter(action)));
  await settled();
  return { leaves, entering };
}

/** Lets everything that can go on go on. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** The number of places: how many get in before somebody must wait. */
async function placesOf(throttle: Throttle): Promise<number> {
  const { leaves } = await fill(throttle, 40);
  const places = leaves.length;
  // Empties it again without a word on how it went.
  while (leaves.length > 0) {
    leaves.shift()?.('failed');
    await settled();
  }
  return places;
}

describe('the window', () => {
  test('starts as the registry wants it', async () => {
    expect(await placesOf(throttleAt({ now: 0 }, { start: 3 }))).toBe(3);
  });

  test('grows by one for each window of accepted requests, up to the most', async () => {
    const throttle = throttleAt({ now: 0 }, { start: 2, max: 4 });
    const accept = async (count: number) => {
      for (let done = 0; done < count; done += 1) (await throttle.enter('read'))('accepted');
    };
    await accept(1);
    expect(await placesOf(throttle)).toBe(2);
    await accept(1);
    expect(await placesOf(throttle)).toBe(3);
    await accept(3);
    expect(await placesOf(throttle)).toBe(4);
    await accept(50);
    expect(await placesOf(throttle)).toBe(4);
  });

  test('halves when the registry pushes back, at most once in 100 ms, and never below one', async () => {
    const clock = { now: 1000 };
    const throttle = throttleAt(clock, { start: 8 });
    const { leaves } = await fill(throttle, 8);
    for (const leave of leaves) leave('throttled');
    expect(await placesOf(throttle)).toBe(4);
    clock.now += 99;
    (await throttle.enter('read'))('throttled');
    expect(await placesOf(throttle)).toBe(4);
    for (const places of [2, 1, 1]) {
      clock.now += 100;
      (await throttle.enter('read'))('throttled');
      expect(await placesOf(throttle)).toBe(places);
    }
  });

  test('is its own for each class of requests', async () => {
    const throttle = throttleAt({ now: 0 }, { start: 1 });
    const reading = await throttle.enter('read');
    const writing = await throttle.enter('manifest-write');
    expect(await placesOf(throttle)).toBe(0);
    reading('accepted');
    writing('accepted');
  });

  test('lets those that wait in by their order', async () => {
    const throttle = throttleAt({ now: 0 }, { start: 1 });
    const order: number[] = [];
    const first = await throttle.enter('read');
    const waiting = [1, 2, 3].map(async (number) => {
      const leave = await throttle.enter('read');
      order.push(number);
      leave('failed');
    });
    first('failed');
    await Promise.all(waiting);
    expect(order).toEqual([1, 2, 3]);
  });
});

describe('an interrupted request', () => {
  test('gives its turn up at once, and takes nobody else with it', async () => {
    const throttle = throttleAt({ now: 0 }, { start: 1 });
    const leave = await throttle.enter('read');
    const interrupt = new AbortController();
    const given = throttle.enter('read', interrupt.signal);
    const next = throttle.enter('read');
    interrupt.abort();
    await expect(given).rejects.toMatchObject({ code: 'interrupted' });
    leave('accepted');
    (await next)('accepted');
  });

  test('does not get in at all if it was interrupted before', async () => {
    const throttle = throttleAt({ now: 0 }, { start: 1 });
    await throttle.enter('read');
    await expect(throttle.enter('read', AbortSignal.abort())).rejects.toMatchObject({ code: 'interrupted' });
  });

  test('that waits for a held host stops waiting, and frees its place', async () => {
    const throttle = throttleAt({ now: 0 }, { start: 1, longestHoldMs: 60_000 });
    throttle.holdFor(50_000);
    const interrupt = new AbortController();
    const waiting = throttle.enter('read', interrupt.signal);
    interrupt.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'interrupted' });
    throttle.holdFor(0);
    expect(interrupt.signal.aborted).toBe(true);
  });
});

describe('Retry-After', () => {
  test('is a floor for the whole host, every class', async () => {
    const throttle = createThrottle({ concurrency: { start: 4, max: 8 }, ratesPerSecond: {} }, Date.now, 1000);
    const until = Date.now() + 120;
    throttle.holdFor(120);
    throttle.holdFor(20);
    await Promise.all((['head', 'read', 'upload'] as const).map((action) => throttle.enter(action)));
    expect(Date.now()).toBeGreaterThanOrEqual(until - 1);
  });

  test('for longer than anyone waits refuses at once, with the time', async () => {
    const throttle = throttleAt({ now: 0 }, { start: 1, longestHoldMs: 1000 });
    throttle.holdFor(Number.MAX_SAFE_INTEGER);
    for (let tries = 0; tries < 3; tries += 1) {
      await expect(throttle.enter('read')).rejects.toMatchObject({
        code: 'too-many-requests',
        retryAfterMs: expect.any(Number),
      });
    }
  });
});

test('a published rate lets a second of requests start at once, and spreads the others', async () => {
  const throttle = createThrottle(
    { concurrency: { start: 100, max: 100 }, ratesPerSecond: { 'manifest-write': 20 } },
    Date.now,
    1000,
  );
  const startedAt = Date.now();
  const starts = await Promise.all(
    Array.from({ length: 24 }, async () => {
      await throttle.enter('manifest-write');
      return Date.now() - startedAt;
    }),
  );
  expect(starts.filter((ms) => ms < 40)).toHaveLength(20);
  expect(Math.max(...starts)).toBeGreaterThanOrEqual(190);
  expect(Math.max(...starts)).toBeLessThan(600);
});
