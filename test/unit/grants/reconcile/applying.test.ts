// Grants come to hold, are proven, and go, in a recorded world.
import { beforeEach, describe, expect, it } from 'vitest';
import { foldLines, emptyGrants } from '../../../../shared/grants/fold-journal.ts';
import { grantStatuses } from '../../../../shared/grants/grant-status.ts';
import { clusterGrant, grantsBed, inCluster, type GrantsBed } from '../../../support/grants/grants-bed.ts';
import { pullGrant } from '../../../support/grants/pull-grant.ts';

const DAY_MS = 24 * 3_600_000;
let bed: GrantsBed;
beforeEach(() => {
  bed = grantsBed();
});

const stateOf = (report: Awaited<ReturnType<GrantsBed['apply']>>, id = 'base') =>
  report.grants.find(({ grant }) => grant === id)?.state;

describe('a plan', () => {
  it('is made without writing anything, not even a line', async () => {
    bed.grants = [clusterGrant('base')];
    const { plan, statuses, reads } = await bed.prepare();
    expect(plan.changes).toMatchObject([{ op: 'create', target: inCluster('shared') }]);
    expect(statuses).toMatchObject([{ grant: 'base' }]);
    expect(reads).toBe(3);
    expect(bed.store.all()).toEqual([]);
    expect(bed.world.count('write')).toBe(0);
  });

  it('is applied as it was seen', async () => {
    bed.grants = [clusterGrant('base')];
    const { plan } = await bed.prepare();
    const report = await bed.apply({ planHash: plan.hash, overbroad: 'refuse' });
    expect(report.planHash).toBe(plan.hash);
    expect(stateOf(report)).toBe('Applied');
    expect(bed.store.all().filter(({ event }) => event === 'intended')).toMatchObject([{ planHash: plan.hash }]);
  });

  it.each([
    [
      'somebody changes what stands there',
      () => bed.world.put(inCluster('shared'), 'theirs', { content: 'x', owner: 'foreign' }),
    ],
    ['the grants change', () => (bed.grants = [clusterGrant('base', { to: 'your-ns' })])],
  ])('is refused once %s', async (_, change) => {
    bed.grants = [clusterGrant('base')];
    const { plan } = await bed.prepare();
    change();
    await expect(bed.apply({ planHash: plan.hash })).rejects.toMatchObject({ code: 'plan-changed' });
    expect(bed.world.count('write')).toBe(0);
    expect(bed.store.all()).toEqual([]);
  });

  it('looks at the sites of the named grants only', async () => {
    bed.grants = [clusterGrant('base'), clusterGrant('far', { cluster: 'stage' })];
    const report = await bed.apply({}, { only: ['base'] });
    expect(new Set(bed.world.calls.map(({ site }) => site))).toEqual(new Set(['kubernetes:prod']));
    expect(report.entries.map(({ grants }) => grants)).toEqual([['base']]);
    expect(stateOf(await bed.apply(), 'far')).toBe('Applied');
  });
});

describe('applying', () => {
  it('journals what is meant before it is done, and what became of it', async () => {
    bed.grants = [clusterGrant('base')];
    const seen: string[][] = [];
    bed.world.before = ({ op }) => {
      if (op === 'write' || op === 'verify') seen.push(bed.events());
    };
    const report = await bed.apply();
    expect(seen).toEqual([
      ['declared', 'intended'],
      ['declared', 'intended', 'written'],
    ]);
    expect(bed.events()).toEqual(['declared', 'intended', 'written', 'verified']);
    expect(report).toMatchObject({
      writes: 1,
      alarms: [],
      entries: [{ op: 'create', state: 'Applied', isWritten: true }],
    });
    expect(report.nextAt).toBeUndefined();
    expect(await bed.store.state()).toEqual(foldLines(emptyGrants(), bed.store.all()));
  });

  it('writes and journals nothing where all is as it should be', async () => {
    bed.grants = [clusterGrant('base', { from: ['shared', 'other'] }), clusterGrant('far', { cluster: 'stage' })];
    await bed.apply();
    const before = bed.store.all();
    for (let run = 0; run < 5; run += 1) {
      const report = await bed.apply();
      expect(report).toMatchObject({ writes: 0, entries: [] });
      await bed.clock.advance(600_000);
    }
    expect(bed.store.all()).toEqual(before);
    expect(bed.world.count('write')).toBe(3);
    expect(bed.world.count('verify')).toBe(3);
  });

  it('narrows before it widens', async () => {
    bed.grants = [clusterGrant('a', { from: ['shared'] }), clusterGrant('z', { from: ['third'] })];
    await bed.apply();
    bed.world.calls.length = 0;
    bed.grants = [clusterGrant('a', { from: ['shared', 'other'] })];
    await bed.apply();
    const written = bed.world.calls.filter(({ op }) => op === 'write').map(({ target }) => target?.place);
    expect(written).toEqual(['third', 'other']);
  });

  it('writes once for all entries of a target', async () => {
    bed.grants = [clusterGrant('a'), clusterGrant('b'), clusterGrant('c')];
    expect(await bed.apply()).toMatchObject({ writes: 1 });
    expect(bed.world.count('entry')).toBe(3);
  });

  it('mends what somebody changed or removed', async () => {
    bed.grants = [clusterGrant('base')];
    await bed.apply();
    const wanted = bed.world.all();
    bed.world.put(inCluster('shared'), 'base', undefined);
    expect(await bed.apply()).toMatchObject({ writes: 1, entries: [{ op: 'create', state: 'Applied' }] });
    bed.world.put(inCluster('shared'), 'base', { content: { other: true }, owner: 'ours', grant: 'base' });
    expect(await bed.apply()).toMatchObject({ writes: 1, entries: [{ op: 'update', state: 'Applied' }] });
    expect(bed.world.all()).toEqual(wanted);
  });

  it('leaves alone what a grant only observes, and says so once', async () => {
    bed.grants = [clusterGrant('base', { mode: 'observe' })];
    expect(await bed.apply()).toMatchObject({ writes: 0, entries: [{ op: 'drift', state: 'Drifted' }] });
    const before = bed.store.all();
    await bed.apply();
    expect(bed.store.all()).toEqual(before);
  });

  it("does not touch what is somebody else's", async () => {
    const theirs = { content: { by: 'hand' }, owner: 'foreign' } as const;
    bed.world.put(inCluster('shared'), 'base', theirs);
    bed.grants = [clusterGrant('base')];
    const report = await bed.apply();
    expect(report).toMatchObject({ writes: 0, entries: [{ op: 'conflict', state: 'Conflict' }] });
    expect(bed.world.all()).toEqual(new Map([['kubernetes:prod/shared base', theirs]]));
  });

  it('takes an entry with our mark back into a journal that was lost, without writing it', async () => {
    bed.grants = [clusterGrant('base')];
    await bed.apply();
    const world = bed.world;
    bed = grantsBed();
    bed.grants = [clusterGrant('base')];
    const report = await bed.apply({}, { backendFor: world.backendFor });
    expect(report).toMatchObject({ writes: 0 });
    expect(stateOf(report)).toBe('Applied');
    const lines = bed.store.all().length;
    await bed.apply({}, { backendFor: world.backendFor });
    expect(bed.store.all()).toHaveLength(lines);
  });

  describe('what has our mark and was never heard of here', () => {
    const LEFT = { content: { of: 'before' }, owner: 'ours', grant: 'left' } as const;
    const drift = { op: 'drift', key: 'left', state: 'Drifted', isWritten: false };
    beforeEach(() => {
      bed.grants = [clusterGrant('base')];
      bed.world.put(inCluster('other'), 'left', LEFT);
    });

    it('stays, and is told by each run, once by the journal, and by lists, until it is gone', async () => {
      for (const more of [{ op: 'create' }, undefined, undefined]) {
        const report = await bed.apply();
        expect(report.entries).toMatchObject(more === undefined ? [drift] : [more, drift]);
        expect(report.entries.at(-1)?.problem?.hint).toContain('--prune-unknown');
      }
      expect(bed.world.at(inCluster('other')).get('left')).toEqual(LEFT);
      expect(bed.events().filter((event) => event === 'settled')).toHaveLength(1);
      const told = async () => grantStatuses(bed.grants, await bed.store.state(), bed.clock.now());
      expect(await told()).toMatchObject([{ grant: 'base' }, { grant: 'left', state: 'Drifted' }]);
      bed.world.put(inCluster('other'), 'left', undefined);
      await bed.apply();
      expect(await told()).toMatchObject([{ grant: 'base' }]);
    });

    it('is told also where nothing is declared any more', async () => {
      await bed.apply();
      bed.grants = [];
      await bed.apply();
      expect((await bed.apply()).entries).toMatchObject([drift]);
      expect(bed.world.at(inCluster('other')).get('left')).toEqual(LEFT);
    });

    it('goes when somebody says so, and is as planned', async () => {
      await bed.apply();
      const { plan } = await bed.prepare({ pruneUnknown: true });
      const report = await bed.apply({ planHash: plan.hash }, { pruneUnknown: true });
      expect(report.entries).toMatchObject([{ op: 'delete', key: 'left', state: 'Revoked' }]);
      expect((await bed.apply()).entries).toEqual([]);
    });

    it('becomes ours when somebody declares it', async () => {
      await bed.apply();
      bed.grants = [clusterGrant('base'), clusterGrant('left', { from: ['other'] })];
      expect((await bed.apply()).entries).toMatchObject([{ op: 'update', key: 'left', state: 'Applied' }]);
      bed.grants = [clusterGrant('base')];
      expect((await bed.apply()).entries).toMatchObject([{ op: 'delete', key: 'left', state: 'Revoked' }]);
    });
  });

  it('says what no registry can do, and does the rest', async () => {
    bed.grants = [
      clusterGrant('base'),
      pullGrant({ id: 'odd', grantees: [{ kind: 'AwsAccount', id: '111122223333' }], what: clusterGrant('x').what }),
    ];
    const report = await bed.apply();
    expect(stateOf(report, 'odd')).toBe('Unsupported');
    expect(stateOf(report)).toBe('Applied');
  });
});

describe('proof', () => {
  it('is needed before a grant counts as applied, and looked for again soon', async () => {
    bed.grants = [clusterGrant('base')];
    let answer: 'allowed' | 'denied' = 'denied';
    bed.world.answer = () => ({ answer });
    const report = await bed.apply();
    expect(report.entries).toMatchObject([{ state: 'Applying', verification: { answer: 'denied' } }]);
    expect(report.nextAt).toEqual(new Date(bed.clock.now().getTime() + 15_000));
    const lines = bed.store.all().length;
    await bed.apply();
    expect(bed.store.all()).toHaveLength(lines);
    answer = 'allowed';
    expect(stateOf(await bed.apply())).toBe('Applied');
  });

  it('that cannot be had is told, and asked for once a day', async () => {
    bed.grants = [clusterGrant('base')];
    bed.world.answer = () => ({ answer: 'unverifiable', method: 'none', note: 'nobody can be asked' });
    const report = await bed.apply();
    expect(report.entries).toMatchObject([
      { state: 'Applying', verification: { answer: 'unverifiable', note: 'nobody can be asked' } },
    ]);
    expect(report.nextAt).toBeUndefined();
    await bed.apply();
    expect(bed.world.count('verify')).toBe(1);
    await bed.clock.advance(DAY_MS);
    await bed.apply();
    expect(bed.world.count('verify')).toBe(2);
  });

  it('is asked for again once a day, and journalled only if it is another', async () => {
    bed.grants = [clusterGrant('base')];
    await bed.apply();
    const lines = bed.store.all().length;
    await bed.clock.advance(DAY_MS);
    await bed.apply();
    await bed.apply();
    expect(bed.world.count('verify')).toBe(2);
    expect(bed.store.all()).toHaveLength(lines);
    bed.world.answer = () => ({ answer: 'denied' });
    await bed.clock.advance(DAY_MS);
    expect(stateOf(await bed.apply())).toBe('Applying');
    expect(bed.store.all()).toHaveLength(lines + 1);
  });

  it('that nobody gives leaves it unproven', async () => {
    bed.grants = [clusterGrant('base')];
    bed.world.before = ({ op }) => {
      if (op === 'verify') throw new Error('no answer');
    };
    const report = await bed.apply();
    expect(report.entries).toMatchObject([{ state: 'Applying', problem: { message: 'not proven: no answer' } }]);
    expect(report.nextAt).toBeDefined();
  });
});
