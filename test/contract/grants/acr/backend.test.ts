// Grants at Azure Container Registry against a server that follows the documented wire formats of its resource manager.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { inspect } from 'node:util';
import * as fc from 'fast-check';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { acrBackend } from '../../../../shared/grants/acr/backend.ts';
import { conditionOf } from '../../../../shared/grants/acr/condition.ts';
import { tokenName } from '../../../../shared/grants/acr/entry-content.ts';
import { acrWanted } from '../../../../shared/grants/acr/wanted.ts';
import type { EntryChange, GrantBackend } from '../../../../shared/grants/backend.ts';
import { canonicalText } from '../../../../shared/grants/canonical.ts';
import type { ObservedTarget, WantedEntry } from '../../../../shared/grants/entry.ts';
import type { Grantee } from '../../../../shared/grants/grant.ts';
import type { ShownOnce } from '../../../../shared/grants/keep-secret.ts';
import type { Site, Target } from '../../../../shared/grants/site.ts';
import { Secret } from '../../../../shared/telemetry/secret.ts';
import { createAuthority } from '../../../support/certificates.ts';
import { startCloudFront, type CloudFront } from '../../../support/clouds/cloud-front.ts';
import {
  ACR_HOST,
  ACR_ID,
  createFakeAzureRegistry,
  roleDefinitionId,
  SUBSCRIPTION,
  type FakeAzureRegistry,
} from '../../../support/clouds/fake-azure-registry.ts';
import { CLIENT, createFakeAzure, TENANT, type FakeAzure } from '../../../support/clouds/fake-azure.ts';
import { rejectionOf } from '../../../support/clouds/rejection.ts';
import { pullGrant } from '../../../support/grants/pull-grant.ts';

const SITE: Site = { backend: 'acr', host: ACR_HOST, profiles: new Map() };
const TARGET: Target = { backend: 'acr', host: ACR_HOST, place: '' };
const ALICE = 'aaaaaaaa-0000-4000-8000-000000000001';
const BOB = 'bbbbbbbb-0000-4000-8000-000000000002';
const ACR_PULL = '7f951dda-4ed3-4680-a7ca-43fe172d538d';
const READER = 'b93aa761-3e63-49ed-ac28-beffa264f7ac';
const UNTIL = new Date('2027-01-31T00:00:00.000Z');
const NOW = Date.parse('2026-11-21T12:00:00Z');
const KEPT_IN = { cluster: 'prod', namespace: 'team', name: 'pull' };
const FOLDER = mkdtempSync(path.join(tmpdir(), 'transship-acr-grants-'));

let front: CloudFront;
let azure: FakeAzure;
let fake: FakeAzureRegistry;
let backend: GrantBackend;
let pauses: number[];
let kept: Map<string, ShownOnce>;
let keepFails: boolean;

beforeAll(async () => {
  front = await startCloudFront(createAuthority(FOLDER), Object.keys(createFakeAzure().hosts));
});
afterAll(async () => {
  await front[Symbol.asyncDispose]();
  rmSync(FOLDER, { recursive: true });
});
beforeEach(() => {
  azure = createFakeAzure();
  fake = createFakeAzureRegistry();
  fake.settings.accepts = (token) => azure.issued.includes(token);
  front.play({ ...azure.hosts, 'management.azure.com': fake.handler });
  vi.stubEnv('HTTPS_PROXY', front.proxy);
  for (const name of ['https_proxy', 'no_proxy', 'AZURE_TENANT_ID', 'AZURE_CLIENT_ID', 'AZURE_AUTHORITY_HOST'])
    vi.stubEnv(name, undefined);
  vi.stubEnv('NO_PROXY', '127.0.0.1');
  kept = new Map();
  keepFails = false;
  backend = open();
});
afterEach(() => {
  vi.unstubAllEnvs();
});

function open(
  options: { instance?: string; subscription?: string; registryToken?: { id: string } } = {},
): GrantBackend {
  pauses = [];
  const { instance = 'transship', subscription, registryToken } = options;
  const clientSecret = {
    name: 'env AZURE_SECRET',
    read: () => Promise.resolve(new Secret(azure.settings.clientSecret)),
  };
  return acrBackend({
    site: SITE,
    instance,
    identity: { tenantId: TENANT, clientId: CLIENT, clientSecret, registryToken },
    env: process.env,
    subscription,
    keepSecret: {
      keep(place, shown) {
        if (keepFails) return Promise.reject(new Error('the cluster is away'));
        kept.set(canonicalText(place), shown);
        return Promise.resolve();
      },
      has: (place, { registry, username }) => {
        const found = kept.get(canonicalText(place));
        return Promise.resolve(found?.registry === registry && found.username === username);
      },
    },
    now: () => NOW,
    pause: (ms) => {
      pauses.push(ms);
      return Promise.resolve();
    },
  });
}

type Want = { pattern?: string; id?: string; expiresAt?: Date; mode?: string; instance?: string };

function wantedFor(grantee: Grantee, want: Want = {}): WantedEntry {
  const {
    pattern = 'team-a/app',
    id = 'base',
    expiresAt,
    mode = fake.settings.mode ?? '',
    instance = 'transship',
  } = want;
  const grant = pullGrant({ id, grantees: [grantee], ...(expiresAt === undefined ? {} : { expiresAt }) });
  const { entries, shortfalls } = acrWanted({
    grant,
    parts: [{ registry: ACR_HOST, what: { kind: 'repository', pattern }, actions: ['pull'] }],
    grantees: grant.grantees,
    site: SITE,
    survey: { facts: { registryId: ACR_ID, roleAssignmentMode: mode } },
    instance,
  });
  const [entry] = entries;
  if (entry === undefined) throw new Error(shortfalls[0]?.message ?? 'no entry');
  return entry;
}

function principal(objectId: string): Grantee {
  return { kind: 'AzurePrincipal', objectId, principalType: 'ServicePrincipal' };
}

const ROBOT: Grantee = { kind: 'Robot', name: 'edge', secret: KEPT_IN };
const TOKEN = tokenName('base', 'edge', 'transship');

/** As a plan does it: what is there and what is wanted, by their keys. */
function changesTo(
  observed: ObservedTarget,
  wanted: readonly WantedEntry[],
  gone: readonly WantedEntry[] = [],
): EntryChange[] {
  const there = new Map(observed.entries.map((entry) => [entry.key, entry]));
  return [
    ...gone.flatMap(({ key }): EntryChange[] => {
      const found = there.get(key);
      return found === undefined ? [] : [{ op: 'delete', key, before: found.content }];
    }),
    ...wanted.flatMap((entry): EntryChange[] => {
      const found = there.get(entry.key);
      if (found === undefined) return [{ op: 'create', wanted: entry }];
      if (canonicalText(found.content) === canonicalText(entry.content)) return [];
      return [{ op: 'update', wanted: entry, before: found.content }];
    }),
  ];
}

async function apply(wanted: readonly WantedEntry[], gone: readonly WantedEntry[] = []) {
  const observed = await backend.observe(TARGET);
  const changes = changesTo(observed, wanted, gone);
  return changes.length === 0 ? undefined : backend.write(observed, changes);
}

function assignmentsOf(principalId: string) {
  return [...fake.assignments.values()]
    .map(({ properties }) => properties)
    .filter((one) => one.principalId === principalId);
}

function seed(
  principalId: string,
  own: { role?: string; condition?: string | null; description?: string; scope?: string } = {},
): void {
  const { role = READER, scope = ACR_ID, condition = null, description } = own;
  const id = `${scope}/providers/Microsoft.Authorization/roleAssignments/${crypto.randomUUID()}`;
  const properties = {
    scope,
    roleDefinitionId: roleDefinitionId(role),
    principalId,
    principalType: 'ServicePrincipal',
    condition,
  };
  fake.assignments.set(id, {
    id,
    properties: { ...properties, ...(description === undefined ? {} : { description }) },
  });
}

describe('finding the registry', () => {
  test('looks through all that the identity sees, page by page, and remembers where it was', async () => {
    expect(await backend.survey([])).toEqual({
      facts: { registryId: ACR_ID, roleAssignmentMode: 'AbacRepositoryPermissions' },
    });
    const first = front.requests.filter(({ host }) => host === 'management.azure.com').length;
    expect(first).toBe(4);
    await backend.survey([]);
    expect(front.requests.filter(({ host }) => host === 'management.azure.com')).toHaveLength(first + 1);
  });

  test('asks no more than it has to where the configuration says where it is', async () => {
    await open({ registryToken: { id: `${ACR_ID}/tokens/pull` } }).survey([]);
    expect(front.requests.filter(({ host }) => host === 'management.azure.com')).toHaveLength(1);
    front.play({ ...azure.hosts, 'management.azure.com': fake.handler });
    await open({ subscription: SUBSCRIPTION.split('/').at(-1) ?? '' }).survey([]);
    expect(front.requests.filter(({ host }) => host === 'management.azure.com')).toHaveLength(2);
  });

  test('says what is missing where it sees no such registry', async () => {
    const error = await rejectionOf(open({ subscription: 'empty' }).survey([]));
    expect(error).toMatchObject({ code: 'not-found', hint: expect.stringContaining('Reader') });
  });

  test('is in the mode for all of the registry where Azure tells none', async () => {
    fake.settings.mode = undefined;
    expect((await backend.survey([])).facts).toMatchObject({ roleAssignmentMode: 'LegacyRegistryPermissions' });
  });
});

describe('role assignments', () => {
  test('of a registry in ABAC mode read one repository, by the condition that Azure documents', async () => {
    const entry = wantedFor(principal(ALICE));
    expect(await apply([entry])).toEqual({ outcomes: [{ key: entry.key, state: 'written' }], alarms: [] });
    expect(assignmentsOf(ALICE)).toEqual([
      {
        scope: ACR_ID,
        roleDefinitionId: roleDefinitionId(READER),
        principalId: ALICE,
        principalType: 'ServicePrincipal',
        description: 'pg:base@transship',
        conditionVersion: '2.0',
        condition:
          "((!(ActionMatches{'Microsoft.ContainerRegistry/registries/repositories/content/read'}) AND !(ActionMatches{'Microsoft.ContainerRegistry/registries/repositories/metadata/read'})) OR (@Request[Microsoft.ContainerRegistry/registries/repositories:name] StringEqualsIgnoreCase 'team-a/app'))",
      },
    ]);
  });

  test('of a registry in the older mode are AcrPull for all of it, without a condition', async () => {
    fake.settings.mode = 'LegacyRegistryPermissions';
    await apply([wantedFor(principal(ALICE), { pattern: '**' })]);
    const [made] = assignmentsOf(ALICE);
    expect(made).toMatchObject({ roleDefinitionId: roleDefinitionId(ACR_PULL) });
    expect(made).not.toHaveProperty('condition');
  });

  test('have the same ID whenever they are made, and go when nothing needs them', async () => {
    const entry = wantedFor(principal(ALICE));
    await apply([entry]);
    const [id] = fake.assignments.keys();
    await apply([], [entry]);
    expect(fake.assignments.size).toBe(0);
    await apply([entry]);
    expect([...fake.assignments.keys()]).toEqual([id]);
  });

  test('of several grants for one principal are one, as Azure takes no second one', async () => {
    const app = wantedFor(principal(ALICE));
    const base = wantedFor(principal(ALICE), { id: 'more', pattern: 'base/**' });
    await apply([app]);
    await apply([app, base]);
    expect(assignmentsOf(ALICE)).toEqual([
      expect.objectContaining({
        condition: conditionOf(['base/**', 'team-a/app']),
        description: 'pg:base,more@transship',
      }),
    ]);
    await apply([base], [app]);
    expect(assignmentsOf(ALICE).map(({ condition }) => condition)).toEqual([conditionOf(['base/**'])]);
    expect((await backend.observe(TARGET)).entries.map(({ key }) => key)).toEqual([base.key]);
  });

  test('for all repositories keep in mind what narrower grants want', async () => {
    const all = wantedFor(principal(ALICE), { id: 'all', pattern: '**' });
    const app = wantedFor(principal(ALICE));
    await apply([all, app]);
    expect(assignmentsOf(ALICE)).toHaveLength(1);
    expect(assignmentsOf(ALICE)[0]).not.toHaveProperty('condition');
    expect(await apply([all, app])).toBeUndefined();
    await apply([app], [all]);
    expect(assignmentsOf(ALICE).map(({ condition }) => condition)).toEqual([conditionOf(['team-a/app'])]);
  });

  test('are made again after a second look where Azure had not shown them yet', async () => {
    await apply([wantedFor(principal(ALICE))]);
    const observed = await backend.observe(TARGET);
    fake.settings.staleLists = 2;
    const base = wantedFor(principal(ALICE), { id: 'more', pattern: 'base/**' });
    const { outcomes } = await backend.write(observed, [{ op: 'create', wanted: base }]);
    expect(outcomes).toEqual([{ key: base.key, state: 'written' }]);
    expect(assignmentsOf(ALICE).map(({ condition }) => condition)).toEqual([conditionOf(['base/**', 'team-a/app'])]);
    expect(pauses).toEqual([1_000, 2_000]);
  });

  test('wait for a principal that was just made', async () => {
    fake.settings.replicationDelays = 3;
    const result = await apply([wantedFor(principal(ALICE))]);
    expect(result?.outcomes.map(({ state }) => state)).toEqual(['written']);
    expect(pauses).toEqual([1_000, 2_000, 4_000]);
  });

  test('of a principal that does not exist are told, and the others get what is theirs', async () => {
    fake.settings.unknownPrincipals.add(ALICE);
    const result = await apply([wantedFor(principal(ALICE)), wantedFor(principal(BOB))]);
    expect(result?.outcomes).toEqual([
      expect.objectContaining({
        state: 'blocked',
        problem: expect.objectContaining({ message: expect.stringContaining(ALICE) }),
      }),
      expect.objectContaining({ state: 'written' }),
    ]);
    expect(assignmentsOf(BOB)).toHaveLength(1);
  });

  test('of somebody else are left alone where they say something else, and it is told', async () => {
    seed(ALICE, { condition: conditionOf(['other']) ?? null });
    const before = structuredClone([...fake.assignments.values()]);
    const result = await apply([wantedFor(principal(ALICE))]);
    expect(result?.outcomes).toEqual([
      expect.objectContaining({
        state: 'blocked',
        problem: expect.objectContaining({ message: expect.stringContaining('somebody else') }),
      }),
    ]);
    expect([...fake.assignments.values()]).toEqual(before);
    expect(fake.writes).toEqual([]);
  });

  test('of somebody else become ours where the grants say all that they say, in whatever form the portal wrote them', async () => {
    const portal = (conditionOf(['team-a/app']) ?? '').replaceAll(' OR ', '\n OR \n').replaceAll('(', '(\n ');
    seed(ALICE, { condition: portal });
    const [id] = fake.assignments.keys();
    const observed = await backend.observe(TARGET);
    const entry = wantedFor(principal(ALICE));
    expect(observed.entries).toMatchObject([{ key: entry.key, owner: 'foreign' }]);
    const before = observed.entries[0]?.content ?? null;
    const { outcomes } = await backend.write(observed, [{ op: 'adopt', wanted: entry, before }]);
    expect(outcomes).toEqual([{ key: entry.key, state: 'written' }]);
    expect([...fake.assignments.keys()]).toEqual([id]);
    expect(assignmentsOf(ALICE)).toEqual([
      expect.objectContaining({ condition: portal, description: 'pg:base@transship' }),
    ]);
  });

  test('of somebody else are not taken over with more than was adopted', async () => {
    seed(ALICE, { condition: conditionOf(['team-a/app', 'team-b/app']) ?? null });
    const observed = await backend.observe(TARGET);
    const entry = wantedFor(principal(ALICE));
    const before = observed.entries.find(({ key }) => key === entry.key)?.content ?? null;
    const { outcomes } = await backend.write(observed, [{ op: 'adopt', wanted: entry, before }]);
    expect(outcomes).toMatchObject([{ state: 'blocked' }]);
    expect(fake.writes).toEqual([]);
  });

  test('that somebody else was first to make are planned anew', async () => {
    const observed = await backend.observe(TARGET);
    fake.settings.beforePut = () => {
      fake.settings.beforePut = undefined;
      seed(ALICE, { condition: conditionOf(['team-a/app']) ?? null });
    };
    const error = await rejectionOf(backend.write(observed, [{ op: 'create', wanted: wantedFor(principal(ALICE)) }]));
    expect(error).toMatchObject({ code: 'object-conflict' });
  });

  test('that somebody changed are put back, and nothing of theirs is believed', async () => {
    await apply([wantedFor(principal(ALICE))]);
    const [made] = fake.assignments.values();
    if (made === undefined) throw new Error('nothing was written');
    made.properties.condition = "(@Request[Microsoft.ContainerRegistry/registries/repositories:name] StringLike '*')";
    const observed = await backend.observe(TARGET);
    expect(observed.entries).toMatchObject([{ owner: 'ours', grant: 'base' }]);
    const [changed] = observed.entries;
    const entry = wantedFor(principal(ALICE));
    const { outcomes } = await backend.write(observed, [
      { op: 'delete', key: changed?.key ?? '', before: changed?.content ?? null },
      { op: 'create', wanted: entry },
    ]);
    expect(outcomes.map(({ state }) => state)).toEqual(['written', 'written']);
    expect(assignmentsOf(ALICE).map(({ condition }) => condition)).toEqual([conditionOf(['team-a/app'])]);
  });

  test('of another instance are nobody of ours', async () => {
    seed(ALICE, { condition: conditionOf(['team-a/app']) ?? null, description: 'pg:base@elsewhere' });
    seed(BOB, { condition: conditionOf(['team-a/app']) ?? null, description: 'pg:base' });
    const { entries } = await backend.observe(TARGET);
    expect(entries.map(({ owner }) => owner)).toEqual(['foreign', 'unmarked']);
    expect(await backend.marked()).toEqual([]);
    await apply([wantedFor(principal('cccccccc-0000-4000-8000-000000000003'))]);
    expect(await backend.marked()).toEqual([TARGET]);
  });

  test('are written in no run of a hundred with nothing to do', async () => {
    seed(BOB, { condition: "(@Request[x:name] StringEquals 'y')" });
    const wanted = [
      wantedFor(principal(ALICE)),
      wantedFor(principal(ALICE), { id: 'more', pattern: 'base/**' }),
      wantedFor(ROBOT, { expiresAt: UNTIL }),
    ];
    await apply(wanted);
    const writes = fake.writes.length;
    fake.settings.pageSize = 100;
    for (let run = 0; run < 100; run += 1) expect(await apply(wanted)).toBeUndefined();
    expect(fake.writes).toHaveLength(writes);
  }, 60_000);

  test('of others survive random edits of grants', async () => {
    fake.settings.pageSize = 100;
    const edit = fc.record({
      who: fc.constantFrom(ALICE, BOB),
      pattern: fc.constantFrom('team-a/app', 'team-a/**', 'base', '**'),
      isGone: fc.boolean(),
    });
    const foreign = fc.constantFrom<(string | null)[]>([conditionOf(['x']) ?? ''], [null], ["StringLike 'z'"]);
    await fc.assert(
      fc.asyncProperty(foreign, fc.array(edit, { minLength: 3, maxLength: 6 }), async ([condition], edits) => {
        fake.assignments.clear();
        seed(ALICE, { condition: condition ?? null, role: 'c2f4ef07-c644-48eb-af81-4b1b4947fb11' });
        seed('dddddddd-0000-4000-8000-000000000004', { condition: condition ?? null });
        const others = structuredClone([...fake.assignments.values()]);
        const wanted = new Map<string, WantedEntry>();
        for (const { who, pattern, isGone } of edits) {
          const entry = wantedFor(principal(who), { pattern });
          if (isGone) wanted.delete(entry.key);
          else wanted.set(entry.key, entry);
          await apply([...wanted.values()], isGone ? [entry] : []);
        }
        expect([...fake.assignments.values()].slice(0, 2)).toEqual(others);
        const { entries } = await backend.observe(TARGET);
        const ours = entries.filter(({ owner }) => owner === 'ours').map(({ key }) => key);
        expect(ours.toSorted()).toEqual([...wanted.keys()].toSorted());
      }),
      { numRuns: 10 },
    );
  }, 60_000);

  test('that may not be made are told with the role that is missing, and no token is repeated', async () => {
    fake.settings.denied.add('roleAssignments');
    const error = await rejectionOf(backend.observe(TARGET));
    expect(error).toMatchObject({
      code: 'denied',
      hint: expect.stringContaining('Role Based Access Control Administrator'),
    });
    for (const token of azure.issued) expect(inspect(error, { depth: 9 })).not.toContain(token);
  });
});

describe('tokens', () => {
  test('are made with a scope map, and their password is kept where it was asked for', async () => {
    fake.settings.settling = 2;
    const entry = wantedFor(ROBOT, { pattern: 'team-a/**', expiresAt: UNTIL });
    expect((await apply([entry]))?.outcomes).toEqual([{ key: entry.key, state: 'written' }]);
    expect(fake.scopeMaps.get(TOKEN)).toEqual({
      description: 'pg:base@transship kept in prod/team/pull as password1',
      actions: ['repositories/team-a/*/content/read', 'repositories/team-a/*/metadata/read'],
    });
    expect(fake.tokens.get(TOKEN)).toMatchObject({
      scopeMapId: `${ACR_ID}/scopeMaps/${TOKEN}`,
      status: 'enabled',
      passwords: [{ name: 'password1', expiry: UNTIL.toISOString() }],
    });
    const shown = kept.get(canonicalText(KEPT_IN));
    expect(shown).toMatchObject({ registry: ACR_HOST, username: TOKEN });
    expect(shown?.password.reveal()).toBe(fake.passwords.get(`${TOKEN} password1`));
    const observed = await backend.observe(TARGET);
    expect(canonicalText(observed.entries[0]?.content ?? null)).toBe(canonicalText(entry.content));
    for (const value of fake.passwords.values()) expect(inspect(observed, { depth: 9 })).not.toContain(value);
  });

  test('get their other password for a later end, and the old one works until that is kept', async () => {
    await apply([wantedFor(ROBOT, { expiresAt: UNTIL })]);
    await apply([wantedFor(ROBOT, { expiresAt: new Date('2027-06-30T00:00:00Z') })]);
    expect(fake.tokens.get(TOKEN)?.passwords.map(({ name, expiry }) => `${name} ${expiry}`)).toEqual([
      'password1 2027-01-31T00:00:00.000Z',
      'password2 2027-06-30T00:00:00.000Z',
    ]);
    expect(kept.get(canonicalText(KEPT_IN))?.password.reveal()).toBe(fake.passwords.get(`${TOKEN} password2`));
  });

  test('lose a password that would live longer than the grant', async () => {
    await apply([wantedFor(ROBOT)]);
    await apply([wantedFor(ROBOT, { expiresAt: UNTIL })]);
    expect(fake.tokens.get(TOKEN)?.passwords.map(({ name }) => name)).toEqual(['password2']);
    expect(await apply([wantedFor(ROBOT, { expiresAt: UNTIL })])).toBeUndefined();
  });

  test('get a new password where the last one could not be kept', async () => {
    keepFails = true;
    expect(await rejectionOf(apply([wantedFor(ROBOT, { expiresAt: UNTIL })]))).toMatchObject({
      message: 'the cluster is away',
    });
    const { entries } = await backend.observe(TARGET);
    expect(entries).toMatchObject([{ owner: 'ours', content: { isKept: false } }]);
    keepFails = false;
    await apply([wantedFor(ROBOT, { expiresAt: UNTIL })]);
    expect(kept.get(canonicalText(KEPT_IN))?.password.reveal()).toBe(fake.passwords.get(`${TOKEN} password1`));
    expect(await apply([wantedFor(ROBOT, { expiresAt: UNTIL })])).toBeUndefined();
  });

  test('get a new password where an extension could not be kept, though the old one is still there', async () => {
    const later = wantedFor(ROBOT, { expiresAt: new Date('2027-06-30T00:00:00Z') });
    await apply([wantedFor(ROBOT, { expiresAt: UNTIL })]);
    keepFails = true;
    await rejectionOf(apply([later]));
    keepFails = false;
    await apply([later]);
    expect(kept.get(canonicalText(KEPT_IN))?.password.reveal()).toBe(fake.passwords.get(`${TOKEN} password2`));
    expect(await apply([later])).toBeUndefined();
  });

  test('that somebody disabled, or whose Secret is gone, are drift', async () => {
    const entry = wantedFor(ROBOT, { expiresAt: UNTIL });
    await apply([entry]);
    const token = fake.tokens.get(TOKEN);
    if (token === undefined) throw new Error('nothing was written');
    token.status = 'disabled';
    expect(await backend.verify(entry, 'allowed')).toMatchObject({
      answer: 'denied',
      note: expect.stringContaining('disabled'),
    });
    await apply([entry]);
    expect(fake.tokens.get(TOKEN)?.status).toBe('enabled');
    kept.clear();
    await apply([entry]);
    expect(kept.size).toBe(1);
  });

  test('go with their scope map, the token first', async () => {
    const entry = wantedFor(ROBOT, { expiresAt: UNTIL });
    await apply([entry]);
    expect(await backend.verify(entry, 'allowed')).toMatchObject({ method: 'read-back', answer: 'allowed' });
    await apply([], [entry]);
    expect(fake.writes.slice(-2)).toEqual([`DELETE ${ACR_ID}/tokens/${TOKEN}`, `DELETE ${ACR_ID}/scopeMaps/${TOKEN}`]);
    expect(await backend.verify(entry, 'denied')).toMatchObject({
      answer: 'denied',
      note: expect.stringContaining('75 min'),
    });
  });

  test('of others are not looked at, and an identity that may not see tokens still gives roles', async () => {
    fake.scopeMaps.set('theirs', { description: 'by hand', actions: ['repositories/x/content/read'] });
    fake.settings.denied.add('scopeMaps');
    await apply([wantedFor(principal(ALICE))]);
    expect((await backend.observe(TARGET)).entries).toHaveLength(1);
    fake.settings.denied.clear();
    expect((await backend.observe(TARGET)).entries).toHaveLength(1);
  });
});

describe('verifying roles', () => {
  test('reads back what lets the principal in, also by a wider pattern', async () => {
    await apply([wantedFor(principal(ALICE), { pattern: 'team-a/**' })]);
    expect(await backend.verify(wantedFor(principal(ALICE)), 'allowed')).toMatchObject({
      method: 'read-back',
      answer: 'allowed',
    });
    expect(await backend.verify(wantedFor(principal(ALICE), { pattern: 'team-ab/app' }), 'denied')).toMatchObject({
      answer: 'denied',
    });
    expect(await backend.verify(wantedFor(principal(BOB)), 'denied')).toMatchObject({
      answer: 'denied',
      note: expect.stringContaining('75 min'),
    });
  });

  test('knows that a registry in ABAC mode ignores AcrPull', async () => {
    seed(ALICE, { role: ACR_PULL });
    expect(await backend.verify(wantedFor(principal(ALICE)), 'denied')).toMatchObject({ answer: 'denied' });
  });

  test('is still allowed by a role from above, and cannot tell where a condition is not understood', async () => {
    seed(BOB, { condition: "(@Request[x:name] StringEquals 'y')" });
    expect(await backend.verify(wantedFor(principal(BOB)), 'denied')).toMatchObject({ answer: 'unverifiable' });
    fake.settings.mode = 'LegacyRegistryPermissions';
    fake.settings.roles.set('contributor', {
      roleName: 'Contributor',
      permissions: [{ actions: ['*'], notActions: [] }],
    });
    seed(ALICE, { role: 'contributor', scope: SUBSCRIPTION });
    expect(await backend.verify(wantedFor(principal(ALICE), { pattern: '**' }), 'denied')).toMatchObject({
      answer: 'allowed',
      note: expect.stringContaining(`Contributor, inherited from ${SUBSCRIPTION}`),
    });
  });
});

describe('auditing', () => {
  test('names roles by what they allow, tokens, the admin user and pulls without a login', async () => {
    await apply([wantedFor(principal(BOB)), wantedFor(ROBOT, { expiresAt: UNTIL })]);
    fake.settings.anonymousPullEnabled = true;
    fake.settings.adminUserEnabled = true;
    fake.settings.roles.set('writer', {
      roleName: 'Container Registry Repository Writer',
      permissions: [{ actions: [], dataActions: ['Microsoft.ContainerRegistry/registries/repositories/content/*'] }],
    });
    fake.settings.roles.set('monitoring', {
      roleName: 'Monitoring Reader',
      permissions: [{ actions: ['*/read'], dataActions: [] }],
    });
    seed(ALICE, { role: ACR_PULL });
    seed(ALICE, { condition: conditionOf(['team-b/**']) ?? null });
    seed('group', {});
    seed('writer', { role: 'writer', scope: SUBSCRIPTION });
    seed('monitor', { role: 'monitoring' });
    seed('unknown', { role: 'unread' });
    fake.scopeMaps.set('_repositories_pull', { actions: ['repositories/*/content/read'] });
    fake.tokens.set('by-hand', {
      scopeMapId: `${ACR_ID}/scopeMaps/_repositories_pull`,
      status: 'enabled',
      passwords: [{ name: 'password1', creationTime: '2026-01-01T00:00:00Z' }],
    });
    const found = [];
    for await (const finding of backend.audit()) found.push(finding);
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
