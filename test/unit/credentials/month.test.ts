// Thirty simulated days: tokens of several lives, a provider with outages, processes that die, clocks that are wrong by up to an hour.
// What holds is the table in shared/credentials/refresh.ts.
import { describe, expect, test } from 'vitest';
import { renewAfterMs, renewalWindow } from '../../../shared/credentials/refresh.ts';
import { MONTH_MS, simulateMonth } from '../../support/credential-month.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const TROUBLE = { crashes: true, clockErrorMs: HOUR_MS };
const SEEDS = [1];

/** What stays of a life when a provider is away for so long, just when the credential is due, and four minutes pass until the next try. */
const stays = (lifeMs: number, awayMs: number): number =>
  1 - renewalWindow(lifeMs).to - (awayMs + 4 * MINUTE_MS) / lifeMs;

describe.each(SEEDS)('30 days, seed %i', { timeout: 180_000 }, (seed) => {
  test.each([
    ['12 h', 12 * HOUR_MS, 0.25],
    ['3 h', 3 * HOUR_MS, 0.25],
    ['2 h 16 min', 136 * MINUTE_MS, 0.25],
    ['1 h', HOUR_MS, 0],
    ['58 min 20 s', 3500_000, 0],
  ])('with tokens of %s and outages of 30 min: no Secret without a credential that works', async (_, lifeMs, least) => {
    const outages = { lengthMs: 30 * MINUTE_MS, everyMs: 6 * HOUR_MS };
    const month = await simulateMonth({ lifeMs, seed, outages, ...TROUBLE });
    expect(month).toMatchObject({ dead: 0 });
    expect(month.leastLeft).toBeGreaterThan(least);
    expect(stays(lifeMs, 30 * MINUTE_MS)).toBeGreaterThanOrEqual(least);
    expect(month.outages).toBeGreaterThan(30);
    expect(month.crashes).toBeGreaterThan(0);
  });

  test('with tokens of 15 min: outages of 2 min cost nothing', async () => {
    const lifeMs = 15 * MINUTE_MS;
    const month = await simulateMonth({
      lifeMs,
      seed,
      outages: { lengthMs: 2 * MINUTE_MS, everyMs: HOUR_MS },
      ...TROUBLE,
    });
    expect(month.dead).toBe(0);
    expect(stays(lifeMs, 2 * MINUTE_MS)).toBeGreaterThanOrEqual(0);
  });

  test('with tokens of 15 min: no outage of 30 min can be survived, and it is over 4 min after the provider is back', async () => {
    const lifeMs = 15 * MINUTE_MS;
    const month = await simulateMonth({
      lifeMs,
      seed,
      outages: { lengthMs: 30 * MINUTE_MS, everyMs: 6 * HOUR_MS },
      clockErrorMs: HOUR_MS,
    });
    expect(month.dead).toBeGreaterThan(0);
    expect(month.longestDeadAfterOutageMs).toBeLessThanOrEqual(4 * MINUTE_MS);
  });
});

test.each([
  ['12 h', 12 * HOUR_MS],
  ['3 h', 3 * HOUR_MS],
  ['1 h', HOUR_MS],
  ['15 min', 15 * MINUTE_MS],
])(
  'without trouble, tokens of %s are asked for once per renewal, and each Secret is written once for it',
  { timeout: 180_000 },
  async (_, lifeMs) => {
    const month = await simulateMonth({ lifeMs, seed: 7 });
    // runs come every minute
    const everyMs = Math.ceil(renewAfterMs(lifeMs, 'prod/pull') / MINUTE_MS) * MINUTE_MS;
    const renewals = Math.ceil(MONTH_MS / everyMs);
    expect(month).toMatchObject({ issued: renewals, writes: 2 * renewals, dead: 0 });
  },
);
