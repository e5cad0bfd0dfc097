// How fast requests may start; time is made here.
import { expect, it } from 'vitest';
import { createPacing, pacingLimits } from '../../../shared/cluster/pacing.ts';

it.each([
  ['nothing said', undefined, { requestsPerSecond: 50, writesPerSecond: 10, concurrency: 12 }],
  ['a rate', { requestsPerSecond: 200 }, { requestsPerSecond: 200, writesPerSecond: 200, concurrency: 12 }],
  ['a number at a time', { concurrency: 3 }, { requestsPerSecond: 50, writesPerSecond: 10, concurrency: 3 }],
])('limits: %s', (_name, said, wanted) => {
  expect(pacingLimits(said)).toEqual(wanted);
});

/** Time that passes when it is told to. */
function madeTime() {
  let nowMs = 1_000_000;
  let waiting: { atMs: number; resolve: () => void }[] = [];
  return {
    nowMs: () => nowMs,
    wait: (ms: number) => new Promise<void>((resolve) => void waiting.push({ atMs: nowMs + ms, resolve })),
    async pass(ms: number): Promise<void> {
      const untilMs = nowMs + ms;
      for (;;) {
        await new Promise(setImmediate);
        const next = waiting.filter(({ atMs }) => atMs <= untilMs).toSorted((one, other) => one.atMs - other.atMs)[0];
        if (next === undefined) break;
        waiting = waiting.filter((one) => one !== next);
        nowMs = Math.max(nowMs, next.atMs);
        next.resolve();
      }
      nowMs = untilMs;
    },
  };
}

/** How many of many requests have started by when. */
async function startsWithin(ms: number, count: number, isWrite: boolean): Promise<number> {
  const time = madeTime();
  const pacing = createPacing({ ...pacingLimits(), concurrency: count }, 60_000, time);
  let started = 0;
  for (let index = 0; index < count; index += 1) void pacing.enter(isWrite).then(() => (started += 1));
  await time.pass(ms);
  return started;
}

it.each([
  ['reads: five seconds of their rate at once', 0, false, 250],
  ['reads: the rate from then on', 2_000, false, 350],
  ['writes: ten seconds of theirs at once', 0, true, 100],
  ['writes: their rate from then on', 10_000, true, 200],
])('%s', async (_name, ms, isWrite, wanted) => {
  expect(await startsWithin(ms, 1000, isWrite)).toBe(wanted);
});

it('holds all for as long as it is asked to, and refuses at once what is too long', async () => {
  const time = madeTime();
  const pacing = createPacing(pacingLimits(), 10_000, time);
  pacing.holdFor(5_000);
  let hasStarted = false;
  void pacing.enter(false).then(() => (hasStarted = true));
  await time.pass(4_999);
  expect(hasStarted).toBe(false);
  await time.pass(1);
  expect(hasStarted).toBe(true);
  pacing.holdFor(10_001);
  await expect(pacing.enter(false)).rejects.toMatchObject({ code: 'too-many-requests', retryAfterMs: 10_001 });
});

it('gives a place back also where its wait was refused', async () => {
  const pacing = createPacing({ ...pacingLimits(), concurrency: 1 }, 10, madeTime());
  pacing.holdFor(60_000);
  await expect(pacing.enter(false)).rejects.toMatchObject({ code: 'too-many-requests' });
  await expect(pacing.enter(false)).rejects.toMatchObject({ code: 'too-many-requests' });
});
