// Which Namespaces grants have anything to do with, and what of that a watch tells.
import { beforeEach, describe, expect, it } from 'vitest';
import {
  changesGrants,
  concernsGrants,
  grantedClusters,
} from '../../../functions/namespace-created/concerns-grants.ts';
import { grantsView, type GrantsView } from '../../../functions/namespace-created/grants-view.ts';
import type { Grantee, PullGrant, PullPart } from '../../../shared/grants/grant.ts';
import { pullGrant } from '../../support/grants/pull-grant.ts';

const part = (what: PullPart['what']): PullPart => ({ registry: 'inside.svc', what, actions: ['pull'] });
const grant = (grantee: Grantee, ...what: PullPart['what'][]): PullGrant =>
  pullGrant({ grantees: [grantee], what: what.map(part) });

const gold: Grantee = {
  kind: 'NamespaceSelector',
  cluster: 'prod',
  selector: { matchLabels: { tier: 'gold' } },
};
const account: Grantee = { kind: 'ServiceAccount', cluster: 'prod', namespace: 'my-ns', name: 'default' };
const self: PullPart['what'] = { kind: 'namespace', name: '{namespace}' };
const shared: PullPart['what'] = { kind: 'namespace', name: 'shared' };

it.each<[string, PullGrant, { name: string; labels?: Record<string, string> }, boolean]>([
  ['of a ServiceAccount', grant(account, shared), { name: 'my-ns' }, true],
  ['of images', grant(account, shared), { name: 'shared' }, true],
  ['of neither', grant(account, shared), { name: 'other' }, false],
  ['that a selector means', grant(gold, self), { name: 'a', labels: { tier: 'gold' } }, true],
  ['that a selector does not mean', grant(gold, self), { name: 'a', labels: {} }, false],
  ['whose labels nobody knows', grant(gold, self), { name: 'a' }, true],
  ['where every one is meant', grant({ ...gold, selector: 'all' }, self), { name: 'a', labels: {} }, true],
  ['of a repository', grant(account, { kind: 'repository', pattern: 'team/app' }), { name: 'team' }, true],
  ['of a pattern', grant(account, { kind: 'repository', pattern: 'team/**' }), { name: 'team' }, true],
  ['of the pattern for all', grant(account, { kind: 'repository', pattern: '**' }), { name: 'team' }, true],
  ['of another repository', grant(account, { kind: 'repository', pattern: 'team/app' }), { name: 'app' }, false],
  ['of no cluster', grant({ kind: 'AwsAccount', id: '1' }, shared), { name: 'shared' }, false],
  ['of another cluster', grant({ ...account, cluster: 'lab' }, shared), { name: 'my-ns' }, false],
])('a Namespace %s', (_, declared, namespace, expected) => {
  expect(concernsGrants([declared], 'prod', namespace)).toBe(expected);
});

it.each<[string, [Record<string, string>, Record<string, string>], boolean]>([
  ['comes under a selector', [{}, { tier: 'gold' }], true],
  ['leaves a selector', [{ tier: 'gold' }, { tier: 'iron' }], true],
  ['changes in what no selector looks at', [{ tier: 'gold' }, { tier: 'gold', a: 'b' }], false],
])('a Namespace that %s', (_, labels, expected) => {
  expect(changesGrants([grant(account, shared), grant(gold, self)], 'prod', labels)).toBe(expected);
  expect(changesGrants([grant(gold, self)], 'lab', labels)).toBe(false);
});

it('names the clusters of grantees', () => {
  const user: Grantee = { kind: 'User', name: 'bob' };
  expect(grantedClusters([grant(account), grant(user), grant({ ...user, cluster: 'lab' }), grant(gold)])).toEqual([
    'prod',
    'lab',
  ]);
});

describe('a view', () => {
  let grants: PullGrant[];
  let view: GrantsView;
  const namespace = (name: string, more: object = {}) => ({
    name,
    uid: `${name}-1`,
    labels: { tier: 'gold' },
    isTerminating: false,
    ...more,
  });

  beforeEach(() => {
    grants = [grant(gold, self)];
    view = grantsView('prod', () => grants);
  });

  it('tells of a Namespace once, and again when it was made anew', () => {
    expect(view.seeNamespace(namespace('a'))).toBe('created');
    expect(view.seeNamespace(namespace('a'))).toBeUndefined();
    expect(view.seeNamespace(namespace('a', { uid: 'a-2' }))).toBe('created');
  });

  it('tells when a selector means it, or does not any more', () => {
    expect(view.seeNamespace(namespace('a', { labels: {} }))).toBeUndefined();
    expect(view.seeNamespace(namespace('a'))).toBe('changed');
    expect(view.seeNamespace(namespace('a', { labels: {} }))).toBe('changed');
  });

  it('tells that one is gone that a grant looked at', () => {
    view.seeNamespace(namespace('a'));
    view.seeNamespace(namespace('b', { labels: {} }));
    expect([view.forgetNamespace('a'), view.forgetNamespace('b'), view.forgetNamespace('c')]).toEqual([
      true,
      false,
      false,
    ]);
  });

  it('tells nothing of one that goes', () => {
    expect(view.seeNamespace(namespace('a', { isTerminating: true }))).toBeUndefined();
  });

  it('is of the grants that hold when it is asked', () => {
    grants = [];
    expect([view.seeNamespace(namespace('a')), view.isAwaited()]).toEqual([undefined, false]);
    grants = [grant(account, shared)];
    expect([view.seeNamespace(namespace('my-ns')), view.isAwaited()]).toEqual(['created', true]);
  });
});
