// The rules of credentials that follow from requests for access, and when they end.
import { expect, it } from 'vitest';
import { accessRules, endedAccessRule } from '../../../functions/access/access-rules.ts';
import { credentialRulesOf } from '../../../functions/access/credential-rules.ts';
import type { GrantedAccess, PullGrant } from '../../../shared/grants/grant.ts';
import { emptyGrants, foldLines } from '../../../shared/grants/fold-journal.ts';
import { grantStatuses } from '../../../shared/grants/grant-status.ts';
import type { JournalEvent } from '../../../shared/grants/journal.ts';
import { declarationSha } from '../../../shared/grants/plan-hash.ts';
import { configOf } from '../../support/config-of.ts';
import { pullGrant } from '../../support/grants/pull-grant.ts';

const NOW = new Date('2026-11-21T12:00:00Z');
const LATER = new Date('2026-11-21T14:00:00Z');
const PLACE = { cluster: 'prod', namespace: 'my-ns' };

function access(id: string, own: Partial<GrantedAccess> = {}, more: Partial<PullGrant> = {}): PullGrant {
  const granted = { ...PLACE, registries: ['a.example.com'], serviceAccounts: ['default'], ...own };
  return pullGrant({ id, what: [], origin: 'store', access: granted, ...more });
}

const declared = (grant: PullGrant): JournalEvent => ({
  event: 'declared',
  grant: grant.id,
  declaration: grant,
  declarationSha: declarationSha(grant),
});

const revoked = (grant: PullGrant): JournalEvent => ({
  event: 'revoked',
  grant: grant.id,
  declarationSha: declarationSha(grant),
});

function stateOf(...events: JournalEvent[]) {
  return foldLines(
    emptyGrants(),
    events.map((event) => ({ at: NOW, actor: 'test', ...event })),
  );
}

it('of one Namespace are one, with all registries and ServiceAccounts', () => {
  const one = access('one');
  const two = access('two', { registries: ['b.example.com', 'a.example.com'], serviceAccounts: ['ci'] });
  const elsewhere = access('elsewhere', { namespace: 'other' });
  const covered = access('covered', { namespace: 'third', registries: [] });
  const rules = accessRules([], stateOf(...[one, two, elsewhere, covered].map(declared)), NOW);
  expect(rules).toMatchObject([
    {
      name: 'access:prod/my-ns',
      clusters: ['prod'],
      namespaces: { names: ['my-ns'] },
      registries: ['a.example.com', 'b.example.com'],
      secret: { name: 'transship-access', layout: 'merged' },
      serviceAccounts: { names: ['ci', 'default'] },
      prune: true,
      adopt: false,
    },
    { name: 'access:prod/other', registries: ['a.example.com'] },
  ]);
});

it.each<[string, JournalEvent[], Date]>([
  ['its end', [declared(access('one', {}, { expiresAt: LATER }))], LATER],
  ['a revoke', [declared(access('one')), revoked(access('one'))], NOW],
  ['a withdrawal', [declared(access('one')), { event: 'withdrawn', grant: 'one' }], NOW],
  [
    'its end, also where that is only told',
    [declared(access('one', {}, { expiresAt: LATER, onExpiry: 'warn' }))],
    LATER,
  ],
])('are over with %s, and what they brought goes', (_, events, now) => {
  const state = stateOf(...events);
  const rules = accessRules([], state, now);
  expect(rules).toEqual([]);
  expect(endedAccessRule(rules, state, PLACE)).toMatchObject({
    name: 'access:prod/my-ns',
    namespaces: { names: [] },
    secret: { name: 'transship-access' },
    prune: true,
  });
});

it('go on with what still holds', () => {
  const [one, two] = [access('one'), access('two', { registries: ['b.example.com'] })];
  const state = stateOf(declared(one), declared(two), revoked(one));
  const rules = accessRules([], state, NOW);
  expect(rules).toMatchObject([{ registries: ['b.example.com'] }]);
  expect(endedAccessRule(rules, state, PLACE)).toBeUndefined();
  expect(endedAccessRule(rules, state, { cluster: 'prod', namespace: 'never' })).toBeUndefined();
});

it('come behind those of the configuration, and are none for a cluster that it does not know', () => {
  const config = configOf('clusters: [{ name: prod, kubeconfig: {} }]');
  const state = stateOf(declared(access('one')), declared(access('two', { cluster: 'gone' })));
  expect(credentialRulesOf(config, state, NOW).map(({ name }) => name)).toEqual(['access:prod/my-ns']);
});

it('do not keep a grant without entries from being told as what it is', () => {
  const grant = access('one', {}, { expiresAt: LATER });
  const state = stateOf(declared(grant));
  expect(grantStatuses([grant], state, NOW)).toMatchObject([{ grant: 'one', state: 'Applied' }]);
  expect(grantStatuses([grant], state, LATER)).toMatchObject([{ grant: 'one', state: 'Expired' }]);
});
