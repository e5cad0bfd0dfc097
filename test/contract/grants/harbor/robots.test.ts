// Robot accounts of grants at Harbor by whole runs, against a server that follows the documented wire format.
import { inspect } from 'node:util';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { TransshipError } from '../../../../shared/errors.ts';
import type { Grantee, PullGrant } from '../../../../shared/grants/grant.ts';
import { markedName } from '../../../../shared/grants/shown-once-mark.ts';
import type { Target } from '../../../../shared/grants/site.ts';
import { harborGrant, startHarborBed, type HarborBed } from '../../../support/grants/harbor-bed.ts';

const PLACE = { cluster: 'prod', namespace: 'team', name: 'pull' };
const ROBOT: Grantee = { kind: 'Robot', name: 'edge', secret: PLACE };
const NAME = markedName('transship', 'base', 'edge');
const DAY_MS = 86_400_000;

let bed: HarborBed;
beforeEach(async () => {
  bed = await startHarborBed();
});
afterEach(() => bed.harbor[Symbol.asyncDispose]());

function grant(own: Partial<PullGrant> = {}): PullGrant {
  return harborGrant('team/**', { grantees: [ROBOT], ...own });
}

function inDays(days: number): Date {
  return new Date(bed.clock.now().getTime() + days * DAY_MS);
}

function robot() {
  const found = bed.harbor.robots.find(({ name }) => name.endsWith(`+${NAME}`));
  if (found === undefined) throw new Error('there is no robot account');
  return found;
}

describe('a robot account', () => {
  test('is made for the grant, its password kept, and 100 more runs write nothing', async () => {
    const report = await bed.apply([grant()]);
    expect(report.entries).toMatchObject([{ op: 'create', state: 'Applied', verification: { method: 'read-back' } }]);
    expect(robot()).toMatchObject({
      name: `robot$team+${NAME}`,
      duration: -1,
      disable: false,
      description: 'base kept in prod/team/pull',
      permissions: [{ kind: 'project', namespace: 'team', access: [{ resource: 'repository', action: 'pull' }] }],
    });
    expect(bed.secrets.at(PLACE)).toMatchObject({ registry: bed.harbor.host, username: `robot$team+${NAME}` });
    expect(bed.harbor.pulls(bed.secrets.at(PLACE))).toBe(true);
    const before = bed.harbor.writes().length;
    for (let run = 0; run < 100; run += 1) await bed.apply([grant()]);
    expect(bed.harbor.writes().length).toBe(before);
  });

  test('lists repositories where the grant says so, and keeps its password for that', async () => {
    await bed.apply([grant()]);
    const password = bed.secrets.at(PLACE);
    const listing = grant();
    const what = listing.what.map((part) => ({ ...part, actions: ['pull' as const, 'list' as const] }));
    expect((await bed.apply([{ ...listing, what }])).entries).toMatchObject([{ op: 'update', state: 'Applied' }]);
    expect(robot().permissions).toMatchObject([
      {
        access: [
          { resource: 'repository', action: 'list' },
          { resource: 'repository', action: 'pull' },
        ],
      },
    ]);
    expect(bed.secrets.at(PLACE)).toBe(password);
    expect(bed.harbor.pulls(password)).toBe(true);
  });

  test('goes with the grant', async () => {
    await bed.apply([grant()]);
    const shown = bed.secrets.at(PLACE);
    expect((await bed.apply([])).entries).toMatchObject([{ op: 'delete', state: 'Revoked' }]);
    expect(bed.harbor.robots).toEqual([]);
    expect(bed.harbor.pulls(shown)).toBe(false);
  });

  test('goes also where its Secret cannot be looked at any more', async () => {
    await bed.apply([grant()]);
    bed.secrets.lookError = new TransshipError('cluster-unavailable', 'the cluster is away');
    expect((await bed.apply([])).entries).toMatchObject([{ op: 'delete', state: 'Revoked' }]);
    expect(bed.harbor.robots).toEqual([]);
  });

  test('keeps its password while its Secret cannot be looked at', async () => {
    await bed.apply([grant()]);
    const before = bed.harbor.writes().length;
    bed.secrets.lookError = new TransshipError('cluster-unavailable', 'the cluster is away');
    await bed.apply([grant()]);
    expect(bed.harbor.writes().length).toBe(before);
  });

  test.each<[string, () => void]>([
    ['disabled', () => (robot().disable = true)],
    ['described otherwise', () => (robot().description = 'mine now')],
    [
      'let do more',
      () =>
        (robot().permissions = [
          {
            kind: 'project',
            namespace: 'team',
            access: [
              { resource: 'repository', action: 'pull' },
              { resource: 'repository', action: 'push' },
            ],
          },
        ]),
    ],
    ['given another end', () => Object.assign(robot(), { duration: 5, expires_at: inDays(5).getTime() / 1000 })],
    ['parted from its Secret', () => bed.secrets.forget(PLACE)],
    ['removed', () => bed.harbor.robots.splice(0)],
  ])('that somebody has %s is made good', async (_, tamper) => {
    await bed.apply([grant()]);
    tamper();
    expect((await bed.apply([grant()])).entries).toMatchObject([{ state: 'Applied' }]);
    expect(robot()).toMatchObject({
      disable: false,
      duration: -1,
      expires_at: -1,
      description: 'base kept in prod/team/pull',
      permissions: [{ access: [{ resource: 'repository', action: 'pull' }] }],
    });
    expect(bed.harbor.pulls(bed.secrets.at(PLACE))).toBe(true);
    const before = bed.harbor.writes().length;
    await bed.apply([grant()]);
    expect(bed.harbor.writes().length).toBe(before);
  });
});

describe('its end', () => {
  test('is Harbor’s in whole days, never after that of the grant, and longer ones keep the password', async () => {
    await bed.apply([grant({ expiresAt: inDays(30.5) })]);
    expect(robot().duration).toBe(30);
    expect(robot().expires_at * 1000).toBeLessThanOrEqual(inDays(30.5).getTime());
    const shown = bed.secrets.at(PLACE);
    await bed.apply([grant({ expiresAt: inDays(60.5) })]);
    expect(robot().duration).toBe(60);
    await bed.apply([grant({ expiresAt: inDays(10.5) })]);
    expect(robot().duration).toBe(10);
    expect(bed.secrets.at(PLACE)).toBe(shown);
  });

  test('on the last day of the grant is our timer’s', async () => {
    const expiresAt = inDays(2.5);
    await bed.apply([grant({ expiresAt })]);
    bed.clock.step(2.2 * DAY_MS);
    expect(bed.harbor.pulls(bed.secrets.at(PLACE))).toBe(false);
    await bed.apply([grant({ expiresAt })]);
    expect(robot().duration).toBe(3);
    expect(bed.harbor.pulls(bed.secrets.at(PLACE))).toBe(true);
    bed.clock.step(0.4 * DAY_MS);
    await bed.apply([grant({ expiresAt })]);
    expect(bed.harbor.robots).toEqual([]);
  });
});

describe('a password', () => {
  test.each([
    ['made, but not kept', undefined],
    ['kept by another robot account of that name before', 'stale'],
  ])('that was %s when the process died is made anew by the next run', async (_, stale) => {
    if (stale !== undefined) {
      await bed.apply([grant()]);
      bed.harbor.robots.splice(0);
    }
    bed.secrets.keepError = new Error('killed');
    await bed.apply([grant()]);
    expect(robot().description).toBe('base to be kept in prod/team/pull');
    bed.secrets.keepError = undefined;
    expect((await bed.apply([grant()])).entries).toMatchObject([{ state: 'Applied' }]);
    expect(bed.harbor.robots).toHaveLength(1);
    expect(bed.harbor.pulls(bed.secrets.at(PLACE))).toBe(true);
  });

  test('that cannot be kept keeps nobody else from theirs, and comes to light nowhere', async () => {
    bed.harbor.users.add('alice');
    bed.secrets.keepError = new TransshipError('conflict-refused', 'Secret team/pull is not ours', { hint: 'another' });
    const member = harborGrant('team/**', { id: 'people', grantees: [{ kind: 'User', name: 'alice' }] });
    const report = await bed.apply([grant(), member]);
    expect(report.grants).toMatchObject([
      { grant: 'base', state: 'Blocked', problem: { message: 'Secret team/pull is not ours', hint: 'another' } },
      { grant: 'people', state: 'Applied' },
    ]);
    const told = inspect([report, bed.store.all()], { depth: 12 });
    for (const secret of [...bed.harbor.passwords, bed.harbor.admin.password]) expect(told).not.toContain(secret);
    expect(bed.harbor.passwords).not.toEqual([]);
  });

  test('moves to another Secret by being made anew', async () => {
    await bed.apply([grant()]);
    const place = { ...PLACE, namespace: 'other' };
    await bed.apply([grant({ grantees: [{ kind: 'Robot', name: 'edge', secret: place }] })]);
    expect(bed.harbor.robots).toHaveLength(1);
    expect(bed.harbor.pulls(bed.secrets.at(place))).toBe(true);
    expect(bed.harbor.pulls(bed.secrets.at(PLACE))).toBe(false);
  });

  test('has a Secret to itself', async () => {
    await bed.apply([grant()]);
    const shown = bed.secrets.at(PLACE);
    const more = harborGrant('base/**', { id: 'more', grantees: [ROBOT] });
    const report = await bed.apply([grant(), more]);
    expect(report.grants).toMatchObject([
      { grant: 'base', state: 'Applied' },
      { grant: 'more', state: 'Blocked', problem: { message: expect.stringContaining(NAME) } },
    ]);
    expect(bed.secrets.at(PLACE)).toBe(shown);
  });
});

test('a write on what is not as it was seen changes nothing', async () => {
  bed.harbor.users.add('alice');
  const observed = await bed.backend.observe(target('team'));
  const member = harborGrant('team/**', { id: 'people', grantees: [{ kind: 'User', name: 'alice' }] });
  await bed.apply([grant(), member]);
  const { entries } = await bed.backend.observe(observed.target);
  expect(entries).toHaveLength(2);
  const writes = bed.harbor.writes().length;
  for (const { key, content } of entries) {
    const wanted = { target: observed.target, key, content, grants: ['base'] };
    for (const change of [
      { op: 'create' as const, wanted },
      { op: 'update' as const, wanted, before: null },
      { op: 'delete' as const, key, before: null },
    ]) {
      await expect(bed.backend.write(observed, [change])).rejects.toMatchObject({ code: 'object-conflict' });
    }
  }
  expect(bed.harbor.writes()).toHaveLength(writes);
});

test('robot accounts of others outlive any grants, also in later pages and of other instances', async () => {
  const theirs = [
    ...Array.from({ length: 150 }, (_, index) => `robot$team+ci-${index}`),
    `robot$team+${markedName('another', 'base', 'edge')}`,
  ];
  for (const name of theirs) bed.harbor.addRobot({ name, project: 'team', permissions: [] });
  const before = structuredClone(bed.harbor.robots);
  expect(await bed.backend.marked()).toEqual([]);
  expect(await bed.backend.observe(target('team'))).toMatchObject({ state: 'there', entries: [] });
  const patterns = ['team/**', 'team/*', 'base/**', 'team/app'];
  await fc.assert(
    fc.asyncProperty(fc.array(fc.subarray(patterns), { minLength: 1, maxLength: 3 }), async (rounds) => {
      const own = bed.another();
      for (const round of [...rounds, []]) {
        await own.apply(
          round.map((pattern, index) =>
            harborGrant(pattern, {
              id: `g${index}`,
              grantees: [{ ...ROBOT, secret: { ...PLACE, name: `pull-${index}` } }],
            }),
          ),
        );
      }
      expect(bed.harbor.robots).toEqual(before);
    }),
    { numRuns: 8 },
  );
  await bed.apply([grant()]);
  expect(bed.harbor.robots).toHaveLength(before.length + 1);
  expect((await bed.apply([grant()])).grants).toMatchObject([{ state: 'Applied' }]);
  expect(bed.harbor.robots).toHaveLength(before.length + 1);
});

function target(place: string): Target {
  return { backend: 'harbor', host: bed.harbor.host, place };
}
