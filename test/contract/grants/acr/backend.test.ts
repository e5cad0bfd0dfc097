// What is known of an Azure registry: where it is, who may pull, and who else.
import { describe, expect, test } from 'vitest';
import { conditionOf } from '../../../../shared/grants/acr/condition.ts';
import { tokenName } from '../../../../shared/grants/acr/entry-content.ts';
import type { Grantee } from '../../../../shared/grants/grant.ts';
import { ACR_HOST, ACR_ID, SUBSCRIPTION } from '../../../support/clouds/fake-azure-registry.ts';
import { rejectionOf } from '../../../support/clouds/rejection.ts';
import { principal, useAcr } from '../../../support/grants/acr-bed.ts';

const ALICE = 'aaaaaaaa-0000-4000-8000-000000000001';
const BOB = 'bbbbbbbb-0000-4000-8000-000000000002';
const ACR_PULL = '7f951dda-4ed3-4680-a7ca-43fe172d538d';
const UNTIL = new Date('2027-01-31T00:00:00.000Z');
const KEPT_IN = { cluster: 'prod', namespace: 'team', name: 'pull' };
const ROBOT: Grantee = { kind: 'Robot', name: 'edge', secret: KEPT_IN };
const TOKEN = tokenName('base', 'edge', 'transship');

const bed = useAcr();

describe('finding the registry', () => {
  test('looks through all that the identity sees, page by page, and remembers where it was', async () => {
    expect(await bed.backend.survey([])).toEqual({
      facts: { registryId: ACR_ID, roleAssignmentMode: 'AbacRepositoryPermissions' },
    });
    const first = bed.front.requests.filter(({ host }) => host === 'management.azure.com').length;
    expect(first).toBe(4);
    await bed.backend.survey([]);
    expect(bed.front.requests.filter(({ host }) => host === 'management.azure.com')).toHaveLength(first + 1);
  });

  test('asks no more than it has to where the configuration says where it is', async () => {
    await bed.open({ registryToken: { id: `${ACR_ID}/tokens/pull` } }).survey([]);
    expect(bed.front.requests.filter(({ host }) => host === 'management.azure.com')).toHaveLength(1);
    bed.front.play({ ...bed.azure.hosts, 'management.azure.com': bed.fake.handler });
    await bed.open({ subscription: SUBSCRIPTION.split('/').at(-1) ?? '' }).survey([]);
    expect(bed.front.requests.filter(({ host }) => host === 'management.azure.com')).toHaveLength(2);
  });

  test('says what is missing where it sees no such registry', async () => {
    const error = await rejectionOf(bed.open({ subscription: 'empty' }).survey([]));
    expect(error).toMatchObject({ code: 'not-found', hint: expect.stringContaining('Reader') });
  });

  test('is in the mode for all of the registry where Azure tells none', async () => {
    bed.fake.settings.mode = undefined;
    expect((await bed.backend.survey([])).facts).toMatchObject({ roleAssignmentMode: 'LegacyRegistryPermissions' });
  });
});

describe('verifying roles', () => {
  test('reads back what lets the principal in, also by a wider pattern', async () => {
    await bed.apply([bed.wantedFor(principal(ALICE), { pattern: 'team-a/**' })]);
    expect(await bed.backend.verify(bed.wantedFor(principal(ALICE)), 'allowed')).toMatchObject({
      method: 'read-back',
      answer: 'allowed',
    });
    expect(
      await bed.backend.verify(bed.wantedFor(principal(ALICE), { pattern: 'team-ab/app' }), 'denied'),
    ).toMatchObject({
      answer: 'denied',
    });
    expect(await bed.backend.verify(bed.wantedFor(principal(BOB)), 'denied')).toMatchObject({
      answer: 'denied',
      note: expect.stringContaining('75 min'),
    });
  });

  test('knows that a registry in ABAC mode ignores AcrPull', async () => {
    bed.seed(ALICE, { role: ACR_PULL });
    expect(await bed.backend.verify(bed.wantedFor(principal(ALICE)), 'denied')).toMatchObject({ answer: 'denied' });
  });

  test('is still allowed by a role from above, and cannot tell where a condition is not understood', async () => {
    bed.seed(BOB, { condition: "(@Request[x:name] StringEquals 'y')" });
    expect(await bed.backend.verify(bed.wantedFor(principal(BOB)), 'denied')).toMatchObject({ answer: 'unverifiable' });
    bed.fake.settings.mode = 'LegacyRegistryPermissions';
    bed.fake.settings.roles.set('contributor', {
      roleName: 'Contributor',
      permissions: [{ actions: ['*'], notActions: [] }],
    });
    bed.seed(ALICE, { role: 'contributor', scope: SUBSCRIPTION });
    expect(await bed.backend.verify(bed.wantedFor(principal(ALICE), { pattern: '**' }), 'denied')).toMatchObject({
      answer: 'allowed',
      note: expect.stringContaining(
        `role assignment of Contributor for ServicePrincipal ${ALICE}, inherited from ${SUBSCRIPTION}`,
      ),
    });
  });
});

describe('auditing', () => {
  test('names roles by what they allow, tokens, the admin user and pulls without a login', async () => {
    await bed.apply([bed.wantedFor(principal(BOB)), bed.wantedFor(ROBOT, { expiresAt: UNTIL })]);
    bed.fake.settings.anonymousPullEnabled = true;
    bed.fake.settings.adminUserEnabled = true;
    bed.fake.settings.roles.set('writer', {
      roleName: 'Container Registry Repository Writer',
      permissions: [{ actions: [], dataActions: ['Microsoft.ContainerRegistry/registries/repositories/content/*'] }],
    });
    bed.fake.settings.roles.set('monitoring', {
      roleName: 'Monitoring Reader',
      permissions: [{ actions: ['*/read'], dataActions: [] }],
    });
    bed.seed(ALICE, { role: ACR_PULL });
    bed.seed(ALICE, { condition: conditionOf(['team-b/**']) ?? null });
    bed.seed('group', {});
    bed.seed('writer', { role: 'writer', scope: SUBSCRIPTION });
    bed.seed('monitor', { role: 'monitoring' });
    bed.seed('unknown', { role: 'unread' });
    bed.fake.scopeMaps.set('_repositories_pull', { actions: ['repositories/*/content/read'] });
    bed.fake.tokens.set('by-hand', {
      scopeMapId: `${ACR_ID}/scopeMaps/_repositories_pull`,
      status: 'enabled',
      passwords: [{ name: 'password1', creationTime: '2026-01-01T00:00:00Z' }],
    });
    const found = [];
    for await (const finding of bed.backend.audit()) found.push(finding);
    const told = found.map(({ who, class: kind, what, flags }) => [...who, kind, what, ...flags].join(' | '));
    expect(told).toEqual([
      'everybody at all | over-broad | every repository | everybody',
      'whoever knows its password | over-broad | every repository | may push and delete | nobody can tell who used it',
      `ServicePrincipal ${BOB} | ours | team-a/app`,
      `ServicePrincipal ${ALICE} | foreign | nothing | AcrPull is ignored: the roles of this registry are for repositories (ABAC)`,
      `ServicePrincipal ${ALICE} | adoptable | team-b/**`,
      'ServicePrincipal group | over-broad | every repository | every repository',
      `ServicePrincipal writer | over-broad | every repository | may push | inherited from ${SUBSCRIPTION}`,
      'ServicePrincipal unknown | foreign | every repository | its role may not be read | every repository',
      `whoever knows the password of ${TOKEN} | ours | team-a/app`,
      'whoever knows the password of by-hand | over-broad | every repository | every repository | a password that never ends',
    ]);
    expect(found.find(({ class: kind }) => kind === 'adoptable')?.asGrant).toEqual({
      grantees: [{ kind: 'AzurePrincipal', objectId: ALICE, principalType: 'ServicePrincipal' }],
      what: [{ registry: ACR_HOST, what: { kind: 'repository', pattern: 'team-b/**' }, actions: ['pull', 'list'] }],
    });
    expect(found.find(({ object }) => object === `token ${TOKEN}`)).toMatchObject({
      grant: 'base',
      until: UNTIL.toISOString(),
    });
  });
});
