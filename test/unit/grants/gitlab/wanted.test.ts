// What grants are at GitLab: one deploy token of a project or group with a place for it, and nothing narrower or wider.
import { describe, expect, test } from 'vitest';
import { gitlabAccess } from '../../../../shared/grants/gitlab/access.ts';
import { gitlabWanted } from '../../../../shared/grants/gitlab/wanted.ts';
import type { Grantee } from '../../../../shared/grants/grant.ts';
import { markedName } from '../../../../shared/grants/shown-once-mark.ts';
import { Secret } from '../../../../shared/telemetry/secret.ts';
import { configOf } from '../../../support/config-of.ts';
import { pullGrant } from '../../../support/grants/pull-grant.ts';

const HOST = 'registry.gitlab.com';
const EDGE: Grantee = {
  kind: 'DeployToken',
  name: 'edge',
  secret: { cluster: 'prod', namespace: 'team', name: 'pull' },
};
const FACTS = {
  acme: 'group acme',
  'acme/web': 'project acme/web',
  'acme/web/image': 'project acme/web',
  'acme/team': 'group acme/team',
};

function wanted(patterns: readonly string[], grantee = EDGE) {
  const grant = pullGrant({ grantees: [grantee] });
  return gitlabWanted({
    grant,
    parts: patterns.map((pattern) => ({ registry: HOST, what: { kind: 'repository', pattern }, actions: ['pull'] })),
    grantees: grant.grantees,
    site: { backend: 'gitlab', host: HOST, profiles: new Map() },
    survey: { facts: FACTS },
    instance: 'transship',
  });
}

test.each([
  ['acme/web', 'acme/web'],
  ['acme/web/**', 'acme/web'],
  ['acme/web/*', 'acme/web'],
  ['acme/**', 'acme/**'],
  ['acme/team/**', 'acme/team/**'],
])('%s is a deploy token at %s', (pattern, place) => {
  const token = markedName('transship', 'base', 'edge');
  expect(wanted([pattern, pattern])).toEqual({
    shortfalls: [],
    entries: [
      {
        target: { backend: 'gitlab', host: HOST, place },
        key: `deploy-token ${token}`,
        grants: ['base'],
        content: {
          kind: 'deploy-token',
          token,
          secret: { cluster: 'prod', namespace: 'team', name: 'pull' },
          isKept: true,
        },
      },
    ],
  });
});

test.each<[string, readonly string[], Grantee, string, RegExp]>([
  ['an image of a project', ['acme/web/image'], EDGE, 'Unsupported', /narrower/],
  ['one level of a group', ['acme/*'], EDGE, 'Unsupported', /is a group/],
  ['a group by itself', ['acme/team'], EDGE, 'Unsupported', /is a group/],
  ['everything', ['**'], EDGE, 'Unsupported', /not for all of them/],
  ['what is not there', ['acme/none'], EDGE, 'Pending', /no project or group acme\/none/],
  ['two projects in one Secret', ['acme/web', 'acme/team/**'], EDGE, 'Unsupported', /acme\/web, acme\/team\/\*\*/],
  ['a token without a place', ['acme/web'], { kind: 'DeployToken', name: 'edge' }, 'Unsupported', /nowhere/],
  ['a robot', ['acme/web'], { kind: 'Robot', name: 'edge' }, 'Unsupported', /nothing for Robot/],
  [
    'a Secret with too long a name',
    ['acme/web'],
    { ...EDGE, secret: { cluster: 'prod', namespace: 'team', name: 'x'.repeat(253) } },
    'Unsupported',
    /longer/,
  ],
])('%s is told', (_, patterns, grantee, state, message) => {
  expect(wanted(patterns, grantee)).toEqual({
    entries: [],
    shortfalls: [expect.objectContaining({ state, message: expect.stringMatching(message), hint: expect.any(String) })],
  });
});

describe('GitLab itself', () => {
  const read = async (): Promise<Secret> => new Secret('glpat-secret');
  const entryOf = (host: string, credential: string) =>
    configOf(`registries: { "${host}": { kind: gitlab, credential: ${credential} } }`).registries[0];

  test('of its own registry is gitlab.com, asked by the password', async () => {
    const { base, key } = gitlabAccess(HOST, entryOf(HOST, '{ username: me, password: { env: TOKEN } }'), read);
    expect(base.href).toBe('https://gitlab.com/');
    expect((await key()).reveal()).toBe('glpat-secret');
  });

  test('of another registry is where the configuration says, asked by the token there', async () => {
    const form = '{ gitlabDeployToken: { api: "https://git.acme.io", group: acme, token: { env: TOKEN } } }';
    const { base, key } = gitlabAccess('registry.acme.io', entryOf('registry.acme.io', form), read);
    expect(base.href).toBe('https://git.acme.io/');
    expect((await key()).reveal()).toBe('glpat-secret');
  });

  test('that nobody names is not guessed', () => {
    expect(() => gitlabAccess('registry.acme.io', undefined, read)).toThrow(/which GitLab/);
  });
});
