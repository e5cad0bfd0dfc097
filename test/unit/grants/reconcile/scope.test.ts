// Runs over some grants change nothing of others, and a run for one Namespace does not look at all that is as it was.
import { beforeEach, expect, it } from 'vitest';
import type { PullGrant } from '../../../../shared/grants/grant.ts';
import { targetKey } from '../../../../shared/grants/site.ts';
import { clusterGrant, grantsBed, type GrantsBed } from '../../../support/grants/grants-bed.ts';

/** Each selected Namespace may pull what is in itself. */
const SELF: PullGrant = clusterGrant('self', {
  from: ['{namespace}'],
  grantees: [{ kind: 'NamespaceSelector', cluster: 'prod', selector: { matchLabels: { pull: 'yes' } } }],
});

let bed: GrantsBed;

beforeEach(() => {
  bed = grantsBed();
});

function addNamespace(name: string, labels: Record<string, string> = { pull: 'yes' }): void {
  bed.world.namespaces.set(name, { uid: `uid-${name}`, labels, isTerminating: false });
}

const standing = () => [...bed.world.all().keys()].map((key) => key.split(' ')[0]);

function observed(): string[] {
  return bed.world.calls.flatMap(({ op, target }) => (op === 'observe' && target ? [targetKey(target)] : []));
}

it('changes nothing of the other grants at the same place', async () => {
  bed.grants = [clusterGrant('one'), clusterGrant('two', { to: 'your-ns' })];
  const report = await bed.apply({}, { only: ['two'] });
  expect(report.entries.map(({ grants }) => grants)).toEqual([['two']]);
  expect(bed.world.all().size).toBe(1);
  const { plan } = await bed.prepare({ only: ['two'] });
  expect(plan.changes.map(({ op, grants }) => [op, grants])).toEqual([['noop', ['two']]]);
});

it('looks only at a new Namespace where the others are as the journal knows them', async () => {
  for (const name of ['a', 'b', 'c']) addNamespace(name);
  bed.grants = [SELF];
  await bed.apply();
  addNamespace('d');
  bed.world.calls.length = 0;
  const touched = { cluster: 'prod', namespace: 'd' };
  const report = await bed.apply({}, { only: ['self'], touched });
  expect(report.writes).toBe(1);
  expect(new Set(observed())).toEqual(new Set(['kubernetes:prod/d']));
  expect(standing()).toContain('kubernetes:prod/d');
  expect(report.grants).toMatchObject([{ grant: 'self', state: 'Applied' }]);
  expect([...(await bed.store.state()).entries.values()].map(({ state }) => state)).toEqual(Array(4).fill('Applied'));
});

it('leaves to the run over all what that has not written yet', async () => {
  for (const name of ['a', 'b', 'c']) addNamespace(name);
  bed.grants = [SELF, clusterGrant('in', { grantees: SELF.grantees, from: ['shared', 'other'] })];
  addNamespace('d');
  const report = await bed.apply({}, { only: ['self'], touched: { cluster: 'prod', namespace: 'd' } });
  expect(new Set(observed())).toEqual(new Set(['kubernetes:prod/d']));
  expect(report.writes).toBe(1);
  await bed.apply();
  expect(standing()).toHaveLength(6);
});

it('looks elsewhere, too, where nobody has written what a Namespace is the first to bring about', async () => {
  bed.grants = [clusterGrant('in', { grantees: SELF.grantees, from: ['shared'] }), clusterGrant('other')];
  addNamespace('a');
  const report = await bed.apply({}, { only: ['in'], touched: { cluster: 'prod', namespace: 'a' } });
  expect(new Set(observed())).toEqual(new Set(['kubernetes:prod/shared']));
  expect(report.grants).toContainEqual(expect.objectContaining({ grant: 'in', state: 'Applied' }));
});

it.each(['shared', '{namespace}'])(
  'a run over all that began before a Namespace takes nothing from it (%s)',
  async (from) => {
    bed.grants = [clusterGrant('in', { grantees: SELF.grantees, from: [from] })];
    addNamespace('a');
    await bed.apply();
    let isDone = false;
    bed.world.before = async ({ op }) => {
      if (isDone || op !== 'marked') return;
      isDone = true;
      // the list of all Namespaces was answered
      await new Promise((resolve) => setImmediate(resolve));
      addNamespace('b');
      await bed.apply({}, { only: ['in'], touched: { cluster: 'prod', namespace: 'b' }, holder: 'two' });
    };
    await bed.apply();
    expect(JSON.stringify([...bed.world.all()])).toContain('system:serviceaccounts:b');
    expect(isDone).toBe(true);
  },
);

it('takes away what a Namespace had by a label that it lost', async () => {
  for (const name of ['a', 'b']) addNamespace(name);
  bed.grants = [SELF];
  await bed.apply();
  addNamespace('b', {});
  await bed.apply({}, { only: ['self'], touched: { cluster: 'prod', namespace: 'b' } });
  expect(standing()).toEqual(['kubernetes:prod/a']);
});

it('also looks elsewhere at what a Namespace has changed there', async () => {
  addNamespace('a');
  bed.grants = [
    clusterGrant('in', { grantees: SELF.grantees, from: ['shared'] }),
    clusterGrant('other', { from: ['other'] }),
  ];
  await bed.apply();
  addNamespace('b');
  bed.world.calls.length = 0;
  const report = await bed.apply({}, { only: ['in'], touched: { cluster: 'prod', namespace: 'b' } });
  expect(report.writes).toBe(1);
  expect(new Set(observed())).toEqual(new Set(['kubernetes:prod/shared']));
});
