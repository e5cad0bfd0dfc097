// Random schedules of deliveries, on a real store: whatever happens, each job is done, and each effect is there once.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runDeliveries } from '../../support/jobs/deliveries.ts';
import { settle } from '../../support/jobs/manual-clock.ts';
import { openWokenBed, type WokenBed } from '../../support/jobs/woken-bed.ts';

const SEED = Number(process.env['SEED'] ?? Date.now() % 2 ** 31);
const SCHEDULES = Number(process.env['SCHEDULES'] ?? 4);
const PUSHES = 14;

describe('schedules of deliveries', () => {
  let bed: WokenBed;
  beforeEach(async () => {
    bed = await openWokenBed();
  });
  afterEach(() => bed.close());

  const seeds = Array.from({ length: SCHEDULES }, (_, index) => SEED + index);

  it.each(seeds)('lose no job and have no effect twice: seed %i', async (seed) => {
    const { clock, queue, store } = bed;
    const end = await runDeliveries({
      seed,
      pushes: PUSHES,
      steps: 60,
      clock,
      open: () => store,
      deps: bed.deps(),
      queue,
      settle,
      pass: (ms) => clock.advance(ms),
    });
    expect(end).toEqual({ accepted: PUSHES, done: PUSHES, wrong: [] });
  });
});
