// Credentials over HTTP: how rules stand in their clusters by the last look at each, refreshes on demand, and never a credential.
import { afterEach, beforeEach, expect, it } from 'vitest';
import { credentialsJob } from '../../../functions/job-kinds/credentials-job.ts';
import { issuedCredentials } from '../../../shared/credentials/issued-credentials.ts';
import { TransshipError } from '../../../shared/errors.ts';
import type { Issuer } from '../../../shared/registries/issuer.ts';
import type { Json } from '../../../shared/jobs/json.ts';
import { Secret } from '../../../shared/telemetry/secret.ts';
import { CONFIG, configOf, openApiBed, type ApiBed } from '../../support/http-api/api-bed.ts';
import type { ManualClock } from '../../support/jobs/manual-clock.ts';

const LOGIN = '.example.com: { credential: { username: bob, password: { env: HUB } } }';
const TEXT = `${CONFIG.replaceAll('.example.com: {}', LOGIN)}
clusters: [{ name: prod, kubeconfig: {} }, { name: lab, kubeconfig: {} }]
credentials:
  - { name: pull, clusters: [prod, lab], namespaces: { names: ["team-*"] }, registries: [src.example.com], secret: { name: registry-pull } }
  - { name: both, clusters: [prod], namespaces: { names: ["app-*"] }, registries: [src.example.com, dst.example.com], secret: { name: both } }
`;

const CANARY = `canary-${crypto.randomUUID()}`;
const issuedAt = new Date('2026-11-21T12:00:00Z');
const expiresAt = new Date('2026-11-22T00:00:00Z');

const issuer: Issuer = {
  id: 'src',
  hosts: ['src.example.com', 'alias.example.com'],
  issue: () =>
    Promise.resolve({ username: 'AWS', secret: new Secret(CANARY), issuedAt, expiresAt, identity: 'role/x' }),
};

let bed: ApiBed<ManualClock>;
let token: string;

beforeEach(async () => {
  const credentials = issuedCredentials({ now: () => issuedAt.getTime() });
  await credentials.cycle().issue(issuer);
  const of = (registry: string): Issuer => {
    if (registry === 'src.example.com') return issuer;
    throw new TransshipError('invalid-config', `there is no credential for ${registry}`);
  };
  bed = await openApiBed({ credentials, issuers: () => ({ of }) }, configOf(TEXT));
  token = await bed.token({ scopes: ['read', 'credentials'] });
});

afterEach(() => bed.close());

/** The job of a look at a whole cluster, ended with the result. */
async function look(cluster: string, result: Json, failure?: string): Promise<string> {
  const { id } = await bed.store.jobs.accept(credentialsJob({ cluster, trigger: 'schedule' }));
  const [claimed] = await bed.store.jobs.claim('credentials', 1, 60_000);
  if (failure === undefined) await bed.store.jobs.complete(claimed!.lease, result);
  else await bed.store.jobs.bury(claimed!.lease, { code: 'connection-failed', message: failure });
  return id;
}

const REPORT = {
  state: 'done',
  namespaces: 3,
  gone: 0,
  secrets: 3,
  overdue: 1,
  written: {},
  conflicts: { count: 0, first: [] },
  failures: { count: 0, first: [] },
  degraded: [],
  providers: [],
  firstEndsAt: '2026-11-21T18:00:00.000Z',
  nextAt: '2026-11-21T15:00:00.000Z',
};

type State = { rule: string; cluster: string; state: string } & Record<string, unknown>;

async function states(): Promise<State[]> {
  const answer = await bed.ask('/v1/credentials', { token });
  expect(answer.status).toBe(200);
  const text = await answer.text();
  expect(text).not.toContain(CANARY);
  return (JSON.parse(text) as { items: State[] }).items;
}

const credential = { identity: 'role/x', issuedAt: issuedAt.toISOString(), expiresAt: expiresAt.toISOString() };
const src = { registry: 'src.example.com', hosts: ['src.example.com', 'alias.example.com'], credential };

it('knows nothing before anybody looked but what was issued', async () => {
  expect(await states()).toEqual([
    { rule: 'pull', cluster: 'prod', state: 'unknown', secrets: ['registry-pull'], registries: [src], conflicts: [] },
    { rule: 'pull', cluster: 'lab', state: 'unknown', secrets: ['registry-pull'], registries: [src], conflicts: [] },
    {
      rule: 'both',
      cluster: 'prod',
      state: 'unknown',
      secrets: ['both'],
      registries: [src, { registry: 'dst.example.com', hosts: [] }],
      conflicts: [],
    },
  ]);
});

it('tells what the last look at the whole cluster found', async () => {
  await look('prod', { ...REPORT, namespaces: 99 });
  const job = await look('prod', REPORT);
  // of one Namespace only
  await bed.store.jobs.accept(credentialsJob({ cluster: 'prod', namespace: 'team-a', trigger: 'watch' }));
  const [claimed] = await bed.store.jobs.claim('credentials', 1, 60_000);
  await bed.store.jobs.complete(claimed!.lease, { ...REPORT, namespaces: 1 });

  const [prod, lab] = await states();
  expect(prod).toMatchObject({
    state: 'current',
    job,
    lookedAt: bed.clock.now().toISOString(),
    namespaces: 3,
    overdue: 1,
    firstEndsAt: REPORT.firstEndsAt,
    refreshAt: REPORT.nextAt,
  });
  expect(lab?.state).toBe('unknown');
});

it.each<[string, object, Record<string, string>]>([
  [
    'a conflict of one rule',
    { conflicts: { count: 1, first: [conflict('pull')] } },
    { pull: 'conflict', both: 'current' },
  ],
  [
    'a provider that gives nothing new',
    { providers: [{ registry: 'dst.example.com', code: 'denied', message: 'no', retryAt: expiresAt.toISOString() }] },
    { pull: 'current', both: 'degraded' },
  ],
  [
    'Namespaces that lack a new credential',
    { degraded: [{ registry: 'src.example.com', namespaces: 2, message: 'no' }] },
    { pull: 'degraded', both: 'degraded' },
  ],
  ['a failure', { failures: { count: 1, first: [] } }, { pull: 'failed', both: 'failed' }],
])('calls by its name %s', async (_, part, expected) => {
  await look('prod', { ...REPORT, ...part });
  const found = (await states()).filter(({ cluster }) => cluster === 'prod');
  expect(Object.fromEntries(found.map(({ rule, state }) => [rule, state]))).toEqual(expected);
});

it('shows conflicts with the rule that they are of, and why a provider gives nothing', async () => {
  const provider = {
    registry: 'dst.example.com',
    code: 'denied',
    message: 'no',
    hint: 'grant it',
    retryAt: expiresAt.toISOString(),
  };
  await look('prod', { ...REPORT, conflicts: { count: 1, first: [conflict('pull')] }, providers: [provider] });
  const [pull, , both] = await states();
  const { rule: _, ...rest } = conflict('pull');
  expect([pull?.['conflicts'], both?.['conflicts']]).toEqual([[rest], []]);
  const { registry, ...problem } = provider;
  expect(both?.['registries']).toEqual([src, { registry, hosts: [], problem }]);
});

it('tells of a cluster that cannot be looked at', async () => {
  await look('prod', REPORT);
  await look('prod', null, 'connection refused');
  const [prod] = await states();
  expect(prod).toMatchObject({
    state: 'failed',
    problem: { code: 'connection-failed', message: 'connection refused' },
  });
});

it('shows rules to those only who may use their registries, and to nobody who is held to rules', async () => {
  const namesFor = async (limits: object) => {
    const limited = await bed.token({ scopes: ['read'], ...limits });
    const { items } = (await (await bed.ask('/v1/credentials', { token: limited })).json()) as { items: State[] };
    return [...new Set(items.map(({ rule }) => rule))];
  };
  expect(await namesFor({ registries: ['src.example.com'] })).toEqual(['pull']);
  expect(await namesFor({ registries: ['tools.example.com'] })).toEqual([]);
  expect(await namesFor({ rules: ['base'] })).toEqual([]);
});

function refresh(body: unknown, by = token): Promise<Response> {
  return bed.ask('/v1/credentials/refresh', { method: 'POST', token: by, body });
}

it.each<[object, Json[]]>([
  [
    {},
    [
      { cluster: 'prod', trigger: 'api' },
      { cluster: 'lab', trigger: 'api' },
    ],
  ],
  [{ cluster: 'lab' }, [{ cluster: 'lab', trigger: 'api' }]],
  [{ rule: 'both', force: true }, [{ cluster: 'prod', rule: 'both', trigger: 'api', force: true }]],
  [
    { cluster: 'prod', namespace: 'team-a', rule: 'pull' },
    [{ cluster: 'prod', rule: 'pull', namespace: 'team-a', trigger: 'api' }],
  ],
])('refreshes %j', async (order, payloads) => {
  const answer = await refresh(order);
  expect(answer.status).toBe(202);
  const { jobs } = (await answer.json()) as { jobs: { id: string; kind: string; state: string }[] };
  expect(answer.headers.get('location')).toBe(`/v1/jobs/${jobs[0]?.id}`);
  const stored = await Promise.all(jobs.map(({ id }) => bed.store.jobs.get(id)));
  expect(stored.map((job) => job?.payload)).toEqual(payloads);
});

it.each<[object, string]>([
  [{ rule: 'base' }, '#/rule'],
  [{ cluster: 'elsewhere' }, '#/cluster'],
  [{ cluster: 'lab', rule: 'both' }, '#/cluster'],
  [{ forced: true }, '#/forced'],
])('refuses to refresh %j', async (order, pointer) => {
  const answer = await refresh(order);
  expect(answer.status).toBe(422);
  expect(await answer.json()).toMatchObject({ errors: [{ pointer }] });
});

it('refreshes nothing for those who may not use the registries', async () => {
  const limited = await bed.token({ scopes: ['credentials'], registries: ['dst.example.com'] });
  expect((await refresh({}, limited)).status).toBe(422);
  expect((await refresh({ rule: 'pull' }, limited)).status).toBe(422);
});

it('refreshes in a cluster with other rules only what the registries of the client are for', async () => {
  const limited = await bed.token({ scopes: ['credentials'], registries: ['src.example.com'] });
  const answer = await refresh({ force: true }, limited);
  const { jobs } = (await answer.json()) as { jobs: { id: string }[] };
  const stored = await Promise.all(jobs.map(({ id }) => bed.store.jobs.get(id)));
  expect(stored.map((job) => job?.payload)).toEqual([
    { cluster: 'prod', rule: 'pull', trigger: 'api', force: true },
    { cluster: 'lab', trigger: 'api', force: true },
  ]);
});

it('shows at a registry whose credential was issued for clusters, and until when', async () => {
  const { items } = (await (await bed.ask('/v1/registries', { token })).json()) as { items: Record<string, unknown>[] };
  const shown = Object.fromEntries(items.map(({ registry, credential: held }) => [registry, held]));
  expect(shown).toEqual({
    'dst.example.com': undefined,
    'src.example.com': credential,
    'tools.example.com': undefined,
  });
});

function conflict(rule: string) {
  return {
    namespace: 'team-a',
    object: 'Secret team-a/registry-pull',
    rule,
    reason: 'foreign',
    message: 'somebody else made it',
    hint: 'remove it, or say adopt: true',
  };
}
