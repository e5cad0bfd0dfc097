// Whether a change lets more be pulled, and what reaches so far that somebody has to approve of it.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Json } from '../../../shared/grants/canonical.ts';
import { overbroadWidenings } from '../../../shared/grants/approval.ts';
import { overbroadReasons } from '../../../shared/grants/overbroad.ts';
import type { Grantee, PullPart } from '../../../shared/grants/grant.ts';
import { riskOf } from '../../../shared/grants/risk.ts';
import { pullGrant } from '../../support/grants/pull-grant.ts';
import { SimulatedWorld } from '../../support/grants/simulated-world.ts';

const until = (moment: string): Json => ({
  Principal: ['a'],
  Condition: { DateLessThan: { 'aws:CurrentTime': moment } },
});
const expression = (moment: string): Json => ({ condition: { expression: `request.time < timestamp("${moment}")` } });

describe('the risk of an update', () => {
  test.each<[string, Json, Json, string]>([
    ['nothing differs but the order of members', { a: 1, b: ['x'] }, { b: ['x'], a: 1 }, 'same'],
    ['nothing differs but the order of a list', ['x', 'y'], ['y', 'x'], 'same'],
    ['somebody comes to it', { subjects: ['a'] }, { subjects: ['a', 'b'] }, 'widen'],
    ['somebody leaves it', { subjects: ['a', 'b'] }, { subjects: ['a'] }, 'narrow'],
    ['one leaves and another one comes', { subjects: ['a'] }, { subjects: ['b'] }, 'widen'],
    ['a condition comes to it', { subjects: ['a'] }, { subjects: ['a'], condition: { x: 'y' } }, 'narrow'],
    ['a condition leaves it', { subjects: ['a'], condition: { x: 'y' } }, { subjects: ['a'] }, 'widen'],
    [
      'a condition is eased',
      { Condition: { StringEquals: ['a'] } },
      { Condition: { StringEquals: ['b', 'a'] } },
      'widen',
    ],
    [
      'a condition names fewer, and nobody can tell what that means',
      { Condition: { StringNotEquals: ['a', 'b'] } },
      { Condition: { StringNotEquals: ['a'] } },
      'widen',
    ],
    ['a condition gets one more part', { Condition: { a: 'x' } }, { Condition: { a: 'x', b: 'y' } }, 'narrow'],
    ['it ends earlier', until('2027-02-01T00:00:00Z'), until('2027-01-31T00:00:00Z'), 'narrow'],
    ['it ends later', until('2027-01-31T00:00:00Z'), until('2027-02-01T00:00:00Z'), 'widen'],
    ['its expression ends earlier', expression('2027-02-01T00:00:00Z'), expression('2027-01-31T00:00:00Z'), 'narrow'],
    ['its expression ends later', expression('2027-01-31T00:00:00Z'), expression('2027-02-01T00:00:00Z'), 'widen'],
    ['a moment takes the place of none', { end: 'never' }, { end: '2027-01-31T00:00:00Z' }, 'widen'],
    ['a role takes the place of another', { role: 'read' }, { role: 'admin' }, 'widen'],
    ['a name becomes a list', { user: 'a' }, { user: ['a'] }, 'widen'],
  ])('when %s', (_, before, after, risk) => {
    expect(riskOf(before, after)).toBe(risk);
  });

  test('is never told to be less than a widening where somebody new may pull', () => {
    const subjects = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd'));
    fc.assert(
      fc.property(subjects, subjects, (before, after) => {
        const isWider = after.some((one) => !before.includes(one));
        expect(riskOf({ subjects: before }, { subjects: after }) === 'widen').toBe(isWider);
      }),
    );
  });
});

describe('what reaches too far', () => {
  const user = (kind: 'User' | 'Group', name: string): Grantee => ({ kind, cluster: 'prod', name });
  test.each<[Grantee, boolean]>([
    [user('Group', 'system:authenticated'), true],
    [user('Group', 'system:unauthenticated'), true],
    [user('Group', 'system:authenticated:oauth'), true],
    [user('User', 'system:anonymous'), true],
    [user('User', '*'), true],
    [user('Group', 'system:serviceaccounts:my-ns'), false],
    [user('Group', 'constructor'), false],
    [{ kind: 'GooglePrincipal', member: 'allUsers' }, true],
    [{ kind: 'GooglePrincipal', member: 'allAuthenticatedUsers' }, true],
    [{ kind: 'GooglePrincipal', member: 'group:allUsers@acme.io' }, false],
    [{ kind: 'AwsPrincipal', arn: '*' }, true],
    [{ kind: 'AwsAccount', id: '012345678901' }, false],
    [{ kind: 'NamespaceSelector', cluster: 'prod', selector: 'all' }, false],
    [{ kind: 'Team', name: '*' }, false],
  ])('of grantees: %j %s', (grantee, isBroad) => {
    expect(overbroadReasons({ grantees: [grantee], what: [] })).toHaveLength(isBroad ? 1 : 0);
  });

  test.each([
    ['{namespace}', []],
    ['shared-ns', ['the ServiceAccounts of every Namespace of prod']],
  ])('of every Namespace, for images in %s', (name, reasons) => {
    const grantees: Grantee[] = [{ kind: 'NamespaceSelector', cluster: 'prod', selector: 'all' }];
    const what: PullPart[] = [{ registry: 'r.io', what: { kind: 'namespace', name }, actions: ['pull'] }];
    expect(overbroadReasons({ grantees, what })).toEqual(reasons);
  });

  test.each<[PullPart['what'], boolean]>([
    [{ kind: 'repository', pattern: '**' }, true],
    [{ kind: 'repository', pattern: '*' }, true],
    [{ kind: 'repository', pattern: 'team-a/**' }, false],
    [{ kind: 'repository', pattern: 'team-a/app' }, false],
    [{ kind: 'namespace', name: '*' }, true],
    [{ kind: 'namespace', name: '{namespace}' }, false],
  ])('of repositories: %j %s', (what, isBroad) => {
    const reasons = overbroadReasons({ grantees: [], what: [{ registry: 'r.io', what, actions: ['pull'] }] });
    expect(reasons).toEqual(isBroad ? ['every repository of r.io'] : []);
  });

  test('needs a flag when it is given or widened, and none when what was given is put back or taken', () => {
    const grant = pullGrant({
      grantees: [{ kind: 'User', name: '*' }],
      what: [{ registry: 'marked.io', what: { kind: 'repository', pattern: 'app' }, actions: ['pull'] }],
      approvedBy: 'kim',
    });
    const world = new SimulatedWorld({});
    const flagged = (): string[] => overbroadWidenings(world.plan([grant]), world.state).map(({ op }) => op);
    expect(flagged()).toEqual(['create']);
    world.reconcile([grant]);
    expect(flagged()).toEqual([]);
    const target = { backend: 'ecr' as const, host: 'marked.io', place: 'app' };
    world.tamper(target, 'pull-grant-base', undefined);
    expect(world.plan([grant])).toMatchObject([{ op: 'create', why: 'drift' }]);
    expect(flagged()).toEqual([]);
    expect(overbroadWidenings(world.plan([]), world.state)).toEqual([]);
  });
});
