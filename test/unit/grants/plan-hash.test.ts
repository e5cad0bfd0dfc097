// What identifies declarations, plans and entries, and what does not matter to it.
import { describe, expect, test } from 'vitest';
import { TransshipError } from '../../../shared/errors.ts';
import type { PullGrant } from '../../../shared/grants/grant.ts';
import { declarationSha, entryKey, planHash } from '../../../shared/grants/plan-hash.ts';
import { pullGrant } from '../../support/grants/pull-grant.ts';
import { SimulatedWorld } from '../../support/grants/simulated-world.ts';

const GRANT = pullGrant({
  grantees: [
    {
      kind: 'NamespaceSelector',
      cluster: 'prod',
      selector: { matchLabels: { a: '1', b: '2' } },
      serviceAccounts: ['x', 'y'],
    },
    { kind: 'AwsOrganization', id: 'o-a1b2c3d4e5', paths: ['o-a1b2c3d4e5/r-1/*', 'o-a1b2c3d4e5/r-2/*'] },
    { kind: 'User', name: 'ann' },
  ],
  what: [
    { registry: 'marked.io', what: { kind: 'repository', pattern: 'team-a/app' }, actions: ['pull', 'list'] },
    { registry: 'unmarked.io', what: { kind: 'repository', pattern: 'team-a/app' }, actions: ['pull'] },
  ],
  expiresAt: new Date('2027-01-31T00:00:00Z'),
});

describe('the hash of a declaration', () => {
  test.each<[string, Partial<PullGrant>]>([
    [
      'the order of lists and members',
      {
        grantees: [
          { name: 'ann', kind: 'User' },
          { kind: 'AwsOrganization', paths: ['o-a1b2c3d4e5/r-2/*', 'o-a1b2c3d4e5/r-1/*'], id: 'o-a1b2c3d4e5' },
          {
            cluster: 'prod',
            kind: 'NamespaceSelector',
            serviceAccounts: ['y', 'x'],
            selector: { matchLabels: { b: '2', a: '1' } },
          },
        ],
        what: GRANT.what.toReversed().map((part) => ({ ...part, actions: part.actions.toReversed() })),
      },
    ],
    ['the path by which the same file is named', { requestedBy: '/etc/transship.yaml' }],
    ['another object for the same moment', { expiresAt: new Date('2027-01-31T01:00:00+01:00') }],
  ])('stays with %s', (_, other) => {
    expect(declarationSha({ ...GRANT, ...other })).toBe(declarationSha(GRANT));
  });

  test.each<[string, Partial<PullGrant>]>([
    ['who', { grantees: [] }],
    ['what', { what: GRANT.what.slice(1) }],
    ['until when', { expiresAt: new Date('2027-02-01T00:00:00Z') }],
    ['from when', { notBefore: new Date('2027-01-01T00:00:00Z') }],
    ['why', { reason: 'another one' }],
    ['who approved it', { approvedBy: 'kim' }],
    ['its mode', { mode: 'observe' }],
  ])('changes with %s', (_, other) => {
    expect(declarationSha({ ...GRANT, ...other })).not.toBe(declarationSha(GRANT));
  });

  test('of a grant by the API changes with who asked for it', () => {
    const stored: PullGrant = { ...GRANT, origin: 'store' };
    expect(declarationSha({ ...stored, requestedBy: 'ann' })).not.toBe(
      declarationSha({ ...stored, requestedBy: 'bob' }),
    );
  });
});

describe('the hash of a plan', () => {
  const grant = pullGrant({
    grantees: [{ kind: 'User', name: 'ann' }],
    what: [{ registry: 'marked.io', what: { kind: 'repository', pattern: 'app' }, actions: ['pull'] }],
  });
  const other = { backend: 'ecr' as const, host: 'marked.io', place: 'other' };
  const hashOf = (world: SimulatedWorld, desired: readonly PullGrant[]): string =>
    planHash(world.plan(desired), world.observed().targets);

  test('is that of what is done, whenever it is planned', () => {
    const world = new SimulatedWorld({});
    const hash = hashOf(world, [grant]);
    expect(hash).toMatch(/^[0-9a-f]{64}$/);
    world.now = new Date('2026-12-01T00:00:00Z');
    expect(hashOf(world, [grant])).toBe(hash);
    expect(hashOf(world, [{ ...grant, grantees: [{ kind: 'User', name: 'bob' }] }])).not.toBe(hash);
  });

  test('does not depend on the words of who did not answer', () => {
    const world = new SimulatedWorld({});
    const told = (message: string): string => {
      world.down.set('marked.io', new TransshipError('timeout', message));
      return hashOf(world, [grant]);
    };
    expect(told('no answer after 31 s')).toBe(told('no answer after 30 s'));
  });

  test('changes when a target that is written to does, and not because of others', () => {
    const world = new SimulatedWorld({});
    const changes = world.plan([grant]);
    const { targets } = world.observed();
    const hash = planHash(changes, targets);
    const elsewhere = { target: other, state: 'there' as const, revision: 'x', entries: [] };
    expect(planHash(changes, [...targets, elsewhere])).toBe(hash);
    const touched = targets.map((target) => ('revision' in target ? { ...target, revision: 'another' } : target));
    expect(planHash(changes, touched)).not.toBe(hash);
  });
});

test('the key of an entry tells apart what a place and a key together could confuse', () => {
  const target = { backend: 'ecr' as const, host: 'r.io', place: 'a' };
  expect(entryKey(target, 'b')).toBe('ecr:r.io/a b');
  expect(entryKey({ ...target, place: 'a/b' }, 'c')).not.toBe(entryKey(target, 'b c'));
});
