// What grants are at Harbor: projects as a whole, robot accounts with a place for their password, and members with the least of all roles.
import { expect, test } from 'vitest';
import type { Grantee, PullAction } from '../../../../shared/grants/grant.ts';
import { harborWanted } from '../../../../shared/grants/harbor/wanted.ts';
import { markedName } from '../../../../shared/grants/shown-once-mark.ts';
import { pullGrant } from '../../../support/grants/pull-grant.ts';

const HOST = 'harbor.acme.io';
const EDGE: Grantee = { kind: 'Robot', name: 'edge', secret: { cluster: 'prod', namespace: 'team', name: 'pull' } };

function wanted(
  patterns: readonly string[],
  {
    grantee = EDGE,
    expiresAt,
    actions = ['pull'],
  }: { grantee?: Grantee; expiresAt?: Date; actions?: PullAction[] } = {},
) {
  const grant = pullGrant({ grantees: [grantee], ...(expiresAt === undefined ? {} : { expiresAt }) });
  return harborWanted({
    grant,
    parts: patterns.map((pattern) => ({ registry: HOST, what: { kind: 'repository', pattern }, actions })),
    grantees: grant.grantees,
    site: { backend: 'harbor', host: HOST, profiles: new Map() },
    survey: {},
    instance: 'transship',
  });
}

test.each(['team/**', 'team/*'])('%s is the project', (pattern) => {
  const expiresAt = new Date('2027-01-31T12:00:00Z');
  const robot = markedName('transship', 'base', 'edge');
  expect(wanted([pattern, 'team/**'], { expiresAt })).toEqual({
    shortfalls: [],
    entries: [
      {
        target: { backend: 'harbor', host: HOST, place: 'team' },
        key: `robot ${robot}`,
        grants: ['base'],
        endsAt: expiresAt,
        content: {
          kind: 'robot',
          robot,
          access: ['repository:pull'],
          status: 'enabled',
          secret: { cluster: 'prod', namespace: 'team', name: 'pull' },
          isKept: true,
          endsAt: '2027-01-31T12:00:00.000Z',
        },
      },
    ],
  });
});

test('names of tags are another permission', () => {
  expect(wanted(['team/**'], { actions: ['pull', 'list'] }).entries).toMatchObject([
    { content: { access: ['repository:list', 'repository:pull'] } },
  ]);
});

test.each([
  ['team/app', /narrower.*#9565/, /team\/\*\*/],
  ['team/sub/**', /narrower/, /team\/\*\*/],
  ['team', /narrower/, /team\/\*\*/],
  ['**', /not for all of them/, /each project/],
  ['*', /not for all of them/, /each project/],
])('%s cannot be said', (pattern, message, hint) => {
  expect(wanted([pattern])).toEqual({
    entries: [],
    shortfalls: [
      expect.objectContaining({
        state: 'Unsupported',
        message: expect.stringMatching(message),
        hint: expect.stringMatching(hint),
      }),
    ],
  });
});

test('what can be said of a grant is given, whatever else cannot', () => {
  const { entries, shortfalls } = wanted(['team/**', 'base/app']);
  expect(entries).toHaveLength(1);
  expect(shortfalls).toMatchObject([{ target: { place: 'base/app' } }]);
});

test.each<[Grantee, string]>([
  [{ kind: 'User', name: 'alice' }, 'user'],
  [{ kind: 'Group', name: 'readers' }, 'group'],
])('%o is a member of each project', (grantee, kind) => {
  expect(wanted(['team/**', 'base/**'], { grantee }).entries).toMatchObject(
    ['team', 'base'].map((place) => ({ target: { place }, content: { kind, role: 'limitedGuest' } })),
  );
});

test.each<[string, Grantee, readonly string[], RegExp]>([
  ['a robot without a place', { kind: 'Robot', name: 'edge' }, ['team/**'], /nowhere to keep/],
  ['a robot of two projects', EDGE, ['team/**', 'base/**'], /single project.*team, base/],
  ['a team', { kind: 'Team', name: 'readers' }, ['team/**'], /no Team/],
  ['a user of a cluster', { kind: 'User', cluster: 'prod', name: 'alice' }, ['team/**'], /no User/],
])('%s is told', (_, grantee, patterns, message) => {
  expect(wanted(patterns, { grantee })).toEqual({
    entries: [],
    shortfalls: [expect.objectContaining({ state: 'Unsupported', message: expect.stringMatching(message) })],
  });
});
