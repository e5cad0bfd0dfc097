// How the state of a whole grant follows from its entries.
import { describe, expect, test } from 'vitest';
import { grantStatuses } from '../../../shared/grants/grant-status.ts';
import type { GrantState } from '../../../shared/grants/grants-state.ts';
import type { Grantee, PullGrant } from '../../../shared/grants/grant.ts';
import type { JournalEvent } from '../../../shared/grants/journal.ts';
import type { Target } from '../../../shared/grants/site.ts';
import { pullGrant } from '../../support/grants/pull-grant.ts';
import { SimulatedWorld } from '../../support/grants/simulated-world.ts';

const ANN: Grantee = { kind: 'User', name: 'ann' };
const UNTIL = new Date('2026-11-21T13:00:00Z');

function grantAt(places: readonly string[], own: Partial<PullGrant> = {}): PullGrant {
  const what = places.map((pattern): PullGrant['what'][number] => ({
    registry: 'unmarked.io',
    what: { kind: 'repository', pattern },
    actions: ['pull'],
  }));
  return pullGrant({ grantees: [ANN], what, ...own });
}

const targetOf = (place: string): Target => ({ backend: 'quay', host: 'unmarked.io', place });

function settled(place: string, state: GrantState, message: string, grants = ['base']): JournalEvent {
  return { event: 'settled', state, message, target: targetOf(place), key: 'ann', label: 'ann', grants };
}

/** As the journal has it, or as a fresh plan does. */
function statesOf(world: SimulatedWorld, desired: readonly PullGrant[], how: 'journal' | 'plan' = 'journal'): string[] {
  const changes = how === 'plan' ? world.plan(desired) : [];
  return grantStatuses(desired, world.state, world.now, changes).map(
    ({ grant, state, problem }) => `${grant} ${state}${problem === undefined ? '' : `: ${problem.message}`}`,
  );
}

describe('the state of a grant', () => {
  test('is applied when all of its entries are proven, and since the oldest proof', () => {
    const world = new SimulatedWorld({});
    const grant = grantAt(['a', 'b'], { expiresAt: UNTIL });
    world.reconcile([grantAt(['a'], { expiresAt: UNTIL })]);
    const first = world.now;
    world.now = new Date(first.getTime() + 60_000);
    expect(statesOf(world, [grant], 'plan')).toEqual(['base Applying']);
    world.reconcile([grant]);
    expect(grantStatuses([grant], world.state, world.now)).toMatchObject([
      {
        grant: 'base',
        state: 'Applied',
        until: UNTIL,
        lastVerified: first,
        entries: [{ state: 'Applied' }, { state: 'Applied' }],
      },
    ]);
    expect(statesOf(world, [grant], 'plan')).toEqual(['base Applied']);
  });

  test('is the worst of its entries', () => {
    const order: GrantState[] = ['Applying', 'Pending', 'Unsupported', 'Drifted', 'Suspended', 'Conflict', 'Blocked'];
    const world = new SimulatedWorld({});
    world.reconcile([grantAt(['a'])]);
    for (const [index, state] of order.entries()) {
      world.journal(settled(`b${index}`, state, state.toLowerCase()));
      const others = order
        .slice(0, index)
        .toReversed()
        .map((one) => `${one}: ${one.toLowerCase()}`);
      const [first, ...more] = [state.toLowerCase(), ...others];
      const told = [first, ...more.slice(0, 3), ...(more.length > 3 ? [`and ${more.length - 3} more`] : [])];
      expect(statesOf(world, [grantAt(['a'])])).toEqual([`base ${state}: ${told.join('; ')}`]);
    }
  });

  test('has no proof where one of its entries has none', () => {
    const world = new SimulatedWorld({});
    world.reconcile([grantAt(['a'])]);
    world.journal(settled('b', 'Blocked', 'refused'));
    expect(grantStatuses([grantAt(['a'])], world.state, world.now)[0]).not.toHaveProperty('lastVerified');
  });

  test('tells what was refused the last time also when the plan would try again', () => {
    const world = new SimulatedWorld({});
    world.journal(settled('a', 'Blocked', 'Principal not found'));
    expect(statesOf(world, [grantAt(['a'])], 'plan')).toEqual(['base Blocked: Principal not found']);
  });

  test('counts what was refused also where a plan speaks of others only', () => {
    const world = new SimulatedWorld({});
    world.reconcile([grantAt(['a', 'b'])]);
    world.journal(settled('c', 'Blocked', 'refused'));
    const open = world.plan([grantAt(['a'])]).filter(({ op }) => op === 'noop');
    expect(open).toHaveLength(1);
    expect(grantStatuses([grantAt(['a'])], world.state, world.now, open)).toMatchObject([
      { state: 'Blocked', problem: { message: 'refused' } },
    ]);
  });

  test('is pending while there is nothing that it means, before its time and without an approval', () => {
    const world = new SimulatedWorld({});
    expect(statesOf(world, [grantAt(['a'])])).toEqual(['base Pending: nothing that it means is known to be there']);
    expect(statesOf(world, [grantAt(['a'], { notBefore: UNTIL })])).toEqual([
      'base Pending: it begins at 2026-11-21T13:00:00.000Z',
    ]);
    expect(statesOf(world, [grantAt(['**'])])).toEqual([
      'base Pending: it reaches every repository of unmarked.io, and nobody approved that',
    ]);
  });

  test('drifts where somebody changed or removed what is ours', () => {
    const world = new SimulatedWorld({});
    world.reconcile([grantAt(['a'])]);
    world.tamper(targetOf('a'), 'ann', undefined);
    expect(statesOf(world, [grantAt(['a'])], 'plan')).toEqual(['base Drifted']);
  });

  test('forgets entries that the grant does not mean any more', () => {
    const world = new SimulatedWorld({});
    world.reconcile([grantAt(['a', 'b'])]);
    world.reconcile([grantAt(['a'])]);
    expect(grantStatuses([grantAt(['a'])], world.state, world.now)).toMatchObject([
      { state: 'Applied', entries: [{}] },
    ]);
  });

  test('is expired or revoked when nothing is left of it, and not before', () => {
    const world = new SimulatedWorld({});
    const grant = grantAt(['a'], { expiresAt: UNTIL });
    world.declare(grant);
    world.reconcile([grant]);
    world.now = UNTIL;
    expect(statesOf(world, [grant])).toEqual(['base Applying: it ended at 2026-11-21T13:00:00.000Z']);
    world.reconcile([grant]);
    expect(statesOf(world, [grant])).toEqual(['base Expired: it ended at 2026-11-21T13:00:00.000Z']);
    world.revoke(grant);
    expect(statesOf(world, [grant])).toEqual([`base Revoked: revoked by test at ${UNTIL.toISOString()}`]);
  });

  test('of one that is over tells why its entry is still there', () => {
    const world = new SimulatedWorld({});
    world.reconcile([grantAt(['a'])]);
    world.journal(settled('a', 'Blocked', 'may not delete'));
    expect(statesOf(world, [])).toEqual(['base Blocked: may not delete']);
  });

  test('of one that is over does not depend on what another one still needs', () => {
    const world = new SimulatedWorld({});
    const [first, second] = [grantAt(['a'], { id: 'first' }), grantAt(['a'], { id: 'second' })];
    for (const grant of [first, second]) world.declare(grant);
    world.reconcile([first, second]);
    world.revoke(first);
    expect(statesOf(world, [first, second])).toEqual([
      `first Revoked: revoked by test at ${world.now.toISOString()}`,
      'second Applied',
    ]);
    expect(statesOf(world, [second])).toEqual(['second Applied']);
  });
});
