// Runs over grants that are cut off or killed at random points leave nothing half-applied that nobody tells of.
import { describe, expect, it } from 'vitest';
import { cutGrants, killGrants, type KilledGrants } from '../../support/grants/kill-grants.ts';

const CUT_SEEDS = 47;
const KILLED_SEEDS = 3;
const start = Number(process.env['SEED'] ?? Date.now() % 2 ** 31);

describe(`a run over grants, from seed ${start}`, () => {
  it(`that is cut off at any step, for ${CUT_SEEDS} seeds`, { timeout: 300_000 }, async () => {
    const told = await eachSeed(CUT_SEEDS, start, cutGrants);
    expect(told.wrong).toEqual([]);
    expect(told.cut).toBeGreaterThan(CUT_SEEDS);
    expect(told.interrupted).toBeGreaterThan(CUT_SEEDS);
  });

  it(`whose process is killed, for ${KILLED_SEEDS} seeds`, { timeout: 300_000 }, async () => {
    const told = await eachSeed(KILLED_SEEDS, start, killGrants);
    expect(told.wrong).toEqual([]);
    expect(told.cut).toBeGreaterThan(0);
  });
});

async function eachSeed(
  count: number,
  from: number,
  work: (seed: number) => Promise<KilledGrants>,
): Promise<KilledGrants> {
  const all: KilledGrants = { cut: 0, interrupted: 0, wrong: [] };
  for (let seed = from; seed < from + count; seed += 1) {
    const { cut, interrupted, wrong } = await work(seed);
    all.cut += cut;
    all.interrupted += interrupted;
    all.wrong.push(...wrong);
  }
  console.log(`${all.cut} runs cut, ${all.interrupted} entries told to have been interrupted, seeds ${from} and on`);
  return all;
}
