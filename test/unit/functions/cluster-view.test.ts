// What a watch of a cluster calls for: jobs where something new lacks what rules want, and nowhere else.
import { beforeEach, describe, expect, it } from 'vitest';
import { clusterView, type ClusterView } from '../../../functions/namespace-created/cluster-view.ts';
import type { Config } from '../../../shared/config/config.ts';
import type { CredentialRule } from '../../../shared/credentials/credential-rule.ts';

const rule = (more: Partial<CredentialRule>): CredentialRule => ({
  name: 'pull',
  clusters: ['prod'],
  namespaces: { names: ['team-*'], exclude: ['team-x'] },
  registries: ['registry.example.com'],
  secret: { name: 'pull', layout: 'merged' },
  serviceAccounts: { names: ['default'] },
  verify: false,
  prune: false,
  adopt: false,
  ...more,
});

const gold = rule({
  name: 'gold',
  namespaces: { selector: { matchLabels: { tier: 'gold' } }, exclude: [] },
  secret: { name: 'gold', layout: 'merged' },
  serviceAccounts: 'all',
});

let config: Pick<Config, 'credentials'>;
let view: ClusterView;

beforeEach(() => {
  config = {
    credentials: [
      rule({}),
      gold,
      rule({ name: 'elsewhere', clusters: ['lab'], namespaces: { all: true, exclude: [] } }),
    ],
  };
  view = clusterView('prod', () => config);
});

const namespace = (name: string, more: object = {}) => ({
  name,
  uid: `${name}-1`,
  labels: {},
  isTerminating: false,
  ...more,
});
const account = (place: string, name: string, ...imagePullSecrets: string[]) => ({
  namespace: place,
  name,
  labels: {},
  imagePullSecrets,
});

describe('a Namespace', () => {
  it.each<[string, object, 'created' | undefined]>([
    ['is new where a rule means it by name', namespace('team-a'), 'created'],
    ['is new where a rule means it by label', namespace('other', { labels: { tier: 'gold' } }), 'created'],
    ['is nobody’s where no rule means it', namespace('other'), undefined],
    ['is nobody’s where it is left out', namespace('team-x'), undefined],
    ['is nobody’s where it goes', namespace('team-a', { isTerminating: true }), undefined],
  ])('%s', (_, seen, expected) => {
    expect(view.seeNamespace(seen as ReturnType<typeof namespace>)).toBe(expected);
  });

  it('is no news when it changes in what rules do not look at', () => {
    view.seeNamespace(namespace('team-a'));
    expect(view.seeNamespace(namespace('team-a', { labels: { a: 'b' } }))).toBeUndefined();
  });

  it('is news when other rules mean it since its labels changed', () => {
    view.seeNamespace(namespace('team-a'));
    expect(view.seeNamespace(namespace('team-a', { labels: { tier: 'gold' } }))).toBe('changed');
    expect(view.seeNamespace(namespace('team-a'))).toBe('changed');
  });

  it('is new when it was made anew', () => {
    view.seeNamespace(namespace('team-a'));
    expect(view.seeNamespace(namespace('team-a', { uid: 'team-a-2' }))).toBe('created');
  });

  it('tells its labels as long as it is there', () => {
    view.seeNamespace(namespace('other', { labels: { tier: 'gold' } }));
    expect(view.labelsOf('other')).toEqual({ tier: 'gold' });
    view.forgetNamespace('other');
    expect(view.labelsOf('other')).toBeUndefined();
  });
});

describe('a ServiceAccount', () => {
  beforeEach(() => {
    view.seeNamespace(namespace('team-a'));
    view.seeNamespace(namespace('golden', { labels: { tier: 'gold' } }));
  });

  it.each([
    ['that a rule names and that lacks the reference', account('team-a', 'default', 'other'), ['team-a']],
    ['that has the reference', account('team-a', 'default', 'other', 'pull'), []],
    ['that no rule names', account('team-a', 'builder'), []],
    ['of any name, where all are meant', account('golden', 'builder'), ['golden']],
    ['of a Namespace that no rule means', account('kube-system', 'default'), []],
  ])('%s', (_, seen, expected) => {
    view.seeNamespace(namespace('kube-system'));
    view.seeServiceAccount(seen);
    expect(view.takeIncomplete()).toEqual(expected);
  });

  it('is told once, and not at all when it gets its reference meanwhile', () => {
    view.seeServiceAccount(account('team-a', 'default'));
    expect(view.takeIncomplete()).toEqual(['team-a']);
    expect(view.takeIncomplete()).toEqual([]);
    view.seeServiceAccount(account('team-a', 'default'));
    view.seeServiceAccount(account('team-a', 'default', 'pull'));
    expect(view.takeIncomplete()).toEqual([]);
  });

  it('that goes calls for nothing, and the others of its Namespace still do', () => {
    for (const name of ['one', 'two']) view.seeServiceAccount(account('golden', name));
    view.forgetServiceAccount('golden', 'one');
    expect(view.takeIncomplete()).toEqual(['golden']);
    view.seeServiceAccount(account('golden', 'one'));
    view.forgetServiceAccount('golden', 'one');
    expect(view.takeIncomplete()).toEqual([]);
  });

  it('that is seen before its Namespace is looked at when that comes', () => {
    view.seeServiceAccount(account('team-new', 'default'));
    view.seeServiceAccount(account('unknown', 'default'));
    expect(view.takeIncomplete()).toEqual([]);
    view.seeNamespace(namespace('team-new'));
    expect(view.takeIncomplete()).toEqual(['team-new']);
  });

  it('of a Namespace that goes calls for nothing', () => {
    view.seeServiceAccount(account('team-a', 'default'));
    view.forgetNamespace('team-a');
    expect(view.takeIncomplete()).toEqual([]);
    view.seeNamespace(namespace('team-b', { isTerminating: true }));
    view.seeServiceAccount(account('team-b', 'default'));
    expect(view.takeIncomplete()).toEqual([]);
  });

  it('is measured by the rules that hold when it is seen', () => {
    config = { credentials: [rule({ secret: { name: 'new', layout: 'merged' } })] };
    view.seeServiceAccount(account('team-a', 'default', 'pull'));
    expect(view.takeIncomplete()).toEqual(['team-a']);
  });
});
