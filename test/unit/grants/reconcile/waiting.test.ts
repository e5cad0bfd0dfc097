// When a run over grants is to be followed by another one, where some of the sites are in trouble.
import { beforeEach, describe, expect, it } from 'vitest';
import { TransshipError } from '../../../../shared/errors.ts';
import type { GrantsRun } from '../../../../shared/grants/grants-run.ts';
import { growingWaits } from '../../../../shared/jobs/growing-waits.ts';
import { clusterGrant, grantsBed, inCluster, type GrantsBed } from '../../../support/grants/grants-bed.ts';

const STAGE = 'kubernetes:stage';
let bed: GrantsBed;
let away: Set<string>;
let waits: NonNullable<GrantsRun['waits']> & { forget(): void };

beforeEach(() => {
  bed = grantsBed();
  bed.grants = [clusterGrant('base'), clusterGrant('far', { cluster: 'stage' })];
  away = new Set([STAGE]);
  waits = growingWaits(15_000, () => 1);
  bed.world.before = ({ site }) => {
    if (away.has(site)) throw new TransshipError('cluster-unavailable', `${site} is away`, { retryable: true });
  };
});

/** Seconds until the next run. */
async function run(own: Partial<GrantsRun> = {}): Promise<number | undefined> {
  const { nextAt } = await bed.apply({}, { waits, ...own });
  return nextAt === undefined ? undefined : (nextAt.getTime() - bed.clock.now().getTime()) / 1000;
}

/** Each run at the time at which the one before asked for it. */
async function chain(runs: number): Promise<(number | undefined)[]> {
  const found: (number | undefined)[] = [];
  for (let index = 0; index < runs; index += 1) {
    const seconds = await run();
    found.push(seconds);
    await bed.clock.advance((seconds ?? 0) * 1000);
  }
  return found;
}

describe('the next run', () => {
  it('comes ever later while a site is away, and not at all by itself once it is back', async () => {
    expect(await chain(6)).toEqual([15, 16, 32, 64, 128, 256]);
    away.clear();
    expect(await run()).toBeUndefined();
    expect((await bed.prepare()).statuses).toMatchObject([{ state: 'Applied' }, { state: 'Applied' }]);
    away.add(STAGE);
    expect(await run()).toBe(15);
  });

  it('comes soon for what is not proven elsewhere, which does not wait for the site that is away', async () => {
    await chain(5);
    bed.world.answer = ({ place }) => (place === 'other' ? { answer: 'denied' } : {});
    bed.grants = [...bed.grants, clusterGrant('new', { from: ['other'] })];
    expect(await run()).toBe(15);
    await bed.clock.advance(15_000);
    bed.world.answer = () => ({});
    // the one that is away was asked before its time, and keeps that
    expect(await run()).toBe(256 - 15);
  });

  it('comes soon for what is new at a site that waits for something else', async () => {
    away.clear();
    bed.world.answer = ({ place }) => (place === 'shared' ? { answer: 'denied' } : {});
    expect((await chain(4)).at(-1)).toBe(64);
    bed.world.answer = () => ({ answer: 'denied' });
    bed.grants = [...bed.grants, clusterGrant('new', { from: ['other'] })];
    expect(await run()).toBe(15);
    expect(bed.world.at(inCluster('other')).size).toBe(1);
  });

  it('comes soon where what ended cannot be removed, whatever else was the matter with it', async () => {
    away.clear();
    bed.grants = [clusterGrant('base', { expiresAt: new Date(bed.clock.now().getTime() + 200_000) })];
    bed.world.answer = () => ({ answer: 'denied' });
    expect((await chain(4)).at(-1)).toBe(64);
    await bed.clock.advance(200_000 - 127_000);
    bed.world.before = ({ op }) => {
      if (op === 'write') throw new TransshipError('cluster-unavailable', 'not now', { retryable: true });
    };
    expect(await run()).toBe(15);
    expect(bed.world.at(inCluster('shared')).size).toBe(1);
  });

  it('comes soon again when somebody changed something', async () => {
    await chain(5);
    waits.forget();
    expect(await run()).toBe(15);
  });

  it('is not put off by a run over others, nor by one before the time', async () => {
    await chain(4);
    const due = await run();
    await bed.clock.advance(1000);
    expect(await run({ only: ['base'] })).toBeUndefined();
    expect(await run()).toBe((due ?? 0) - 1);
  });
});
