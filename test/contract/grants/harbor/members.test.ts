// Members of grants at Harbor, audits and refusals by whole runs, against a server that follows the documented wire format.
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { PullGrant } from '../../../../shared/grants/grant.ts';
import { harborGrant, startHarborBed, type HarborBed } from '../../../support/grants/harbor-bed.ts';

let bed: HarborBed;
beforeEach(async () => {
  bed = await startHarborBed();
  bed.harbor.users.add('alice').add('bob');
  bed.harbor.groups.set('readers', 7).set('readers-all', 8);
});
afterEach(() => bed.harbor[Symbol.asyncDispose]());

const ALICE = harborGrant('team/*', { grantees: [{ kind: 'User', name: 'alice' }] });
const PULLING = [{ resource: 'repository', action: 'pull' }];

function members(project = 'team') {
  const found = bed.harbor.projects.get(project);
  if (found === undefined) throw new Error(`there is no project ${project}`);
  return found.members;
}

describe('a member', () => {
  test.each<[string, PullGrant['grantees'][number], object]>([
    ['user', { kind: 'User', name: 'alice' }, { entity_name: 'alice', entity_type: 'u', role_id: 5 }],
    ['group', { kind: 'Group', name: 'readers' }, { entity_name: 'readers', entity_type: 'g', role_id: 5 }],
  ])('that is a %s gets the least of all roles, once, and goes with the grant', async (_, grantee, expected) => {
    const grant = { ...ALICE, grantees: [grantee] };
    expect((await bed.apply([grant])).entries).toMatchObject([{ op: 'create', state: 'Applied' }]);
    expect(members()).toMatchObject([expected]);
    await bed.apply([grant]);
    expect(bed.harbor.writes()).toHaveLength(1);
    expect((await bed.apply([])).entries).toMatchObject([{ op: 'delete', state: 'Revoked' }]);
    expect(members()).toEqual([]);
  });

  test('with a stronger role of somebody else’s keeps it, and that is told', async () => {
    members().push({ id: 900, entity_name: 'alice', entity_type: 'u', role_id: 2 });
    expect((await bed.apply([ALICE])).entries).toMatchObject([
      {
        op: 'conflict',
        state: 'Conflict',
        problem: { message: expect.stringContaining('developer member user alice') },
      },
    ]);
    await bed.apply([]);
    expect(members()).toMatchObject([{ role_id: 2 }]);
    expect(bed.harbor.writes()).toEqual([]);
  });

  test('whom somebody gave more since is theirs, and stays when the grant ends', async () => {
    await bed.apply([ALICE]);
    for (const member of members()) member.role_id = 4;
    await bed.apply([ALICE]);
    await bed.apply([]);
    expect(members()).toMatchObject([{ entity_name: 'alice', role_id: 4 }]);
  });

  test('of two grants goes with the last of them', async () => {
    const other = { ...ALICE, id: 'other' };
    await bed.apply([ALICE, other]);
    await bed.apply([other]);
    expect(members()).toHaveLength(1);
    await bed.apply([]);
    expect(members()).toEqual([]);
  });

  test.each<[string, PullGrant['grantees'][number]]>([
    ['user', { kind: 'User', name: 'nobody' }],
    ['group', { kind: 'Group', name: 'reader' }],
  ])('that is a %s whom Harbor does not know keeps nobody else from theirs', async (_, grantee) => {
    const report = await bed.apply([{ ...ALICE, id: 'absent', grantees: [grantee] }, ALICE]);
    expect(report.grants).toMatchObject([
      { grant: 'absent', state: 'Blocked', problem: { hint: expect.stringContaining('logged in') } },
      { grant: 'base', state: 'Applied' },
    ]);
  });

  test('beyond the first page is seen', async () => {
    for (let index = 0; index < 130; index += 1) {
      members().push({ id: 1000 + index, entity_name: `user-${index}`, entity_type: 'u', role_id: 3 });
    }
    await bed.apply([ALICE]);
    await bed.apply([ALICE]);
    expect(bed.harbor.writes()).toHaveLength(1);
    await bed.apply([]);
    expect(members()).toHaveLength(130);
  });
});

test('an end in a public project is told to be none', async () => {
  await bed.apply([ALICE]);
  const project = bed.harbor.projects.get('team');
  if (project !== undefined) project.isPublic = true;
  expect((await bed.apply([])).entries).toMatchObject([
    { op: 'delete', state: 'Blocked', problem: { message: expect.stringContaining('visibility of the project') } },
  ]);
  expect(members()).toEqual([]);
});

describe('an audit', () => {
  test('names everybody who may pull, and who may more', async () => {
    const project = bed.harbor.projects.get('team');
    if (project !== undefined) project.isPublic = true;
    members().push(
      { id: 901, entity_name: 'alice', entity_type: 'u', role_id: 5 },
      { id: 902, entity_name: 'bob', entity_type: 'u', role_id: 4 },
      { id: 903, entity_name: 'readers', entity_type: 'g', role_id: 3 },
    );
    const permission = (namespace: string, actions: readonly string[]) => [
      { kind: 'project', namespace, access: actions.map((action) => ({ resource: 'repository', action })) },
    ];
    const { harbor } = bed;
    harbor.addRobot({ name: 'robot$team+ci', project: 'team', permissions: permission('team', ['pull', 'push']) });
    harbor.addRobot({ name: 'robot$team+scan', project: 'team', permissions: permission('team', ['list']) });
    harbor.addRobot({
      name: 'robot$team+off',
      project: 'team',
      disable: true,
      permissions: permission('team', ['pull']),
    });
    harbor.addRobot({ name: 'robot$all', level: 'system', permissions: permission('*', ['pull']) });
    harbor.addRobot({ name: 'robot$base', level: 'system', permissions: permission('base', ['pull']) });
    const found = await Array.fromAsync(bed.backend.audit());
    expect(found.map(({ target, object, class: kind, flags }) => [target.place, object, kind, ...flags])).toEqual([
      ['team', 'visibility of the project', 'over-broad', 'public'],
      ['team', 'limitedGuest member user alice', 'adoptable'],
      ['team', 'maintainer member user bob', 'foreign', 'may push'],
      ['team', 'guest member group readers', 'foreign', 'is a guest'],
      ['team', 'robot account robot$team+ci', 'foreign', 'may push'],
      ['team', 'robot account robot$all', 'over-broad', 'every project'],
      ['base', 'robot account robot$all', 'over-broad', 'every project'],
      ['base', 'robot account robot$base', 'foreign'],
    ]);
    expect(found[1]?.asGrant).toMatchObject({ grantees: [{ kind: 'User', name: 'alice' }] });
  });

  test('says what is ours, and goes on where only admins see the robot accounts of the system', async () => {
    bed.harbor.isSystemAdmin = false;
    const secret = { cluster: 'prod', namespace: 'team', name: 'pull' };
    await bed.apply([harborGrant('team/**', { grantees: [{ kind: 'Robot', name: 'edge', secret }] })]);
    expect(await Array.fromAsync(bed.backend.audit())).toMatchObject([{ class: 'ours', grant: 'base', flags: [] }]);
  });

  test('knows permissions of other instances by their robot accounts only', async () => {
    bed.harbor.addRobot({
      name: 'robot$team+pg-0123456789abcdef',
      project: 'team',
      description: 'base kept in prod/team/pull',
      permissions: [{ kind: 'project', namespace: 'team', access: PULLING }],
    });
    expect(await Array.fromAsync(bed.backend.audit())).toMatchObject([{ class: 'foreign' }]);
  });
});

describe('what cannot be', () => {
  test.each<[string, string, PullGrant['grantees'][number]]>([
    ['a single repository', 'team/app', { kind: 'User', name: 'alice' }],
    ['a part of a project', 'team/sub/**', { kind: 'User', name: 'alice' }],
    ['an account of a cloud', 'team/**', { kind: 'AwsAccount', id: '111122223333' }],
    ['a robot account without a place for its password', 'team/**', { kind: 'Robot', name: 'edge' }],
  ])('%s is told', async (_, pattern, grantee) => {
    const { grants } = await bed.apply([harborGrant(pattern, { grantees: [grantee] })]);
    expect(grants).toMatchObject([{ state: 'Unsupported', problem: { hint: expect.any(String) } }]);
    expect(bed.harbor.writes()).toEqual([]);
  });

  test('a project that is not there is waited for', async () => {
    const later = harborGrant('later/**', { grantees: [{ kind: 'User', name: 'alice' }] });
    expect((await bed.apply([later])).grants).toMatchObject([{ state: 'Pending' }]);
    bed.harbor.projects.set('later', { id: 9, isPublic: false, members: [] });
    expect((await bed.apply([later])).grants).toMatchObject([{ state: 'Applied' }]);
  });

  test.each<[number, RegExp]>([
    [401, /login/],
    [403, /admin of the project.*2\.12/],
    [500, /try again/],
  ])('a refusal by %s is told, and changes and shows nothing', async (status, hint) => {
    bed.harbor.fault = status;
    const report = await bed.apply([ALICE]);
    expect(report.grants).toMatchObject([{ state: 'Blocked', problem: { hint: expect.stringMatching(hint) } }]);
    expect(inspect(report, { depth: 10 })).not.toContain(bed.harbor.admin.password);
  });

  test.each(['empty', 'garbage'] as const)('an answer that is %s is no end of anything', async (fault) => {
    await bed.apply([ALICE]);
    bed.harbor.fault = fault;
    const report = await bed.apply([]);
    expect(report.entries).toMatchObject([{ state: 'Blocked' }]);
    expect(members()).toHaveLength(1);
  });
});
