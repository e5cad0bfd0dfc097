// The limit holds over any stretch of time, is shared fairly, and costs nothing while there is room.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createBandwidth, paced, type BandwidthClock } from '../../../shared/oci/http/bandwidth.ts';

const KIB = 1024;
const RATE = 1024 * KIB;

/** A clock on which time passes only while everybody sleeps. */
function testClock() {
  let time = 0;
  let sleeping: { at: number; wake: () => void }[] = [];
  const clock: BandwidthClock = {
    now: () => time,
    sleep: (ms) => new Promise((wake) => sleeping.push({ at: time + ms, wake })),
  };
  return {
    clock,
    now: () => time,
    /** Lets time pass until nobody sleeps any more. */
    run: async (work: Promise<unknown>): Promise<void> => {
      let done = false;
      void work.finally(() => (done = true));
      for (;;) {
        await new Promise((resolve) => setImmediate(resolve));
        if (done) return;
        const next = Math.min(...sleeping.map(({ at }) => at));
        if (next === Infinity) throw new Error('everybody waits for nothing');
        time = Math.max(time, next);
        const due = sleeping.filter(({ at }) => at <= time);
        sleeping = sleeping.filter(({ at }) => at > time);
        for (const { wake } of due) wake();
      }
    },
  };
}

describe('the rate', () => {
  test('holds in the long run, to the byte', async () => {
    const { clock, now, run } = testClock();
    const pace = createBandwidth(RATE, clock);
    const take = async () => {
      for (let taken = 0; taken < 10 * RATE; taken += 32 * KIB) await pace(32 * KIB);
    };
    await run(take());
    // half a second went at once
    expect(now()).toBeGreaterThan(9_490);
    expect(now()).toBeLessThan(9_510);
  });

  test('is never exceeded by more than a burst, whatever is taken', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 128 * KIB, max: 20 * RATE }),
        fc.array(fc.array(fc.integer({ min: 0, max: 300 * KIB }), { maxLength: 5 }), { minLength: 1, maxLength: 4 }),
        async (rate, streams) => {
          const { clock, now, run } = testClock();
          const pace = createBandwidth(rate, clock);
          const passed: { at: number; bytes: number }[] = [];
          const stream = async (takes: readonly number[]) => {
            for (const bytes of takes) {
              await pace(bytes);
              passed.push({ at: now(), bytes });
            }
          };
          await run(Promise.all(streams.map(stream)));
          const total = passed.reduce((sum, { bytes }) => sum + bytes, 0);
          const allowed = (now() / 1_000 + 0.5 + 0.004) * rate;
          expect(total).toBeLessThanOrEqual(allowed + 1);
        },
      ),
    );
  });

  test('a rest saves up half a second, no more', async () => {
    const { clock, now, run } = testClock();
    const pace = createBandwidth(RATE, clock);
    await run(clock.sleep(60_000));
    const take = async () => {
      for (let taken = 0; taken < RATE; taken += 32 * KIB) await pace(32 * KIB);
    };
    await run(take());
    expect(now() - 60_000).toBeGreaterThan(490);
  });
});

test('streams get equal shares, however much each takes at a time', async () => {
  const { clock, run } = testClock();
  const pace = createBandwidth(RATE, clock);
  const taken = { large: 0, small: 0 };
  let stopped = false;
  const stream = async (name: keyof typeof taken, bytes: number) => {
    while (!stopped) {
      await pace(bytes);
      taken[name] += bytes;
      if (taken.large + taken.small > 40 * RATE) stopped = true;
    }
  };
  await run(Promise.all([stream('large', 4 * RATE), stream('small', 64 * KIB)]));
  expect(taken.large / taken.small).toBeGreaterThan(0.7);
  expect(taken.large / taken.small).toBeLessThan(1.5);
});

test('chunks for which there is room cost no promise', () => {
  const pace = createBandwidth(RATE, testClock().clock);
  expect(pace(64 * KIB)).toBeUndefined();
  expect(createBandwidth(1_000_000 * RATE)(64 * KIB)).toBeUndefined();
});

test('a wait ends with its signal', async () => {
  const pace = createBandwidth(1);
  const stop = new AbortController();
  const waiting = pace(1_000, stop.signal);
  stop.abort();
  await expect(waiting).rejects.toMatchObject({ code: 'interrupted' });
});

test('paced content is the same content', async () => {
  const { clock, now, run } = testClock();
  const chunks = Array.from({ length: 40 }, (_, index) => Buffer.alloc(64 * KIB, index));
  const read: Uint8Array[] = [];
  const all = async () => {
    for await (const chunk of paced(from(chunks), createBandwidth(RATE, clock))) read.push(chunk);
  };
  await run(all());
  expect(Buffer.concat(read).equals(Buffer.concat(chunks))).toBe(true);
  expect(now()).toBeGreaterThan(1_900);
});

async function* from(chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) yield await Promise.resolve(chunk);
}
