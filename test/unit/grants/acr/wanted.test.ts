// What grants are at Azure registries, in both of their modes, and what cannot be said there.
import { describe, expect, test } from 'vitest';
import { acrWanted } from '../../../../shared/grants/acr/wanted.ts';
import type { Grantee } from '../../../../shared/grants/grant.ts';
import { pullGrant } from '../../../support/grants/pull-grant.ts';

const HOST = 'acme.azurecr.io';
const ABAC = 'AbacRepositoryPermissions';
const LEGACY = 'LegacyRegistryPermissions';
const ALICE: Grantee = {
  kind: 'AzurePrincipal',
  objectId: 'AAAAAAAA-0000-4000-8000-000000000001',
  principalType: 'Group',
};
const EDGE: Grantee = { kind: 'Robot', name: 'edge', secret: { cluster: 'prod', namespace: 'team', name: 'pull' } };

function wanted(
  pattern: string | readonly string[],
  { grantee = ALICE, mode = ABAC, expiresAt }: { grantee?: Grantee; mode?: string; expiresAt?: Date } = {},
) {
  const grant = pullGrant({ grantees: [grantee], ...(expiresAt === undefined ? {} : { expiresAt }) });
  const patterns = typeof pattern === 'string' ? [pattern] : pattern;
  return acrWanted({
    grant,
    parts: patterns.map((one) => ({ registry: HOST, what: { kind: 'repository', pattern: one }, actions: ['pull'] })),
    grantees: grant.grantees,
    site: { backend: 'acr', host: HOST, profiles: new Map() },
    survey: { facts: { roleAssignmentMode: mode } },
    instance: 'transship',
  });
}

describe('principals', () => {
  test('read single repositories and prefixes of a registry in ABAC mode, until our timer ends it', () => {
    const { entries, shortfalls } = wanted(['team-a/app', 'base/**', 'team-a/app'], {
      expiresAt: new Date('2027-01-31T00:00:00Z'),
    });
    expect(shortfalls).toEqual([]);
    expect(entries.map(({ content }) => content)).toEqual([
      {
        kind: 'role',
        role: 'Repository Reader',
        principalId: 'aaaaaaaa-0000-4000-8000-000000000001',
        principalType: 'Group',
        pattern: 'team-a/app',
      },
      {
        kind: 'role',
        role: 'Repository Reader',
        principalId: 'aaaaaaaa-0000-4000-8000-000000000001',
        principalType: 'Group',
        pattern: 'base/**',
      },
    ]);
    for (const entry of entries) expect(entry).not.toHaveProperty('endsAt');
  });

  test.each([
    [ABAC, 'Repository Reader'],
    [LEGACY, 'AcrPull'],
  ])('in mode %s read everything by %s, which needs approval', (mode, role) => {
    expect(wanted('**', { mode }).entries).toEqual([
      expect.objectContaining({
        overbroad: `every repository of ${HOST}`,
        content: expect.objectContaining({ role, pattern: '**' }),
      }),
    ]);
  });

  test('get nothing at all where only all of the registry could be given', () => {
    expect(wanted('team-a/**', { mode: LEGACY })).toEqual({
      entries: [],
      shortfalls: [
        expect.objectContaining({
          state: 'Unsupported',
          message: expect.stringContaining('not for team-a/**'),
          hint: expect.stringMatching(/rbac-abac.*robot/),
        }),
      ],
    });
  });

  test.each(['team-a/*', '*'])('cannot be limited to one level: %s', (pattern) => {
    expect(wanted(pattern)).toEqual({ entries: [], shortfalls: [expect.objectContaining({ state: 'Unsupported' })] });
  });

  test('of other worlds are nobody here', () => {
    const grantee: Grantee = { kind: 'AwsAccount', id: '111122223333' };
    expect(wanted('team-a/app', { grantee }).shortfalls).toEqual([
      expect.objectContaining({ state: 'Unsupported', message: expect.stringContaining('AwsAccount') }),
    ]);
  });
});

describe('robots', () => {
  test.each([ABAC, LEGACY])(
    'get a token in mode %s, limited by its scope map, whose password ends by itself',
    (mode) => {
      const expiresAt = new Date('2027-01-31T23:59:59.999Z');
      const { entries } = wanted(['team-a/app', 'base/**'], { grantee: EDGE, mode, expiresAt });
      expect(entries).toEqual([
        expect.objectContaining({
          endsAt: new Date('2027-01-31T23:59:59Z'),
          content: {
            kind: 'token',
            token: expect.stringMatching(/^pg-[0-9a-f]{16}$/),
            actions: [
              'repositories/base/*/content/read',
              'repositories/base/*/metadata/read',
              'repositories/team-a/app/content/read',
              'repositories/team-a/app/metadata/read',
            ],
            status: 'enabled',
            secret: { cluster: 'prod', namespace: 'team', name: 'pull' },
            isKept: true,
            endsAt: '2027-01-31T23:59:59.000Z',
          },
        }),
      ]);
    },
  );

  test('for everything need approval', () => {
    expect(wanted('**', { grantee: EDGE }).entries).toEqual([
      expect.objectContaining({ overbroad: `every repository of ${HOST}` }),
    ]);
  });

  test('need a place for their password', () => {
    expect(wanted('team-a/app', { grantee: { kind: 'Robot', name: 'edge' } })).toEqual({
      entries: [],
      shortfalls: [expect.objectContaining({ state: 'Unsupported', message: expect.stringContaining('nowhere') })],
    });
    const secret = { cluster: 'prod', namespace: 'team', name: 'x'.repeat(200) };
    expect(wanted('team-a/app', { grantee: { kind: 'Robot', name: 'edge', secret } }).shortfalls).toEqual([
      expect.objectContaining({ state: 'Unsupported', message: expect.stringContaining('longer') }),
    ]);
  });
});
