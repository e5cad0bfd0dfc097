// What planning makes of grants, case by case: what is created, changed and removed, what is left alone, and what is told instead.
import { describe, expect, test } from 'vitest';
import { TransshipError } from '../../../shared/errors.ts';
import { hash16 } from '../../../shared/grants/canonical.ts';
import type { GrantChange } from '../../../shared/grants/grant-change.ts';
import type { Grantee, PullGrant } from '../../../shared/grants/grant.ts';
import type { ObservedGrants } from '../../../shared/grants/observed-grants.ts';
import { planGrants } from '../../../shared/grants/plan.ts';
import type { Target } from '../../../shared/grants/site.ts';
import { wantedGrants } from '../../../shared/grants/wanted-grants.ts';
import { pullGrant } from '../../support/grants/pull-grant.ts';
import { SimulatedWorld, simulatedWanted } from '../../support/grants/simulated-world.ts';

const AT_MARKED: Target = { backend: 'ecr', host: 'marked.io', place: 'team-a/app' };
const AT_UNMARKED: Target = { backend: 'quay', host: 'unmarked.io', place: 'team-a/app' };
const AT_PROD: Target = { backend: 'kubernetes', host: 'prod', place: 'shared-ns' };
const ANN: Grantee = { kind: 'User', name: 'ann' };
const ANN_ONLY = { role: 'read', user: 'ann' };
const SUBJECTS_OF_ANN = { subjects: [JSON.stringify(ANN)] };

const marked = (own: Partial<PullGrant> = {}): PullGrant =>
  pullGrant({ grantees: [ANN], what: [repository('marked.io')], ...own });
const unmarked = (own: Partial<PullGrant> = {}): PullGrant =>
  pullGrant({ grantees: [ANN], what: [repository('unmarked.io')], ...own });
const inCluster = (own: Partial<PullGrant> = {}): PullGrant =>
  pullGrant({
    grantees: [{ kind: 'ServiceAccount', cluster: 'prod', namespace: 'my-ns', name: 'default' }],
    what: [{ registry: 'inside.svc', what: { kind: 'namespace', name: 'shared-ns' }, actions: ['pull'] }],
    ...own,
  });

function repository(registry: string, pattern = 'team-a/app'): PullGrant['what'][number] {
  return { registry, what: { kind: 'repository', pattern }, actions: ['pull'] };
}

/** `create ecr:marked.io/team-a/app pull-grant-base declared`. */
function lines(changes: readonly GrantChange[]): string[] {
  return changes.map((change) => {
    const why = 'why' in change ? change.why : change.op === 'none' ? change.state : '';
    const key = change.key.startsWith('grant ') ? '' : change.key;
    return [change.op, change.target.place, key, why].filter((part) => part !== '').join(' ');
  });
}

describe('what a grant becomes', () => {
  test('is created once, and then left alone', () => {
    const world = new SimulatedWorld({});
    expect(lines(world.reconcile([marked()]))).toEqual(['create team-a/app pull-grant-base declared']);
    expect(lines(world.reconcile([marked()]))).toEqual(['noop team-a/app pull-grant-base']);
  });

  test('is put back where somebody removed or changed it, and that is called drift', () => {
    const world = new SimulatedWorld({});
    world.reconcile([marked()]);
    world.tamper(AT_MARKED, 'pull-grant-base', { subjects: ['somebody'] });
    expect(lines(world.reconcile([marked()]))).toEqual(['update team-a/app pull-grant-base drift']);
    world.tamper(AT_MARKED, 'pull-grant-base', undefined);
    expect(lines(world.reconcile([marked()]))).toEqual(['create team-a/app pull-grant-base drift']);
  });

  test('follows its declaration, and goes with it', () => {
    const world = new SimulatedWorld({});
    world.reconcile([marked()]);
    const bob: Grantee = { kind: 'User', name: 'bob' };
    expect(world.reconcile([marked({ grantees: [ANN, bob] })])).toMatchObject([
      { op: 'update', why: 'changed', risk: 'widen' },
    ]);
    expect(world.reconcile([marked({ grantees: [bob] })])).toMatchObject([
      { op: 'update', why: 'changed', risk: 'narrow' },
    ]);
    expect(world.reconcile([])).toMatchObject([{ op: 'delete', why: 'withdrawn', grants: ['base'] }]);
    expect(world.standing().size).toBe(0);
  });

  test('takes over nothing that another instance made, and stands beside it', () => {
    const content = SUBJECTS_OF_ANN;
    const world = new SimulatedWorld({ foreign: [{ target: AT_MARKED, key: 'theirs', content }] });
    const observed = (): ObservedGrants => {
      const { targets, ...rest } = world.observed();
      const seen = targets.map((target) => {
        if (!('entries' in target)) return target;
        return { ...target, entries: target.entries.map((entry) => ({ ...entry, isOtherInstance: true as const })) };
      });
      return { ...rest, targets: seen };
    };
    expect(lines(planGrants([marked({ adopt: true })], observed(), world.now))).toEqual([
      'create team-a/app pull-grant-base declared',
    ]);
    expect(lines(planGrants([marked({ mode: 'observe' })], observed(), world.now))).toEqual([
      'noop team-a/app pull-grant-base',
    ]);
  });

  test('with our mark and never heard of here it is told and stays, as it may be another server’s, until somebody says otherwise', () => {
    const world = new SimulatedWorld({});
    world.reconcile([marked()]);
    world.state = new SimulatedWorld({}).state;
    expect(world.plan([])).toMatchObject([
      {
        op: 'drift',
        isUnknown: true,
        grants: ['base'],
        message: expect.stringContaining('this journal does not know it'),
        hint: expect.stringContaining('--prune-unknown'),
      },
    ]);
    const pruning = { ...world.observed(), prunesUnknown: true };
    expect(planGrants([], pruning, world.now)).toMatchObject([{ op: 'delete', why: 'withdrawn', grants: ['base'] }]);
  });

  test('goes by its mark where its grant was declared here once, also where nothing is known of the entry', () => {
    const world = new SimulatedWorld({});
    world.reconcile([marked()]);
    world.state = new SimulatedWorld({}).state;
    world.declare(marked());
    expect(world.reconcile([])).toMatchObject([{ op: 'delete', why: 'withdrawn', grants: ['base'] }]);
  });

  test('goes where a damaged mark has no more than the hash of a grant that was declared here', () => {
    const world = new SimulatedWorld({});
    world.reconcile([marked()]);
    world.state = new SimulatedWorld({}).state;
    const damaged = (id: string): ObservedGrants => {
      const { targets, ...observed } = world.observed();
      const seen = targets.map((target) => {
        if (!('entries' in target)) return target;
        const entries = target.entries.map(({ grant: _grant, ...entry }) => ({ ...entry, grantHash: hash16(id) }));
        return { ...target, entries };
      });
      return { ...observed, targets: seen };
    };
    world.declare(marked());
    expect(planGrants([], damaged('base'), world.now)).toMatchObject([{ op: 'delete', grants: ['base'] }]);
    expect(planGrants([], damaged('other'), world.now)).toMatchObject([{ op: 'drift', grants: [] }]);
  });

  test('is only looked at where it observes', () => {
    const world = new SimulatedWorld({});
    const observing = marked({ mode: 'observe' });
    expect(lines(world.reconcile([observing]))).toEqual(['drift team-a/app pull-grant-base']);
    world.reconcile([marked()]);
    world.tamper(AT_MARKED, 'pull-grant-base', { subjects: [] });
    expect(lines(world.reconcile([observing]))).toEqual(['drift team-a/app pull-grant-base']);
    expect(lines(world.reconcile([{ ...observing, what: [repository('marked.io', 'other')] }]))).toEqual([
      'drift other pull-grant-base',
      'drift team-a/app pull-grant-base',
    ]);
  });

  test('waits for a repository or namespace that is not there, and does not write to one that is being removed', () => {
    for (const [state, message] of [
      ['missing', 'team-a/app is not there'],
      ['ending', 'team-a/app is being removed'],
    ] as const) {
      const world = new SimulatedWorld({});
      world.targets.set('ecr:marked.io/team-a/app', state);
      expect(world.plan([marked()])).toMatchObject([{ op: 'none', state: 'Pending', message }]);
    }
  });

  test('is gone without a write where its place is gone', () => {
    const world = new SimulatedWorld({});
    world.reconcile([marked()]);
    world.targets.set('ecr:marked.io/team-a/app', 'missing');
    expect(world.plan([])).toMatchObject([{ op: 'none', state: 'Revoked', key: 'pull-grant-base' }]);
  });
});

describe('when a grant holds', () => {
  const until = new Date('2026-11-21T13:00:00Z');

  test('before its time it is pending, and nothing stands', () => {
    const world = new SimulatedWorld({});
    expect(world.plan([marked({ notBefore: until })])).toMatchObject([
      { op: 'none', state: 'Pending', message: 'it begins at 2026-11-21T13:00:00.000Z' },
    ]);
  });

  test('past its end it goes before all else, also after days without a run', () => {
    const world = new SimulatedWorld({});
    world.reconcile([inCluster({ expiresAt: until }), marked({ id: 'other' })]);
    world.now = new Date('2026-11-23T12:00:00Z');
    const changes = world.reconcile([inCluster({ expiresAt: until }), marked({ id: 'new' })]);
    expect(lines(changes)).toEqual([
      'delete shared-ns pull-grant-base expired',
      'delete team-a/app pull-grant-other withdrawn',
      'create team-a/app pull-grant-new declared',
      'none Expired',
    ]);
    expect(lines(world.reconcile([inCluster({ expiresAt: until })]))).toContain('none Expired');
  });

  test('a grant that is past its end when it is declared gives nothing', () => {
    const world = new SimulatedWorld({});
    world.now = until;
    expect(lines(world.plan([marked({ expiresAt: until })]))).toEqual(['none Expired']);
  });

  test('a host whose clock is late does not give again what another one has ended, unless it was declared anew', () => {
    const world = new SimulatedWorld({});
    const grant = inCluster({ expiresAt: until });
    world.declare(grant);
    world.reconcile([grant]);
    world.now = until;
    world.reconcile([grant]);
    world.now = new Date(until.getTime() - 30_000);
    expect(lines(world.plan([grant]))).toEqual(['none Expired']);
    world.now = new Date(until.getTime() + 1000);
    const extended = { ...grant, expiresAt: new Date(until.getTime() + 30_000) };
    world.declare(extended);
    expect(lines(world.plan([extended]))).toEqual(['create shared-ns pull-grant-base declared']);
  });

  test('with a warning only it is told and stays, where no back end ends it', () => {
    const world = new SimulatedWorld({});
    const grants = [
      inCluster({ expiresAt: until, onExpiry: 'warn' }),
      marked({ id: 'native', expiresAt: until, onExpiry: 'warn' }),
    ];
    world.reconcile(grants);
    world.now = until;
    expect(lines(world.reconcile(grants))).toEqual([
      'delete team-a/app pull-grant-native expired',
      'none team-a/app Expired',
      'drift shared-ns pull-grant-base',
    ]);
    expect(lines(world.reconcile(grants))).toEqual(['none team-a/app Expired', 'drift shared-ns pull-grant-base']);
  });

  test('a revoke by hand outlives the declaration until that says something else', () => {
    const world = new SimulatedWorld({});
    const grant = marked();
    world.declare(grant);
    world.reconcile([grant]);
    world.revoke(grant);
    expect(lines(world.reconcile([grant]))).toEqual(['delete team-a/app pull-grant-base revoked', 'none Revoked']);
    expect(lines(world.reconcile([{ ...grant, requestedBy: './transship.yaml' }]))).toEqual(['none Revoked']);
    expect(lines(world.plan([{ ...grant, reason: 'asked for again' }]))).toEqual([
      'create team-a/app pull-grant-base declared',
    ]);
    world.journal({ event: 'resumed', grant: 'base' });
    expect(lines(world.reconcile([grant]))).toEqual(['create team-a/app pull-grant-base declared']);
  });

  test('everybody and every repository need somebody who approved', () => {
    const world = new SimulatedWorld({});
    const everybody = marked({ grantees: [{ kind: 'GooglePrincipal', member: 'allUsers' }] });
    expect(world.plan([everybody])).toMatchObject([
      {
        op: 'none',
        state: 'Pending',
        message: 'it reaches everybody, also without a login (allUsers), and nobody approved that',
      },
    ]);
    expect(world.reconcile([{ ...everybody, approvedBy: 'kim' }])).toMatchObject([
      { op: 'create', wanted: { overbroad: 'everybody, also without a login (allUsers)' } },
    ]);
    expect(world.plan([everybody])).toMatchObject([
      { op: 'delete', why: 'changed' },
      { op: 'none', state: 'Pending' },
    ]);
  });

  test('what only a back end finds to be everybody waits for approval, too', () => {
    const world = new SimulatedWorld({
      wanted: (request) => {
        const { entries, shortfalls } = simulatedWanted(request);
        return { entries: entries.map((entry) => ({ ...entry, overbroad: 'any account' })), shortfalls };
      },
    });
    expect(world.plan([marked()])).toMatchObject([{ op: 'none', state: 'Pending', target: AT_MARKED }]);
    expect(world.plan([marked({ approvedBy: 'kim' })])).toMatchObject([{ op: 'create' }]);
  });
});

describe('what is bound to a uid', () => {
  const pinned = inCluster({ pin: 'uid' });

  test('is suspended when its namespace is made anew, until somebody confirms it', () => {
    const world = new SimulatedWorld({ uids: { 'my-ns': 'one' } });
    world.declare(pinned);
    world.reconcile([pinned]);
    world.uids = { 'my-ns': 'two' };
    expect(lines(world.reconcile([pinned]))).toEqual([
      'delete shared-ns pull-grant-base suspended',
      'none shared-ns Suspended',
    ]);
    expect(lines(world.reconcile([pinned]))).toEqual(['none shared-ns Suspended']);
    const [waiting] = wantedGrants([pinned], world.observed(), world.now).shortfalls;
    expect(waiting?.uids).toEqual({ 'kubernetes:prod/my-ns': 'two' });
    world.journal({ event: 'confirmed', grant: 'base', uids: waiting?.uids ?? {} });
    expect(lines(world.reconcile([pinned]))).toEqual(['create shared-ns pull-grant-base declared']);
    world.uids = { 'my-ns': 'three' };
    expect(lines(world.plan([pinned]))).toContain('none shared-ns Suspended');
  });

  test('is written again without a word where the name is what counts', () => {
    const world = new SimulatedWorld({ uids: { 'my-ns': 'one' } });
    world.reconcile([inCluster()]);
    world.uids = { 'my-ns': 'two' };
    expect(lines(world.plan([inCluster()]))).toEqual(['noop shared-ns pull-grant-base']);
  });

  test('in one cluster means nothing to a namespace of the same name in another', () => {
    const world = new SimulatedWorld({ uids: { 'my-ns': 'one' } });
    world.reconcile([pinned]);
    world.uids = { 'my-ns': 'another' };
    const elsewhere = {
      ...pinned,
      grantees: [{ kind: 'NamespaceServiceAccounts' as const, cluster: 'stage', namespace: 'my-ns' }],
    };
    expect(lines(world.plan([elsewhere]))).toContain('create shared-ns pull-grant-base declared');
  });
});

describe('who decides', () => {
  test('a ServiceAccount means nothing to another cluster, and nothing to a registry outside of it', () => {
    const world = new SimulatedWorld({});
    const account: Grantee = { kind: 'ServiceAccount', cluster: 'edge', namespace: 'my-ns', name: 'default' };
    expect(world.plan([inCluster({ grantees: [account] })])).toMatchObject([
      { op: 'none', state: 'Unsupported', target: { host: 'inside.svc' } },
    ]);
    expect(world.plan([marked({ grantees: [{ ...account, cluster: 'prod' }, ANN] })])).toMatchObject([
      { op: 'create', target: AT_MARKED, wanted: { content: SUBJECTS_OF_ANN } },
      { op: 'none', state: 'Unsupported', target: { host: 'marked.io' } },
    ]);
  });

  test('each cluster gets its own grantees', () => {
    const world = new SimulatedWorld({});
    const grantees = ['prod', 'stage'].map((cluster): Grantee => ({
      kind: 'NamespaceServiceAccounts',
      cluster,
      namespace: `of-${cluster}`,
    }));
    expect(world.plan([inCluster({ grantees })])).toMatchObject([
      { op: 'create', target: AT_PROD, wanted: { content: { subjects: ['of-prod'] } } },
      { op: 'create', target: { host: 'stage' }, wanted: { content: { subjects: ['of-stage'] } } },
    ]);
  });

  test('whoever is no account of a cluster is told to name one at a registry inside of it', () => {
    const world = new SimulatedWorld({});
    expect(world.plan([inCluster({ grantees: [{ kind: 'AwsAccount', id: '123456789012' }] })])).toMatchObject([
      { op: 'none', state: 'Unsupported', hint: 'name a ServiceAccount, user or group, and its cluster' },
    ]);
  });

  test('all that is the matter at one place is one line for each grant, with the worst state', () => {
    const world = new SimulatedWorld({
      wanted: ({ grant, site }) => {
        const target = { backend: site.backend, host: site.host, place: '' };
        const shortfalls = (['Pending', 'Unsupported'] as const).map((state) => ({
          grant: grant.id,
          target,
          state,
          message: state.toLowerCase(),
        }));
        return { entries: [], shortfalls };
      },
    });
    expect(world.plan([marked({ id: 'a' }), marked({ id: 'b' })])).toMatchObject([
      {
        op: 'none',
        key: 'grant a',
        state: 'Unsupported',
        message: 'unsupported; Pending: pending',
        label: 'marked.io',
      },
      { op: 'none', key: 'grant b', state: 'Unsupported' },
    ]);
  });

  test('a registry without any means is said to have none, and one that nobody looked at blocks', () => {
    const world = new SimulatedWorld({});
    const grant = marked({ what: [repository('bare.io'), repository('unknown.io')] });
    expect(world.plan([grant])).toMatchObject([
      { op: 'none', state: 'Unsupported', target: { host: 'bare.io' } },
      { op: 'none', state: 'Blocked', target: { host: 'unknown.io' } },
    ]);
  });
});

describe('whose an entry is', () => {
  test('an equal one of somebody else is taken over only by a grant that says so', () => {
    for (const [target, key, content, grant] of [
      [AT_MARKED, 'pull-grant-base', SUBJECTS_OF_ANN, marked()],
      [AT_UNMARKED, 'ann', ANN_ONLY, unmarked()],
    ] as const) {
      const world = new SimulatedWorld({ foreign: [{ target, key, content }] });
      expect(world.reconcile([grant])).toMatchObject([{ op: 'conflict', label: `entry ${key}` }]);
      expect(lines(world.reconcile([{ ...grant, mode: 'observe' }]))).toEqual([`noop team-a/app ${key}`]);
      expect(world.reconcile([{ ...grant, adopt: true }])).toMatchObject([{ op: 'adopt', risk: 'same' }]);
      expect(lines(world.reconcile([grant]))).toEqual([`noop team-a/app ${key}`]);
      expect(lines(world.reconcile([]))).toEqual([`delete team-a/app ${key} withdrawn`]);
    }
  });

  test('an equal one under a name of its own is taken over, or enough for a grant that observes; else it stands beside ours', () => {
    const world = new SimulatedWorld({ foreign: [{ target: AT_MARKED, key: 'by hand', content: SUBJECTS_OF_ANN }] });
    const key = 'pull-grant-base';
    expect(world.plan([marked({ adopt: true })])).toMatchObject([{ op: 'adopt', key, label: 'entry by hand' }]);
    expect(world.plan([marked({ mode: 'observe' })])).toMatchObject([{ op: 'noop', key, label: 'entry by hand' }]);
    expect(world.plan([marked()])).toMatchObject([{ op: 'create', key }]);
  });

  test('another one of somebody else is never taken over', () => {
    const admin = { role: 'admin', user: 'ann' };
    const world = new SimulatedWorld({ foreign: [{ target: AT_UNMARKED, key: 'ann', content: admin }] });
    expect(world.reconcile([unmarked({ adopt: true })])).toMatchObject([{ op: 'conflict', before: admin }]);
    expect(world.plan([])).toEqual([]);
  });

  test('without a mark what we wrote is ours only as long as it is exactly that', () => {
    const world = new SimulatedWorld({});
    world.reconcile([unmarked()]);
    world.tamper(AT_UNMARKED, 'ann', { role: 'admin', user: 'ann' });
    expect(lines(world.reconcile([unmarked()]))).toEqual(['conflict team-a/app ann']);
    expect(world.reconcile([])).toMatchObject([]);
    expect(world.standing().size).toBe(1);
  });

  test('what a back end refused to write is not ours when a human makes it', () => {
    const world = new SimulatedWorld({});
    const of = { target: AT_UNMARKED, key: 'ann', label: 'ann', grants: ['base'] };
    world.journal({ event: 'intended', op: 'create', after: ANN_ONLY, ...of });
    world.journal({ event: 'settled', state: 'Blocked', message: 'denied', ...of });
    world.tamper(AT_UNMARKED, 'ann', ANN_ONLY);
    expect(lines(world.plan([unmarked()]))).toEqual(['conflict team-a/app ann']);
    expect(world.plan([])).toEqual([]);
  });

  test('what we may have written when the connection was lost is ours', () => {
    const world = new SimulatedWorld({});
    const of = { target: AT_UNMARKED, key: 'ann', label: 'ann', grants: ['base'] };
    world.journal({ event: 'intended', op: 'create', after: ANN_ONLY, ...of });
    world.journal({ event: 'settled', state: 'Blocked', message: 'timeout', mayBeWritten: true, ...of });
    world.tamper(AT_UNMARKED, 'ann', ANN_ONLY);
    expect(lines(world.plan([unmarked()]))).toEqual(['noop team-a/app ann']);
    expect(lines(world.plan([]))).toEqual(['delete team-a/app ann withdrawn']);
  });
});

describe('what several grants share', () => {
  const first = unmarked({ id: 'first' });
  const second = unmarked({ id: 'second' });

  test('stands as long as one of them needs it', () => {
    const world = new SimulatedWorld({});
    expect(world.reconcile([first, second])).toMatchObject([{ op: 'create', grants: ['first', 'second'] }]);
    world.declare(first);
    world.revoke(first);
    expect(world.reconcile([first, second])).toMatchObject([
      { op: 'none', state: 'Revoked', grants: ['first'] },
      { op: 'noop', grants: ['second'] },
    ]);
    expect(world.reconcile([first])).toMatchObject([
      { op: 'delete', grants: ['first', 'second'] },
      { op: 'none', state: 'Revoked' },
    ]);
  });

  test('is written for the one that enforces, and not because of the one that observes', () => {
    const world = new SimulatedWorld({});
    expect(lines(world.plan([first, { ...second, mode: 'observe' }]))).toEqual(['create team-a/app ann declared']);
  });

  test('keeps what stands where they want different things, and the other is told', () => {
    const role = (grant: PullGrant): string => (grant.id === 'first' ? 'write' : 'read');
    const world = new SimulatedWorld({
      wanted: (request) => {
        const { entries } = simulatedWanted(request);
        return {
          shortfalls: [],
          entries: entries.map((entry) => ({ ...entry, content: { role: role(request.grant), user: entry.key } })),
        };
      },
    });
    expect(world.plan([second, first])).toMatchObject([
      { op: 'create', grants: ['first'] },
      { op: 'none', state: 'Blocked', grants: ['second'] },
    ]);
    world.reconcile([second]);
    expect(world.plan([first, second])).toMatchObject([
      { op: 'noop', grants: ['second'] },
      { op: 'none', state: 'Blocked', grants: ['first'] },
    ]);
  });
});

describe('what cannot be seen', () => {
  const trouble = new TransshipError('cluster-unavailable', 'no answer', { hint: 'look at the network' });

  test('a target that cannot be read blocks its grants, and nobody else', () => {
    const world = new SimulatedWorld({});
    world.reconcile([marked(), inCluster({ id: 'gone' })]);
    world.targets.set('kubernetes:prod/shared-ns', trouble);
    expect(world.plan([marked({ grantees: [{ kind: 'User', name: 'bob' }] })])).toMatchObject([
      { op: 'update', target: AT_MARKED },
      {
        op: 'none',
        state: 'Blocked',
        target: AT_PROD,
        grants: ['gone'],
        message: 'no answer',
        hint: 'look at the network',
      },
    ]);
  });

  test('where a site cannot be surveyed what stands there stays, and what is withdrawn goes all the same', () => {
    const world = new SimulatedWorld({});
    world.reconcile([marked(), marked({ id: 'gone' })]);
    world.down.set('marked.io', trouble);
    expect(lines(world.plan([marked()]))).toEqual(['delete team-a/app pull-grant-gone withdrawn', 'none Blocked']);
  });

  test('where it cannot be said whom an entry was for, nothing goes while one grant is unclear', () => {
    const world = new SimulatedWorld({});
    world.reconcile([marked({ id: 'gone' })]);
    world.state = new SimulatedWorld({}).state;
    const plan = (): GrantChange[] => {
      const observed = world.observed();
      const targets = observed.targets.map((target) =>
        'entries' in target
          ? { ...target, entries: target.entries.map(({ grant: _grant, ...entry }) => entry) }
          : target,
      );
      const pruning = { ...observed, targets, prunesUnknown: true };
      return planGrants([marked({ what: [repository('marked.io', 'other')] })], pruning, world.now);
    };
    expect(plan()).toMatchObject([{ op: 'delete', why: 'withdrawn', grants: [] }, { op: 'none' }]);
    world.down.set('marked.io', trouble);
    expect(plan()).toMatchObject([{ op: 'none', state: 'Blocked', message: 'no answer' }]);
  });

  test('a grant that a back end cannot tell keeps what it has, and the others are told', () => {
    const world = new SimulatedWorld({
      wanted: (request) => {
        if (request.grant.reason === 'broken') throw new Error('cannot be told');
        return simulatedWanted(request);
      },
    });
    world.reconcile([marked()]);
    expect(world.plan([marked({ reason: 'broken' }), marked({ id: 'other' })])).toMatchObject([
      { op: 'create', grants: ['other'] },
      { op: 'none', state: 'Blocked', grants: ['base'], message: 'cannot be told' },
    ]);
  });

  test('a site that nobody asked about keeps what it has', () => {
    const world = new SimulatedWorld({});
    world.reconcile([marked()]);
    const { sites, ...observed } = world.observed();
    const others = sites.filter(({ site }) => site.host !== 'marked.io');
    expect(planGrants([], { ...observed, sites: others }, world.now)).toEqual([]);
    expect(planGrants([], { ...observed, sites }, world.now)).toMatchObject([{ op: 'delete' }]);
  });
});

describe('the order of changes', () => {
  test('narrows before it widens', () => {
    const world = new SimulatedWorld({});
    const bob: Grantee = { kind: 'User', name: 'bob' };
    world.reconcile([marked({ id: 'b', grantees: [ANN, bob] }), marked({ id: 'c' })]);
    const changes = world.plan([marked({ id: 'a' }), marked({ id: 'b', grantees: [ANN] })]);
    expect(lines(changes)).toEqual([
      'update team-a/app pull-grant-b changed',
      'delete team-a/app pull-grant-c withdrawn',
      'create team-a/app pull-grant-a declared',
    ]);
  });

  test('an entry goes after the one that takes its place: nobody is locked out between the two', () => {
    const world = new SimulatedWorld({
      wanted: (request) => {
        const { entries, shortfalls } = simulatedWanted(request);
        return {
          entries: entries.map((entry) => ({ ...entry, key: `${entry.key}-${request.grant.reason}` })),
          shortfalls,
        };
      },
    });
    world.reconcile([marked({ reason: 'z' })]);
    expect(lines(world.plan([marked({ reason: 'a' })]))).toEqual([
      'create team-a/app pull-grant-base-a declared',
      'delete team-a/app pull-grant-base-z changed',
    ]);
  });
});
