// Grants at Artifact Registry against a server that follows the documented wire format: what is ours changes, all else stays.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { inspect } from 'node:util';
import * as fc from 'fast-check';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { artifactRegistryBackend } from '../../../../shared/grants/artifact-registry/backend.ts';
import { artifactRegistryWanted } from '../../../../shared/grants/artifact-registry/wanted.ts';
import type { EntryChange, GrantBackend } from '../../../../shared/grants/backend.ts';
import { canonicalText, hash16 } from '../../../../shared/grants/canonical.ts';
import type { ObservedTarget, WantedEntry } from '../../../../shared/grants/entry.ts';
import { applyGrants } from '../../../../shared/grants/reconcile.ts';
import type { Site, Target } from '../../../../shared/grants/site.ts';
import { silentLogger } from '../../../../shared/telemetry/logger.ts';
import { Secret } from '../../../../shared/telemetry/secret.ts';
import { createAuthority } from '../../../support/certificates.ts';
import { startCloudFront, type CloudFront } from '../../../support/clouds/cloud-front.ts';
import {
  startFakeArtifactRegistry,
  type FakeArtifactRegistry,
  type IamBinding,
} from '../../../support/clouds/fake-artifact-registry.ts';
import { createFakeGoogle, makeKeys, type FakeGoogle } from '../../../support/clouds/fake-google.ts';
import { rejectionOf } from '../../../support/clouds/rejection.ts';
import { configOf } from '../../../support/config-of.ts';
import { memoryGrantStore } from '../../../support/grants/memory-grant-store.ts';
import { pullGrant } from '../../../support/grants/pull-grant.ts';
import { manualClock } from '../../../support/jobs/manual-clock.ts';

const HOST = 'europe-docker.pkg.dev';
const SITE: Site = { backend: 'artifact-registry', host: HOST, profiles: new Map() };
const APP = 'projects/acme/locations/europe/repositories/app';
const TARGET: Target = { backend: 'artifact-registry', host: HOST, place: 'acme/app' };
const READER = 'roles/artifactregistry.reader';
const ALICE = 'serviceAccount:alice@acme.iam.gserviceaccount.com';
const BOB = 'serviceAccount:bob@acme.iam.gserviceaccount.com';
const UNTIL = new Date('2027-01-31T00:00:00Z');
const NOW = Date.parse('2026-11-21T12:00:00Z');
const FOLDER = mkdtempSync(path.join(tmpdir(), 'transship-artifact-registry-'));
const KEYS = makeKeys();

let front: CloudFront;
let google: FakeGoogle;
let fake: FakeArtifactRegistry;
let backend: GrantBackend;
let pauses: number[];

beforeAll(async () => {
  front = await startCloudFront(createAuthority(FOLDER), Object.keys(createFakeGoogle(KEYS).hosts));
});
afterAll(async () => {
  await front[Symbol.asyncDispose]();
  rmSync(FOLDER, { recursive: true });
});
beforeEach(async () => {
  google = createFakeGoogle(KEYS);
  front.play(google.hosts);
  vi.stubEnv('HTTPS_PROXY', front.proxy);
  vi.stubEnv('NO_PROXY', '127.0.0.1');
  for (const name of ['https_proxy', 'no_proxy', 'GOOGLE_APPLICATION_CREDENTIALS']) vi.stubEnv(name, undefined);
  fake = await startFakeArtifactRegistry();
  fake.settings.accepts = (token) => google.issued.includes(token);
  fake.repositories.push({ name: APP, format: 'DOCKER' });
  backend = open();
});
afterEach(async () => {
  await backend.close?.();
  await fake[Symbol.asyncDispose]();
  vi.unstubAllEnvs();
});

function open(instance = 'transship', patterns: readonly string[] = ['acme/app/**'], now = NOW): GrantBackend {
  pauses = [];
  const key = JSON.stringify(google.keyFile());
  return artifactRegistryBackend({
    site: SITE,
    instance,
    identity: { file: { name: 'env GOOGLE_KEY', read: () => Promise.resolve(new Secret(key)) } },
    env: { ...process.env, CLOUDSDK_API_ENDPOINT_OVERRIDES_ARTIFACTREGISTRY: fake.endpoint },
    patterns,
    now: () => now,
    pause: (ms) => {
      pauses.push(ms);
      return Promise.resolve();
    },
    random: () => 0.5,
  });
}

function wantedFor(member: string, expiresAt?: Date, id = 'base', instance = 'transship'): WantedEntry {
  const grant = pullGrant({
    id,
    grantees: [{ kind: 'GooglePrincipal', member }],
    ...(expiresAt === undefined ? {} : { expiresAt }),
  });
  const part = { registry: HOST, what: { kind: 'repository', pattern: 'acme/app/**' }, actions: ['pull'] } as const;
  const request = { grant, parts: [part], grantees: grant.grantees, site: SITE, survey: {}, instance };
  const [entry] = artifactRegistryWanted(request).entries;
  if (entry === undefined) throw new Error('no entry');
  return entry;
}

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

function bindings(): readonly IamBinding[] {
  return fake.policies.get(APP)?.bindings ?? [];
}

function seed(...those: readonly IamBinding[]): void {
  const auditConfigs = [
    { service: 'allServices', auditLogConfigs: [{ logType: 'DATA_READ', exemptedMembers: ['user:x@acme.io'] }] },
  ];
  fake.policies.set(APP, { version: 3, etag: 'BwWWja0YfJA=', bindings: [...those], auditConfigs });
}

const OFFICE_HOURS: IamBinding = {
  role: READER,
  members: ['user:carol@acme.io', ALICE],
  condition: { title: 'office hours', expression: 'request.time.getHours("Europe/Rome") < 18' },
};
const PUSHERS: IamBinding = { role: 'roles/artifactregistry.writer', members: ['group:ci@acme.io'] };

describe('writing', () => {
  test('gives a principal the role of readers with an end that IAM itself keeps, in a policy that nobody ever set', async () => {
    const entry = wantedFor(ALICE, UNTIL);
    expect(await apply([entry])).toEqual({ outcomes: [{ key: entry.key, state: 'written' }], alarms: [] });
    const [get, set] = fake.requests;
    expect(get?.path).toContain('options.requestedPolicyVersion=3');
    expect(JSON.parse(set?.body ?? '')).toMatchObject({ policy: { version: 3, etag: 'ACAB' } });
    expect(bindings()).toEqual([
      {
        role: READER,
        members: [ALICE],
        condition: {
          title: `pg-${hash16('base')}`,
          description: 'pg:base@transship',
          expression: 'request.time < timestamp("2027-01-31T00:00:00Z")',
        },
      },
    ]);
  });

  test('puts the principals of one grant into one binding, and leaves it when the last one goes', async () => {
    const both = [wantedFor(ALICE, UNTIL), wantedFor(BOB, UNTIL)];
    await apply(both);
    expect(bindings().map(({ members }) => members)).toEqual([[ALICE, BOB]]);
    await apply([], both.slice(0, 1));
    expect(bindings().map(({ members }) => members)).toEqual([[BOB]]);
    await apply([], both);
    expect(bindings()).toEqual([]);
  });

  test('keeps conditions, audit settings and roles of others as they are', async () => {
    seed(OFFICE_HOURS, PUSHERS);
    const before = structuredClone(fake.policies.get(APP));
    await apply([wantedFor(ALICE, UNTIL), wantedFor(BOB)]);
    expect(bindings().slice(0, 2)).toEqual([OFFICE_HOURS, PUSHERS]);
    await apply([], [wantedFor(ALICE, UNTIL), wantedFor(BOB)]);
    expect({ ...fake.policies.get(APP), etag: '' }).toEqual({ ...before, etag: '' });
  });

  test('has two conditions on one role side by side, and moves only its own end', async () => {
    seed(OFFICE_HOURS);
    await apply([wantedFor(ALICE, UNTIL)]);
    const later = wantedFor(ALICE, new Date('2027-06-30T00:00:00Z'));
    await apply([later]);
    expect(bindings()).toEqual([
      OFFICE_HOURS,
      expect.objectContaining({
        members: [ALICE],
        condition: expect.objectContaining({ expression: 'request.time < timestamp("2027-06-30T00:00:00Z")' }),
      }),
    ]);
  });

  test('writes nothing in a hundred runs with nothing to do', async () => {
    seed(PUSHERS, OFFICE_HOURS);
    const wanted = [wantedFor(ALICE, UNTIL), wantedFor(BOB)];
    await apply(wanted);
    const first = fake.writes();
    for (let run = 0; run < 100; run += 1) expect(await apply(wanted)).toBeUndefined();
    expect(fake.writes()).toBe(first);
  });

  test('says that nothing was to be written where somebody else was first with the same', async () => {
    const observed = await backend.observe(TARGET);
    const entry = wantedFor(ALICE);
    fake.settings.beforeSet = () => {
      seed({ role: READER, members: [ALICE] });
      fake.settings.beforeSet = undefined;
    };
    const result = await backend.write(observed, [{ op: 'create', wanted: entry }]);
    expect(result.outcomes).toEqual([{ key: entry.key, state: 'unchanged' }]);
    expect(fake.writes()).toBe(0);
  });

  test('does the whole round anew when somebody writes in between, and loses nothing of theirs', async () => {
    seed(PUSHERS);
    const observed = await backend.observe(TARGET);
    let edits = 0;
    fake.settings.beforeSet = () => {
      edits += 1;
      if (edits > 3) return;
      const policy = fake.policies.get(APP);
      fake.policies.set(APP, {
        ...policy,
        etag: Buffer.from(`edit-${edits}`).toString('base64'),
        bindings: [...bindings(), { role: `roles/custom${edits}`, members: ['user:dan@acme.io'] }],
      });
    };
    await backend.write(observed, [{ op: 'create', wanted: wantedFor(ALICE) }]);
    expect(bindings().map(({ role }) => role)).toEqual([
      PUSHERS.role,
      'roles/custom1',
      'roles/custom2',
      'roles/custom3',
      READER,
    ]);
    expect(pauses).toHaveLength(3);
    expect(pauses).toEqual(pauses.toSorted((left, right) => left - right));
  });

  test('gives up after eight tries against somebody who writes without end', async () => {
    fake.settings.conflicts = 100;
    const error = await rejectionOf(apply([wantedFor(ALICE)]));
    expect(error).toMatchObject({ code: 'object-conflict', retryable: true });
    expect(100 - fake.settings.conflicts).toBe(8);
  });

  test('plans anew where its own entry changed meanwhile', async () => {
    await apply([wantedFor(ALICE, UNTIL)]);
    const observed = await backend.observe(TARGET);
    const [entry] = observed.entries;
    const [binding] = bindings();
    if (entry === undefined || binding?.condition === undefined) throw new Error('nothing was written');
    seed({
      ...binding,
      condition: { ...binding.condition, expression: 'request.time < timestamp("2030-01-01T00:00:00Z")' },
    });
    const fresh = await backend.observe(TARGET);
    const later = wantedFor(ALICE, new Date('2027-06-30T00:00:00Z'));
    for (const change of [
      { op: 'update', wanted: later, before: entry.content },
      { op: 'delete', key: entry.key, before: entry.content },
      { op: 'create', wanted: later },
    ] satisfies EntryChange[]) {
      expect(await rejectionOf(backend.write(fresh, [change]))).toMatchObject({ code: 'object-conflict' });
    }
    expect(fake.writes()).toBe(1);
  });

  test('finds out which principals Google refuses, and the others get what is theirs', async () => {
    seed(PUSHERS);
    const members = Array.from({ length: 7 }, (_, at) => `serviceAccount:robot-${at}@acme.iam.gserviceaccount.com`);
    fake.settings.unknown = new Set([members[2] ?? '', members[5] ?? '']);
    const result = await apply(members.map((member) => wantedFor(member, UNTIL)));
    const blocked = result?.outcomes.filter(({ state }) => state === 'blocked');
    expect(blocked?.map(({ problem }) => problem?.message)).toEqual([
      expect.stringContaining('robot-2@'),
      expect.stringContaining('robot-5@'),
    ]);
    expect(bindings()[1]?.members).toEqual(members.filter((member) => !fake.settings.unknown.has(member)));
    expect(bindings()[0]).toEqual(PUSHERS);
  });

  test('lets deleted members of others stay where nobody minds', async () => {
    seed({ role: READER, members: ['deleted:serviceAccount:gone@acme.iam.gserviceaccount.com?uid=1'] });
    await apply([wantedFor(ALICE)]);
    expect(bindings()).toEqual([
      { role: READER, members: ['deleted:serviceAccount:gone@acme.iam.gserviceaccount.com?uid=1', ALICE] },
    ]);
  });

  test('tries once without the deleted form of a member that lives anew, and says so', async () => {
    fake.settings.isStrictAboutDeleted = true;
    seed({ role: 'roles/artifactregistry.writer', members: [`deleted:${ALICE}?uid=104`, BOB] });
    const result = await apply([wantedFor(ALICE)]);
    expect(result?.outcomes.map(({ state }) => state)).toEqual(['written']);
    expect(result?.alarms).toEqual([
      expect.stringContaining(`deleted:${ALICE}?uid=104 lost roles/artifactregistry.writer`),
    ]);
    expect(bindings()).toEqual([
      { role: 'roles/artifactregistry.writer', members: [BOB] },
      { role: READER, members: [ALICE] },
    ]);
  });

  test('never puts back a member that was deleted: what is left of it is an entry of nobody', async () => {
    await apply([wantedFor(ALICE, UNTIL)]);
    const [binding] = bindings();
    if (binding === undefined) throw new Error('nothing was written');
    seed({ ...binding, members: [`deleted:${ALICE}?uid=104`] });
    const { entries } = await backend.observe(TARGET);
    expect(entries).toEqual([expect.objectContaining({ owner: 'ours', grant: 'base' })]);
    expect(entries[0]?.key).not.toBe(wantedFor(ALICE, UNTIL).key);
  });

  test('refuses what lacks a right with the way to mend it, and repeats no token', async () => {
    fake.settings.denied.add(APP);
    const error = await rejectionOf(backend.observe(TARGET));
    expect(error).toMatchObject({ code: 'denied', hint: expect.stringContaining('getIamPolicy') });
    for (const token of google.issued) expect(inspect(error, { depth: 9 })).not.toContain(token);
  });

  test('keeps every access of others through random edits of grants', async () => {
    const member = fc.constantFrom(ALICE, BOB, 'group:team@acme.io', 'user:carol@acme.io');
    const foreign = fc.record({
      role: fc.constantFrom('roles/artifactregistry.writer', 'roles/x', READER),
      members: fc.uniqueArray(fc.constantFrom('user:u1@acme.io', 'user:u2@acme.io', 'group:g@acme.io'), {
        minLength: 1,
      }),
      condition: fc.constantFrom(
        { title: 'office', expression: 'request.time.getHours() < 18' },
        {
          title: `pg-${hash16('base')}`,
          description: 'pg:base@elsewhere',
          expression: 'request.time < timestamp("2027-01-31T00:00:00Z")',
        },
        { title: 'x', description: 'd', expression: 'resource.name != ""' },
      ),
    });
    const edit = fc.record({
      member,
      id: fc.constantFrom('base', 'other'),
      end: fc.constantFrom(undefined, UNTIL, new Date('2028-01-01T00:00:00Z')),
      isGone: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(foreign, { selector: (one) => JSON.stringify(one) }),
        fc.array(edit, { maxLength: 12 }),
        async (others, edits) => {
          seed(...others, PUSHERS);
          for (const { member: who, id, end, isGone } of edits) {
            const entry = wantedFor(who, end, id);
            await (isGone ? apply([], [entry]) : apply([entry]));
          }
          expect(
            bindings()
              .filter(({ condition }) => condition?.description?.endsWith('@transship') !== true)
              .filter(({ condition, role }) => condition !== undefined || role !== READER),
          ).toEqual([...others, PUSHERS]);
        },
      ),
      { numRuns: 60 },
    );
  }, 60_000);
});

describe('observing', () => {
  test('tells ours, what has no room for a mark, and what is of another instance or person', async () => {
    const mark = { title: `pg-${hash16('base')}`, expression: 'request.time < timestamp("2027-01-31T00:00:00Z")' };
    seed(
      { role: READER, members: [ALICE], condition: { ...mark, description: 'pg:base@transship' } },
      { role: READER, members: [ALICE], condition: { ...mark, description: 'pg:base@elsewhere' } },
      { role: READER, members: [ALICE], condition: { ...mark, description: 'pg:other@transship' } },
      { role: READER, members: [BOB] },
      PUSHERS,
    );
    const { entries } = await backend.observe(TARGET);
    expect(entries.map(({ owner }) => owner).toSorted()).toEqual(['foreign', 'foreign', 'ours', 'unmarked']);
    expect(new Set(entries.map(({ key }) => key)).size).toBe(4);
    expect(entries.find(({ owner }) => owner === 'ours')?.key).toBe(wantedFor(ALICE, UNTIL).key);
  });

  test('has one form for addresses in any case, and for what a library decodes as empty', async () => {
    seed({ role: READER, members: ['serviceAccount:Alice@acme.iam.gserviceaccount.com'] });
    const { entries } = await backend.observe(TARGET);
    const { key, content } = wantedFor(ALICE);
    expect(entries).toHaveLength(1);
    expect(canonicalText(entries[0]?.content ?? null)).toBe(canonicalText(content));
    expect(entries[0]).toMatchObject({ key, owner: 'unmarked' });
  });

  test('says that a repository is not there', async () => {
    const target = { ...TARGET, place: 'acme/nowhere' };
    expect(await backend.observe(target)).toMatchObject({ state: 'missing', entries: [] });
  });

  test('lists the repositories of a project over all pages, those with images only', async () => {
    const parent = 'projects/acme/locations/europe/repositories';
    fake.repositories.push(
      { name: `${parent}/maven`, format: 'MAVEN' },
      { name: `${parent}/base`, format: 'DOCKER' },
      { name: `${parent}/tools`, format: 'DOCKER' },
    );
    const part = { registry: HOST, what: { kind: 'repository', pattern: 'acme/*' }, actions: ['pull'] } as const;
    expect(await backend.survey([part])).toEqual({ repositories: ['acme/app', 'acme/base', 'acme/tools'], facts: {} });
  });

  test('asks for no list where no pattern needs one', async () => {
    const part = { registry: HOST, what: { kind: 'repository', pattern: 'acme/app/**' }, actions: ['pull'] } as const;
    expect(await backend.survey([part])).toEqual({ repositories: [], facts: {} });
    expect(fake.requests).toEqual([]);
  });

  test('a project that may not be listed stops only its own grants', async () => {
    fake.settings.denied.add('projects/secret/locations/europe/repositories');
    const parts = ['acme/*', 'secret/*'].map(
      (pattern) => ({ registry: HOST, what: { kind: 'repository', pattern }, actions: ['pull'] }) as const,
    );
    const survey = await backend.survey(parts);
    expect(survey.repositories).toEqual(['acme/app']);
    const grant = pullGrant({ grantees: [{ kind: 'GooglePrincipal', member: ALICE }] });
    const { entries, shortfalls } = artifactRegistryWanted({
      grant,
      parts,
      grantees: grant.grantees,
      site: SITE,
      survey,
      instance: 'transship',
    });
    expect(entries.map(({ target }) => target.place)).toEqual(['acme/app']);
    expect(shortfalls).toEqual([
      expect.objectContaining({ state: 'Blocked', message: expect.stringContaining('403') }),
    ]);
  });
});

test('a project that cannot be listed for a while keeps what its grants have', async () => {
  const clock = manualClock();
  const what = [{ registry: HOST, what: { kind: 'repository', pattern: 'acme/**' }, actions: ['pull'] }] as const;
  const grants = [pullGrant({ grantees: [{ kind: 'GooglePrincipal', member: ALICE }], what })];
  const run = {
    config: { ...configOf(`registries: { ${HOST}: {} }`), grants },
    store: memoryGrantStore(() => clock.now()),
    backendFor: async () => backend,
    clock,
    logger: silentLogger,
    actor: 'test',
    holder: 'one',
  };
  await applyGrants(run, { overbroad: 'skip' });
  expect(bindings()).toEqual([{ role: READER, members: [ALICE] }]);
  fake.settings.denied.add('projects/acme/locations/europe/repositories');
  const report = await applyGrants(run, { overbroad: 'skip' });
  expect(bindings()).toEqual([{ role: READER, members: [ALICE] }]);
  expect(report.grants).toMatchObject([{ state: 'Blocked' }]);
  fake.settings.denied.clear();
  expect((await applyGrants(run, { overbroad: 'skip' })).grants).toMatchObject([{ state: 'Applied' }]);
});

describe('verifying', () => {
  test('is allowed by the policy, and denied after the end without any write', async () => {
    const entry = wantedFor(ALICE, UNTIL);
    await apply([entry]);
    expect(await backend.verify(entry, 'allowed')).toMatchObject({ method: 'policy-evaluation', answer: 'allowed' });
    await backend.close?.();
    backend = open('transship', [], UNTIL.getTime());
    expect(await backend.verify(entry, 'denied')).toMatchObject({
      answer: 'denied',
      note: expect.stringContaining('project'),
    });
  });

  test('is still allowed after a revoke where others let the same principal in', async () => {
    seed({ role: 'roles/artifactregistry.writer', members: [ALICE] });
    expect(await backend.verify(wantedFor(ALICE, UNTIL), 'denied')).toMatchObject({
      answer: 'allowed',
      note: expect.stringContaining('roles/artifactregistry.writer'),
    });
    seed({ role: READER, members: ['allUsers'] });
    expect(await backend.verify(wantedFor(ALICE, UNTIL), 'denied')).toMatchObject({ answer: 'allowed' });
  });

  test('cannot tell where a condition of others decides', async () => {
    seed(OFFICE_HOURS);
    expect(await backend.verify(wantedFor(ALICE), 'denied')).toMatchObject({ answer: 'unverifiable' });
  });
});

describe('auditing', () => {
  test('names everybody who may pull, why, and what is striking about it', async () => {
    await apply([wantedFor(BOB, UNTIL)]);
    const [ours] = bindings();
    if (ours === undefined) throw new Error('nothing was written');
    seed(
      ours,
      { role: READER, members: ['allUsers', 'user:dan@acme.io', 'group:team@acme.io', `deleted:${ALICE}?uid=1`] },
      PUSHERS,
      { role: READER, members: ['serviceAccount:service-123@container-engine-robot.iam.gserviceaccount.com'] },
      { role: 'projects/acme/roles/mirror', members: [ALICE] },
      { role: 'roles/artifactregistry.serviceAgent', members: [ALICE] },
      OFFICE_HOURS,
    );
    const found = [];
    for await (const finding of backend.audit()) found.push(finding);
    const told = found.map(({ who, class: kind, flags }) => [...who, kind, ...flags].join(' | '));
    expect(told).toEqual([
      `${BOB} | ours`,
      'everybody at all | over-broad | everybody',
      'user:dan@acme.io | adoptable',
      'group:team@acme.io | adoptable | a group: who is in it is not visible here',
      `deleted:${ALICE}?uid=1 | foreign | the principal was deleted`,
      'group:ci@acme.io | over-broad | may push | a group: who is in it is not visible here',
      'serviceAccount:service-123@container-engine-robot.iam.gserviceaccount.com | platform',
      `${ALICE} | foreign | a role of your own: it is not looked up what it allows`,
      'user:carol@acme.io | foreign | a condition that is not evaluated',
      `${ALICE} | foreign | a condition that is not evaluated`,
    ]);
    expect(found[0]).toMatchObject({ grant: 'base', until: '2027-01-31T00:00:00.000Z' });
    expect(found[2]?.asGrant).toEqual({
      grantees: [{ kind: 'GooglePrincipal', member: 'user:dan@acme.io' }],
      what: [{ registry: HOST, what: { kind: 'repository', pattern: 'acme/app/**' }, actions: ['pull', 'list'] }],
    });
  });

  test('looks at every repository of the projects that grants name', async () => {
    fake.repositories.push({ name: 'projects/acme/locations/europe/repositories/other', format: 'DOCKER' });
    fake.policies.set('projects/acme/locations/europe/repositories/other', {
      etag: 'x',
      bindings: [{ role: READER, members: [BOB] }],
    });
    const found = [];
    for await (const { target } of backend.audit()) found.push(target.place);
    expect(found).toEqual(['acme/other']);
  });
});
