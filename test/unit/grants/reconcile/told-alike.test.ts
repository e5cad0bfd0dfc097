// A list of grants, which asks nobody, tells the state of each by the words of the plan: before anybody has looked where that can be, and of
// all of them once a run was done.
import { beforeEach, describe, expect, it } from 'vitest';
import { grantStatuses, type GrantStatus } from '../../../../shared/grants/grant-status.ts';
import type { PullGrant } from '../../../../shared/grants/grant.ts';
import { saidNowhere } from '../../../../shared/grants/reconcile/said-nowhere.ts';
import { clusterGrant, grantsBed, type GrantsBed } from '../../../support/grants/grants-bed.ts';
import { pullGrant } from '../../../support/grants/pull-grant.ts';

const ECR = '123456789012.dkr.ecr.eu-west-1.amazonaws.com';
const EVERYBODY: Partial<PullGrant> = { grantees: [{ kind: 'Group', cluster: 'prod', name: 'system:authenticated' }] };
const REACH = 'everybody who is logged in (system:authenticated)';

function ecrGrant(id: string, own: Partial<PullGrant>): PullGrant {
  return pullGrant({
    id,
    what: [{ registry: ECR, what: { kind: 'repository', pattern: 'team/app' }, actions: ['pull'] }],
    ...own,
  });
}

const SAID_AT_ONCE: Record<string, [PullGrant, string]> = {
  'nobody approved it': [clusterGrant('one', EVERYBODY), `Pending: it reaches ${REACH}, and nobody approved that`],
  'it is given by hand': [
    clusterGrant('one', { ...EVERYBODY, approvedBy: 'jane' }),
    `Pending: it reaches ${REACH}, and is given only by hand`,
  ],
  'nobody approved an account that the configuration does not know': [
    ecrGrant('one', { grantees: [{ kind: 'AwsAccount', id: '999999999999' }] }),
    'Pending: it reaches the whole account 999999999999, which the configuration does not know, and nobody approved that',
  ],
  'a registry does not know such grantees': [
    ecrGrant('one', { grantees: [{ kind: 'Group', name: 'dev' }] }),
    'Unsupported: Group dev: a policy of ECR does not know such grantees',
  ],
  'it begins later': [
    clusterGrant('one', { notBefore: new Date('2999-01-01T00:00:00Z') }),
    'Pending: it begins at 2999-01-01T00:00:00.000Z',
  ],
};

const SAID_AFTER_A_RUN: Record<string, [PullGrant, string]> = {
  ...SAID_AT_ONCE,
  'all of it is there': [clusterGrant('one'), 'Applied'],
  'a Namespace is missing': [clusterGrant('one', { from: ['gone'] }), 'Pending: gone is not there'],
  'a part waits, and another one cannot be': [
    pullGrant({
      id: 'one',
      grantees: [{ kind: 'NamespaceServiceAccounts', cluster: 'prod', namespace: 'my-ns' }],
      what: [
        { registry: 'inside.svc', what: { kind: 'namespace', name: 'gone' }, actions: ['pull'] },
        { registry: ECR, what: { kind: 'repository', pattern: 'team/app' }, actions: ['pull'] },
      ],
    }),
    `Unsupported: ${ECR} does not ask any cluster who may pull: every ServiceAccount of my-ns @prod is nobody there; Pending: gone is not there`,
  ],
};

let bed: GrantsBed;
beforeEach(() => {
  bed = grantsBed();
});

const told = (statuses: readonly GrantStatus[]) =>
  statuses.map(({ state, problem }) => ({
    text: [state, problem?.message ?? []].flat().join(': '),
    hint: problem?.hint,
  }));

async function listed() {
  const { config, clock, store } = bed.run();
  const [state, now] = [await store.state(), clock.now()];
  return told(grantStatuses(bed.grants, state, now, await saidNowhere(config, bed.grants, state, now)));
}

const planned = async () => told((await bed.prepare()).statuses);

describe('a list says what the plan says', () => {
  it.each(Object.entries(SAID_AT_ONCE))('before anybody looked: %s', async (_, [grant, expected]) => {
    bed.grants = [grant];
    const [list] = [await listed()];
    expect(list).toMatchObject([{ text: expected }]);
    expect(await planned()).toEqual(list);
    expect(bed.store.all()).toEqual([]);
  });

  it.each(Object.entries(SAID_AFTER_A_RUN))('after a run: %s', async (_, [grant, expected]) => {
    bed.grants = [grant];
    const { grants } = await bed.apply();
    expect(told(grants)).toMatchObject([{ text: expected }]);
    expect(await listed()).toEqual(told(grants));
    expect(await planned()).toEqual(told(grants));
  });

  it('of one that was given, and reaches too far by now, what is taken and why', async () => {
    bed.grants = [clusterGrant('one')];
    await bed.apply();
    bed.grants = [clusterGrant('one', EVERYBODY)];
    const expected = { text: `Applying: it reaches ${REACH}, and nobody approved that` };
    expect(await listed()).toMatchObject([expected]);
    expect(await planned()).toEqual(await listed());
  });

  it('of hundreds of places, the first few', async () => {
    bed.grants = [clusterGrant('one', { from: Array.from({ length: 300 }, (_, at) => `gone-${at}`) })];
    await bed.apply();
    const [{ text } = { text: '' }] = await listed();
    expect(text).toMatch(/^Pending: gone-0 is not there; .*; and 296 more$/);
  });
});
