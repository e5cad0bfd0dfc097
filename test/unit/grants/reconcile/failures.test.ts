// What goes wrong with one grant, target or site is told, and the others go on.
import { beforeEach, describe, expect, it } from 'vitest';
import { TransshipError } from '../../../../shared/errors.ts';
import { revokeGrant } from '../../../../shared/grants/declare-grants.ts';
import { siteKey } from '../../../../shared/grants/site.ts';
import { clusterGrant, grantsBed, inCluster, type GrantsBed } from '../../../support/grants/grants-bed.ts';
import type { Call } from '../../../support/grants/recorded-world.ts';

const SHARED = inCluster('shared');
const STAGE = siteKey({ backend: 'kubernetes', host: 'stage' });
let bed: GrantsBed;
beforeEach(() => {
  bed = grantsBed();
});

const stateOf = (report: Awaited<ReturnType<GrantsBed['apply']>>, id = 'base') =>
  report.grants.find(({ grant }) => grant === id)?.state;
const never = () => new Promise<never>(() => undefined);

/** Once: at the first call of this kind. */
function at(op: Call['op'], act: (call: Call) => void | Promise<void>, isMeant: (call: Call) => boolean = () => true) {
  let isDone = false;
  bed.world.before = (call) => {
    if (isDone || call.op !== op || !isMeant(call)) return undefined;
    isDone = true;
    return act(call);
  };
}

async function finished<Result>(work: Promise<Result>): Promise<Result> {
  const going = { isOver: false };
  const done = work.finally(() => {
    going.isOver = true;
  });
  done.catch(() => undefined);
  while (!going.isOver) await bed.clock.advance(1000);
  return done;
}

describe('a site', () => {
  it('that hangs holds no other, and is told', async () => {
    bed.grants = [clusterGrant('base'), clusterGrant('far', { cluster: 'stage' })];
    bed.world.before = ({ site }) => (site === STAGE ? never() : undefined);
    const work = bed.apply();
    await expect.poll(() => bed.events().at(-1)).toBe('verified');
    expect(bed.world.all().size).toBe(1);
    const report = await finished(work);
    expect(stateOf(report)).toBe('Applied');
    expect(stateOf(report, 'far')).toBe('Blocked');
    expect(report.entries.find(({ grants }) => grants.includes('far'))?.problem?.message).toContain(
      'did not answer within 30 s',
    );
    expect(report.nextAt).toBeDefined();
  });

  it('that cannot be opened keeps what it has, in the journal too', async () => {
    bed.grants = [clusterGrant('base')];
    await bed.apply();
    const lines = bed.store.all();
    bed.world.before = () => {
      throw new TransshipError('cluster-unavailable', 'cluster prod is away', { retryable: true });
    };
    const report = await bed.apply();
    expect(stateOf(report)).toBe('Blocked');
    expect(report.entries).toEqual(expect.arrayContaining([expect.objectContaining({ state: 'Blocked' })]));
    expect(bed.store.all()).toEqual(lines);
    bed.world.before = () => undefined;
    expect(stateOf(await bed.apply())).toBe('Applied');
    expect(bed.store.all()).toEqual(lines);
  });

  it('that went away in the middle of some writes keeps no other from being written', async () => {
    bed.grants = [clusterGrant('far', { cluster: 'stage', from: ['shared', 'other', 'third'] })];
    bed.world.before = ({ op }) => (op === 'write' ? never() : undefined);
    await finished(bed.apply());
    bed.grants = [...bed.grants, clusterGrant('base')];
    bed.world.before = async ({ site }) => {
      if (site === STAGE) throw new TransshipError('cluster-unavailable', 'cluster stage is away', { retryable: true });
      // all that can be said of the other one was said
      for (let turns = 0; turns < 100; turns += 1) await Promise.resolve();
    };
    const report = await bed.apply();
    expect(stateOf(report)).toBe('Applied');
    expect(stateOf(report, 'far')).not.toBe('Applied');
  });

  it('that is gone from the configuration is told of while something of ours stands there', async () => {
    bed.grants = [clusterGrant('far', { cluster: 'stage' })];
    await bed.apply();
    bed.grants = [];
    const gone = (site: { host: string }) =>
      site.host === 'stage'
        ? Promise.reject(new TransshipError('invalid-config', 'there is no cluster stage'))
        : Promise.reject(new Error('nobody else is asked'));
    const report = await bed.apply({}, { backendFor: gone });
    expect(report.entries).toMatchObject([{ grants: ['far'], problem: { message: 'there is no cluster stage' } }]);
  });
});

describe('a target', () => {
  it('that cannot be read keeps no other waiting', async () => {
    bed.grants = [clusterGrant('base', { from: ['shared', 'other'] })];
    bed.world.before = ({ op, target }) => {
      if (op === 'observe' && target?.place === 'other') throw new TransshipError('denied', 'not for you');
    };
    const report = await bed.apply();
    expect(report.entries).toMatchObject([
      { target: SHARED, state: 'Applied' },
      { target: inCluster('other'), state: 'Blocked', problem: { message: 'not for you' } },
    ]);
  });

  it('that refuses is Blocked, and the rest is written', async () => {
    bed.grants = [clusterGrant('base', { from: ['shared', 'other'] })];
    bed.world.before = ({ op, target }) => {
      if (op === 'write' && target?.place === 'other')
        throw new TransshipError('object-refused', 'quota', { hint: 'ask' });
    };
    const report = await bed.apply();
    expect(report.entries).toMatchObject([
      { target: inCluster('other'), state: 'Blocked', problem: { message: 'quota', hint: 'ask' } },
      { target: SHARED, state: 'Applied' },
    ]);
    bed.world.before = () => undefined;
    expect(stateOf(await bed.apply())).toBe('Applied');
  });

  it('that does not answer a write is Applying, with its intent, and nobody else writes there meanwhile', async () => {
    bed.grants = [clusterGrant('base')];
    at('write', never);
    const report = await finished(bed.apply());
    expect(report.entries).toMatchObject([
      {
        state: 'Applying',
        isWritten: false,
        problem: { message: expect.stringContaining('cluster prod shared did not answer') as string },
      },
    ]);
    const [record] = (await bed.store.state()).entries.values();
    expect(record?.intended).toMatchObject({ op: 'create' });
    expect(await bed.store.hold('kubernetes:prod/shared', 'two', 1000)).toBe(false);

    const next = await bed.apply();
    expect(next.entries).toMatchObject([{ op: 'create', state: 'Applied', wasInterrupted: true, isWritten: true }]);
  });

  it('that was written before its connection was lost is known to be written', async () => {
    bed.grants = [clusterGrant('a'), clusterGrant('b')];
    at(
      'entry',
      () => Promise.reject(new TransshipError('connection-failed', 'reset')),
      ({ key }) => key === 'b',
    );
    const report = await bed.apply();
    expect(report.entries).toMatchObject([
      { key: 'a', state: 'Applied', isWritten: true },
      { key: 'b', state: 'Applying', isWritten: false, problem: { message: 'reset' } },
    ]);
  });

  it('that another run holds is left to it, and looked at again', async () => {
    bed.grants = [clusterGrant('base')];
    await bed.store.hold('kubernetes:prod/shared', 'two', 60_000);
    const report = await bed.apply();
    expect(report).toMatchObject({
      writes: 0,
      entries: [{ problem: { message: 'another run is writing at cluster prod shared' } }],
    });
    expect(report.nextAt).toBeDefined();
    expect(bed.events()).toEqual(['declared']);
  });

  it('that another run is writing at keeps its intent: what is not there yet has not come to nothing', async () => {
    bed.grants = [clusterGrant('base')];
    at('entry', async () => {
      await bed.apply({}, { holder: 'two', only: ['base'] });
      const [record] = (await bed.store.state()).entries.values();
      expect(record?.intended).toMatchObject({ op: 'create' });
    });
    expect(stateOf(await bed.apply())).toBe('Applied');
    expect(bed.events()).toEqual(['declared', 'intended', 'written', 'verified']);
  });

  it('that did not answer a write keeps its intent as long as the write may be under way', async () => {
    bed.grants = [clusterGrant('base')];
    at('write', never);
    await finished(bed.apply());
    const intended = async () => [...(await bed.store.state()).entries.values()][0]?.intended;
    const report = await bed.apply({}, { holder: 'two' });
    expect(report.entries).toMatchObject([{ state: 'Applying', isWritten: false, wasInterrupted: true }]);
    expect(await intended()).toMatchObject({ op: 'create' });
    await bed.clock.advance(3_600_000);
    expect(stateOf(await bed.apply({}, { holder: 'two' }))).toBe('Applied');
  });

  it('that changed since it was read is planned anew', async () => {
    bed.grants = [clusterGrant('a'), clusterGrant('b')];
    const theirs = { content: 'theirs', owner: 'foreign' } as const;
    at('write', () => bed.world.put(SHARED, 'a', theirs));
    const report = await bed.apply();
    expect(report.entries.map(({ key, op, state }) => ({ key, op, state }))).toEqual([
      { key: 'b', op: 'create', state: 'Applied' },
      { key: 'a', op: 'conflict', state: 'Conflict' },
    ]);
    expect(bed.world.all().get('kubernetes:prod/shared a')).toEqual(theirs);
  });

  it('that changes all the time is given up after three tries', async () => {
    bed.grants = [clusterGrant('base')];
    bed.world.before = ({ op }) => {
      if (op === 'write') throw new TransshipError('object-conflict', 'changed again');
    };
    const report = await bed.apply();
    expect(report).toMatchObject({ writes: 3, entries: [{ state: 'Blocked', problem: { message: 'changed again' } }] });
  });

  it('that changed is not written otherwise than somebody has seen', async () => {
    bed.grants = [clusterGrant('base')];
    await bed.apply();
    bed.world.put(SHARED, 'base', { content: { drift: 1 }, owner: 'ours', grant: 'base' });
    const { plan } = await bed.prepare();
    at('write', () => bed.world.put(SHARED, 'base', { content: { drift: 2 }, owner: 'ours', grant: 'base' }));
    const report = await bed.apply({ planHash: plan.hash });
    expect(report.entries).toMatchObject([
      { problem: { message: expect.stringContaining('by somebody else meanwhile') as string } },
    ]);
    expect(bed.world.all().get('kubernetes:prod/shared base')?.content).toEqual({ drift: 2 });
  });
});

describe('what reaches too far', () => {
  const broad = () =>
    clusterGrant('broad', {
      approvedBy: 'the boss',
      grantees: [{ kind: 'Group', cluster: 'prod', name: 'system:authenticated' }],
    });

  it('is refused without a word, and nothing else is written', async () => {
    bed.grants = [clusterGrant('base'), broad()];
    await expect(bed.apply({ overbroad: 'refuse' })).rejects.toMatchObject({
      code: 'grant-refused',
      details: { grants: ['broad'] },
    });
    expect(bed.world.count('write')).toBe(0);
    expect(bed.store.all()).toEqual([]);
  });

  it('waits where nobody watches, and the others are written', async () => {
    bed.grants = [clusterGrant('base'), broad()];
    const report = await bed.apply();
    expect(stateOf(report)).toBe('Applied');
    expect(stateOf(report, 'broad')).toBe('Pending');
    expect(report.entries.find(({ key }) => key === 'broad')?.problem?.hint).toContain('--allow-overbroad');
    const lines = bed.store.all();
    await bed.apply();
    expect(bed.store.all()).toEqual(lines);
  });

  it('is given to whoever says so, and mended from then on', async () => {
    bed.grants = [broad()];
    expect(stateOf(await bed.apply({ overbroad: 'allow' }), 'broad')).toBe('Applied');
    bed.world.put(SHARED, 'broad', undefined);
    expect(stateOf(await bed.apply(), 'broad')).toBe('Applied');
  });
});

describe('a revoke while a run is under way', () => {
  it('keeps it from giving what was planned before', async () => {
    bed.grants = [clusterGrant('base'), clusterGrant('more', { from: ['other'] })];
    at('observe', () => revokeGrant(bed.run(), 'base'));
    const report = await bed.apply();
    expect([...bed.world.all().keys()]).toEqual(['kubernetes:prod/other more']);
    expect(report.nextAt).toEqual(new Date(bed.clock.now().getTime() + 15_000));
    expect(stateOf(await bed.apply())).toBe('Revoked');
  });

  it('that comes too late for it is seen to at once', async () => {
    bed.grants = [clusterGrant('base')];
    at('entry', () => revokeGrant(bed.run(), 'base'));
    const report = await bed.apply();
    expect(report.nextAt).toEqual(new Date(bed.clock.now().getTime() + 15_000));
    expect(stateOf(await bed.apply())).toBe('Revoked');
    expect(bed.world.all().size).toBe(0);
  });
});

it('ends between two targets when it is told to stop', async () => {
  const names = Array.from({ length: 30 }, (_, index) => `ns-${index}`);
  for (const name of names) bed.world.namespaces.set(name, { uid: name, labels: {}, isTerminating: false });
  bed.grants = [clusterGrant('base', { from: names })];
  const stopping = new AbortController();
  at('write', () => stopping.abort());
  const report = await bed.apply({}, { signal: stopping.signal });
  expect(report.writes).toBeLessThan(10);
  expect((await bed.store.state()).entries.size).toBe(report.writes);
  expect(report.nextAt).toBeDefined();
  expect(stateOf(await bed.apply())).toBe('Applied');
});

describe('a run that is told to stop while it looks', () => {
  const stopped = (order: Parameters<GrantsBed['apply']>[0]) => {
    bed.grants = [clusterGrant('base')];
    const stopping = new AbortController();
    at('observe', () => {
      stopping.abort();
      return never();
    });
    return bed.apply(order, { signal: stopping.signal });
  };

  it.each([{ overbroad: 'refuse' as const }, { planHash: 'a'.repeat(64) }])(
    'waits for nobody and says so, not that the plan is another one: %j',
    async (order) => {
      await expect(stopped(order)).rejects.toMatchObject({ code: 'interrupted' });
      expect(bed.events()).toEqual([]);
    },
  );

  it('waits for nobody and writes nothing where nobody watches', async () => {
    expect(await stopped({ overbroad: 'skip' })).toMatchObject({ writes: 0 });
    expect(bed.world.all().size).toBe(0);
  });
});

describe('an entry that never came to be', () => {
  const refuse = ({ op, target }: Call) => {
    if (op === 'write' && target?.place === 'shared') throw new TransshipError('object-refused', 'quota');
  };

  it('is told as such until it is wanted no more, and then no more', async () => {
    bed.grants = [clusterGrant('base')];
    bed.world.before = refuse;
    await bed.apply();
    bed.grants = [clusterGrant('more')];
    bed.world.before = () => undefined;
    const report = await bed.apply();
    expect(report.grants.map(({ grant, state }) => [grant, state])).toEqual([['more', 'Applied']]);
    const lines = bed.store.all();
    await bed.apply();
    expect(bed.store.all()).toEqual(lines);
  });

  it('is not forgotten by a run over other grants', async () => {
    bed.grants = [clusterGrant('base'), clusterGrant('more', { from: ['other'] })];
    bed.world.before = refuse;
    await bed.apply();
    const lines = bed.store.all();
    await bed.apply({}, { only: ['more'] });
    expect(bed.store.all()).toEqual(lines);
  });
});
