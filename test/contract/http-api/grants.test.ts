// Grants over HTTP: what is declared and how it stands, plans that are applied as they were shown or not at all, decisions that stand in
// the journal, and nothing of it for who may not use the registries.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { GRANTS, grantsJob } from '../../../functions/job-kinds/grants-job.ts';
import { reconcileGrants } from '../../../functions/reconcile-grants.ts';
import { TransshipError } from '../../../shared/errors.ts';
import { runJob } from '../../../shared/jobs/run-job.ts';
import { inCluster } from '../../support/grants/grants-bed.ts';
import { RecordedWorld } from '../../support/grants/recorded-world.ts';
import { CONFIG, configOf, openApiBed, type ApiBed } from '../../support/http-api/api-bed.ts';
import type { ManualClock } from '../../support/jobs/manual-clock.ts';

const TEXT = `${CONFIG}
clusters: [{ name: prod, kubeconfig: {}, registries: { "inside.svc": acp } }]
grants:
  - { name: cross-ns-pull, to: { serviceAccount: my-ns/default }, pull: [{ registry: inside.svc, namespace: shared }], reason: guide }
`;

const DECLARED = {
  name: 'by-api',
  to: { namespace: 'your-ns' },
  pull: [{ registry: 'inside.svc', namespace: 'shared' }],
  reason: 'JIRA-1',
};

type View = { name: string; state: string; origin: string } & Record<string, unknown>;

let world: RecordedWorld;
let bed: ApiBed<ManualClock>;
let token: string;

beforeEach(async () => {
  world = new RecordedWorld();
  for (const name of ['shared', 'my-ns', 'your-ns']) {
    world.namespaces.set(name, { uid: `uid-${name}`, labels: {}, isTerminating: false });
  }
  bed = await openApiBed({ grantBackends: () => world.backendFor }, configOf(TEXT));
  token = await bed.token({ scopes: ['read', 'grants'] });
});

afterEach(() => bed.close());

const post = (path: string, body: unknown = {}, by = token) =>
  bed.ask(path, { method: 'POST', token: by, ...(body === undefined ? {} : { body }) });

async function list(by = token): Promise<View[]> {
  const answer = await bed.ask('/v1/grants', { token: by });
  expect(answer.status).toBe(200);
  return ((await answer.json()) as { items: View[] }).items;
}

/** Does all jobs that wait; gives what came of the last one. */
async function work(handler = reconcileGrants(bed.deps)) {
  let result: Record<string, unknown> | undefined;
  for (;;) {
    const [claimed] = await bed.store.jobs.claim(GRANTS, 1, 60_000);
    if (claimed === undefined) return result;
    const stop = new AbortController().signal;
    const times = { leaseMs: 60_000, beatMs: 20_000, graceMs: 1000 };
    await runJob({ store: bed.store.jobs, clock: bed.clock, random: Math.random, times, stop }, claimed, handler);
    result = (await bed.store.jobs.get(claimed.job.id))?.result as Record<string, unknown>;
  }
}

async function accepted(answer: Response): Promise<Record<string, unknown> | undefined> {
  expect(answer.status).toBe(202);
  const { id } = (await answer.json()) as { id: string };
  expect(answer.headers.get('location')).toBe(`/v1/jobs/${id}`);
  return work();
}

const standing = () => [...world.all().keys()].filter((key) => key.startsWith('kubernetes:prod/shared '));

describe('the list', () => {
  it('shows what is declared before anybody looked', async () => {
    const [first] = await list();
    expect(first).toMatchObject({
      name: 'cross-ns-pull',
      origin: 'file',
      isDeclared: true,
      to: [{ serviceAccount: 'my-ns/default', cluster: 'prod' }],
      who: ['ServiceAccount my-ns/default @prod'],
      pull: [{ registry: 'inside.svc', namespace: 'shared' }],
      reason: 'guide',
      entries: [],
    });
    expect(world.calls).toEqual([]);
  });

  it('shows what proves a grant after it was applied', async () => {
    expect(await accepted(await post('/v1/grants/apply'))).toMatchObject({ state: 'done', written: { create: 1 } });
    const [first] = await list();
    expect(first).toMatchObject({
      state: 'Applied',
      entries: [
        { backend: 'kubernetes', host: 'prod', place: 'shared', state: 'Applied', verification: { answer: 'allowed' } },
      ],
    });
  });

  it('of a cluster that is away is looked at ever later, and soon again once somebody asks for it', async () => {
    const handler = reconcileGrants(bed.deps, () => 1);
    world.before = () => {
      throw new TransshipError('cluster-unavailable', 'cluster prod is away', { retryable: true });
    };
    /** Seconds until the job that waits. */
    const run = async (): Promise<number> => {
      await work(handler);
      const [next] = (await bed.store.jobs.list({ kind: GRANTS, state: 'READY' }, 10)).jobs;
      return ((next?.runAt.getTime() ?? 0) - bed.clock.now().getTime()) / 1000;
    };
    await bed.store.jobs.accept(grantsJob({ trigger: 'schedule' }));
    const waits: number[] = [];
    for (let index = 0; index < 4; index += 1) {
      waits.push(await run());
      await bed.clock.advance((waits.at(-1) ?? 0) * 1000);
    }
    expect(waits).toEqual([15, 16, 32, 64]);
    await post('/v1/grants', DECLARED);
    expect(await run()).toBe(15);
  });

  it('comes in pages', async () => {
    await accepted(await post('/v1/grants', DECLARED));
    const first = await bed.ask('/v1/grants?limit=1', { token });
    const page = (await first.json()) as { items: View[]; next: string };
    expect(page.items.map(({ name }) => name)).toEqual(['by-api']);
    const second = await bed.ask(`/v1/grants?limit=1&cursor=${page.next}`, { token });
    const last = (await second.json()) as { items: View[]; next?: string };
    expect([last.items.map(({ name }) => name), last.next]).toEqual([['cross-ns-pull'], undefined]);
  });

  it('hides grants of registries that the token may not use', async () => {
    const limited = await bed.token({ scopes: ['read', 'grants'], registries: ['src.example.com'] });
    expect(await list(limited)).toEqual([]);
    expect((await bed.ask('/v1/grants/cross-ns-pull', { token: limited })).status).toBe(404);
    expect((await post('/v1/grants/cross-ns-pull/revoke', {}, limited)).status).toBe(404);
    expect((await post('/v1/grants', DECLARED, limited)).status).toBe(403);
    expect((await post('/v1/grants/plan', { grants: ['cross-ns-pull'] }, limited)).status).toBe(422);
  });
});

it('shows its jobs to those who asked for them, and to nobody else who is held to registries', async () => {
  const own = await bed.token({ scopes: ['read', 'grants'], registries: ['inside.svc'] });
  const other = await bed.token({ scopes: ['read', 'grants'], registries: ['inside.svc'] });
  const answer = await post('/v1/grants/apply', {}, own);
  const location = answer.headers.get('location') ?? '';
  expect((await bed.ask(location, { token: own })).status).toBe(200);
  expect((await bed.ask(location, { token: other })).status).toBe(404);
});

describe('a declaration', () => {
  it('becomes a grant, requested by whoever declares it', async () => {
    expect(await accepted(await post('/v1/grants', DECLARED))).toMatchObject({ state: 'done', written: { create: 1 } });
    const found = await bed.ask('/v1/grants/by-api', { token });
    expect(await found.json()).toMatchObject({ origin: 'store', state: 'Applied', requestedBy: 'api-token/t1' });
  });

  it('changes nothing when it is repeated', async () => {
    await accepted(await post('/v1/grants', DECLARED));
    const lines = (await bed.deps.grants.lines({ limit: 100 })).length;
    expect(await accepted(await post('/v1/grants', DECLARED))).toMatchObject({ state: 'done', writes: 0 });
    const after = await bed.deps.grants.lines({ limit: 100 });
    expect(after.filter(({ line }) => line.event === 'declared' && line.grant === 'by-api')).toHaveLength(1);
    expect(after.length).toBe(lines);
  });

  it.each<[string, object, string]>([
    ['an unknown registry', { pull: [{ registry: 'elsewhere.io', repository: 'a/b' }] }, '#/pull/0/registry'],
    ['an unknown cluster', { to: { namespace: 'a', cluster: 'lab' } }, '#/to/cluster'],
    ['a word that is none', { untill: '2027-01-01' }, '#/untill'],
    ['an end that is past', { until: '2020-01-01' }, '#/until'],
    ['an end before the beginning', { until: '2099-01-01', notBefore: '2099-02-02' }, '#/until'],
    ['a variable of the server', { name: '${HOME}' }, '#/name'],
  ])('is refused for %s', async (_, change, pointer) => {
    const answer = await post('/v1/grants', { ...DECLARED, ...change });
    expect(answer.status).toBe(422);
    expect(await answer.json()).toMatchObject({ errors: [{ pointer }] });
    expect(await bed.deps.grants.lines({ limit: 10 })).toEqual([]);
  });

  it('has the texts that look like variables as they are', async () => {
    await accepted(await post('/v1/grants', { ...DECLARED, reason: '${HOME}' }));
    expect(await (await bed.ask('/v1/grants/by-api', { token })).json()).toMatchObject({ reason: '${HOME}' });
  });

  it('of a name of the configuration is refused', async () => {
    expect((await post('/v1/grants', { ...DECLARED, name: 'cross-ns-pull' })).status).toBe(409);
  });

  it('takes no name of a grant whose registries the token may not use', async () => {
    await accepted(await post('/v1/grants', DECLARED));
    const limited = await bed.token({ scopes: ['read', 'grants'], registries: ['src.example.com'] });
    const elsewhere = { ...DECLARED, pull: [{ registry: 'src.example.com', repository: 'team-a/app' }] };
    const refused = await post('/v1/grants', elsewhere, limited);
    expect(refused.status).toBe(409);
    await accepted(await post('/v1/grants/apply'));
    expect((await list()).find(({ name }) => name === 'by-api')).toMatchObject({
      state: 'Applied',
      pull: DECLARED.pull,
    });
    await accepted(await bed.ask('/v1/grants/by-api', { method: 'DELETE', token }));
    expect((await post('/v1/grants', elsewhere, limited)).status).toBe(409);
  });

  it('is approved only by a token with the scope admin', async () => {
    expect((await post('/v1/grants', { ...DECLARED, approvedBy: 'boss' })).status).toBe(403);
    const admin = await bed.token({ scopes: ['admin'] });
    await accepted(await post('/v1/grants', { ...DECLARED, approvedBy: 'boss' }, admin));
  });

  it('is withdrawn, and what it made goes', async () => {
    await accepted(await post('/v1/grants', DECLARED));
    expect(standing()).toHaveLength(1);
    const answer = await bed.ask('/v1/grants/by-api', { method: 'DELETE', token });
    expect(await accepted(answer)).toMatchObject({ state: 'done', written: { delete: 1 } });
    expect(standing()).toEqual([]);
  });
});

describe('a plan', () => {
  it('says what would be done, and does nothing', async () => {
    const answer = await post('/v1/grants/plan');
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({
      hash: expect.stringMatching(/^[0-9a-f]{64}$/),
      writes: 1,
      unchanged: 0,
      changes: [
        { op: 'create', grants: ['cross-ns-pull'], who: ['ServiceAccount my-ns/default @prod'], risk: 'widen' },
      ],
    });
    expect(world.count('write')).toBe(0);
  });

  it('is applied by its hash', async () => {
    const { hash } = (await (await post('/v1/grants/plan')).json()) as { hash: string };
    expect(await accepted(await post('/v1/grants/apply', { hash }))).toMatchObject({ state: 'done', planHash: hash });
  });

  it('is refused where it is another one by now', async () => {
    const { hash } = (await (await post('/v1/grants/plan')).json()) as { hash: string };
    world.put(inCluster('shared'), 'somebody', { content: { of: 'others' }, owner: 'foreign' });
    const answer = await post('/v1/grants/apply', { hash });
    expect(answer.status).toBe(412);
    expect(await answer.json()).toMatchObject({ code: 'plan-changed', title: 'Precondition Failed' });
    expect(world.count('write')).toBe(0);
  });

  it('that changes behind the answer is not applied, and the job says so', async () => {
    const { hash } = (await (await post('/v1/grants/plan')).json()) as { hash: string };
    const answer = await post('/v1/grants/apply', { hash });
    world.put(inCluster('shared'), 'somebody', { content: { of: 'others' }, owner: 'foreign' });
    expect(await accepted(answer)).toMatchObject({ state: 'refused', problem: { code: 'plan-changed' } });
    expect(world.count('write')).toBe(0);
  });
});

describe('a decision', () => {
  it('revokes a grant of the configuration, which stays so until somebody resumes it', async () => {
    await accepted(await post('/v1/grants/apply'));
    const revoked = await post('/v1/grants/cross-ns-pull/revoke', { reason: 'INC-42' });
    expect(await accepted(revoked)).toMatchObject({ state: 'done', written: { delete: 1 } });
    expect(await accepted(await post('/v1/grants/apply'))).toMatchObject({ writes: 0 });
    expect((await list())[0]).toMatchObject({
      state: 'Revoked',
      revoked: { by: 'api-token/t1', reason: 'INC-42' },
    });
    expect(await accepted(await bed.ask('/v1/grants/cross-ns-pull/resume', { method: 'POST', token }))).toMatchObject({
      written: { create: 1 },
    });
    expect((await list())[0]).toMatchObject({ state: 'Applied' });
  });

  it('stands in the journal, with who made it and what proved it', async () => {
    await accepted(await post('/v1/grants/apply'));
    await accepted(await post('/v1/grants/cross-ns-pull/revoke', { reason: 'INC-42' }));
    const answer = await bed.ask('/v1/grants/journal?grant=cross-ns-pull', { token });
    const { items } = (await answer.json()) as { items: { event: string; actor: string }[] };
    expect(items.map(({ event }) => event)).toEqual([
      'declared',
      'intended',
      'written',
      'verified',
      'revoked',
      'intended',
      'written',
      'verified',
    ]);
    expect(new Set(items.map(({ actor }) => actor))).toEqual(new Set(['api-token/t1']));
  });

  it('comes in pages of the journal', async () => {
    await accepted(await post('/v1/grants/apply'));
    const all: unknown[] = [];
    let path: string | undefined = '/v1/grants/journal?limit=1';
    while (path !== undefined) {
      const { items, next } = (await (await bed.ask(path, { token })).json()) as {
        items: { seq: number }[];
        next?: string;
      };
      all.push(...items.map(({ seq }) => seq));
      path = next === undefined ? undefined : `/v1/grants/journal?limit=1&cursor=${next}`;
    }
    expect(all).toEqual([1, 2, 3, 4]);
  });

  it.each(['revoke', 'resume'])('to %s what is not there is refused', async (verb) => {
    const answer = await bed.ask(`/v1/grants/nobody/${verb}`, {
      method: 'POST',
      token,
      ...(verb === 'revoke' ? { body: {} } : {}),
    });
    expect(answer.status).toBe(404);
  });

  it('needs the scope grants', async () => {
    const reader = await bed.token({ scopes: ['read'] });
    for (const path of ['/v1/grants', '/v1/grants/plan', '/v1/grants/apply', '/v1/grants/cross-ns-pull/revoke']) {
      expect((await post(path, {}, reader)).status).toBe(403);
    }
  });
});
