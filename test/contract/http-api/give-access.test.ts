// Requests for access over HTTP: what is refused before anything is written down, what a dry run tells, and what stands there after the
// answer, whatever becomes of the job.
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ACCESS } from '../../../functions/job-kinds/access-job.ts';
import { TransshipError } from '../../../shared/errors.ts';
import type { ApiObject, Cluster } from '../../../shared/cluster/cluster.ts';
import { RecordedWorld } from '../../support/grants/recorded-world.ts';
import { CONFIG, configOf, openApiBed, type ApiBed } from '../../support/http-api/api-bed.ts';
import type { ManualClock } from '../../support/jobs/manual-clock.ts';

const TEXT = `${CONFIG.replace(
  'registries:\n',
  'registries:\n  inside.svc: { credential: { username: bob, password: { env: P } } }\n',
)}
clusters: [{ name: prod, kubeconfig: {}, registries: { "inside.svc": acp } }]
`;

const ORDER = { namespace: 'my-ns', image: 'inside.svc/shared/app:1.0', reason: 'JIRA-1' };

/** A cluster with Namespaces and nothing in them. */
const cluster: Cluster = {
  name: 'prod',
  async send({ path }): Promise<ApiObject> {
    const name = /^\/api\/v1\/namespaces\/([^/]+)$/.exec(path)?.[1];
    if (name === undefined) throw new TransshipError('not-found', 'not there');
    return { metadata: { name, uid: `uid-${name}`, resourceVersion: '1' } };
  },
  watch: () => Promise.reject(new Error('nobody watches')) as never,
  now: () => new Date(),
  close: () => Promise.resolve(),
};

let bed: ApiBed<ManualClock>;
let token: string;

beforeEach(async () => {
  const world = new RecordedWorld();
  for (const name of ['shared', 'my-ns']) {
    world.namespaces.set(name, { uid: `uid-${name}`, labels: {}, isTerminating: false });
  }
  const clusters = { names: ['prod'], get: () => Promise.resolve(cluster) };
  bed = await openApiBed({ grantBackends: () => world.backendFor, clusters: () => clusters }, configOf(TEXT));
  token = await bed.token({ scopes: ['read', 'grants'] });
});

afterEach(() => bed.close());

const ask = (body: object, by = token) => bed.ask('/v1/access', { method: 'POST', token: by, body });

async function grants(by = token): Promise<Record<string, unknown>[]> {
  const answer = await bed.ask('/v1/grants', { token: by });
  return ((await answer.json()) as { items: Record<string, unknown>[] }).items;
}

it('is written down before the answer, with who asked, and a job brings it about', async () => {
  const answer = await ask(ORDER);
  expect(answer.status).toBe(202);
  const { id, kind } = (await answer.json()) as { id: string; kind: string };
  expect(kind).toBe(ACCESS);
  expect(answer.headers.get('location')).toBe(`/v1/jobs/${id}`);
  expect(await grants()).toMatchObject([
    {
      origin: 'store',
      reason: 'JIRA-1',
      requestedBy: expect.stringContaining('api-token/'),
      to: [{ namespace: 'my-ns', cluster: 'prod' }],
      pull: [{ registry: 'inside.svc', namespace: 'shared' }],
      access: { cluster: 'prod', namespace: 'my-ns', registries: ['inside.svc'], serviceAccounts: ['default'] },
    },
  ]);
  // and the same again is the same
  expect((await ask(ORDER)).status).toBe(202);
  expect(await grants()).toHaveLength(1);
  expect(await bed.store.grants.lines({ limit: 10 })).toHaveLength(1);
});

it('is only told on a dry run', async () => {
  const answer = await ask({ ...ORDER, dryRun: true });
  expect(answer.status).toBe(200);
  const report = (await answer.json()) as { effects: object[] };
  expect(report).toMatchObject({ isStored: false, namespace: 'my-ns', image: 'inside.svc/shared/app:1.0' });
  expect(report.effects[0]).toMatchObject({ effect: 'grant', state: 'planned' });
  expect(await grants()).toEqual([]);
  expect(await bed.store.jobs.claim(ACCESS, 1, 1000)).toEqual([]);
});

it.each<[string, object, number]>([
  ['without a reason', { reason: undefined }, 422],
  ['for a cluster that is none', { cluster: 'other' }, 422],
  ['for an image that is none', { image: 'inside.svc/UPPER' }, 422],
  ['for a Namespace that is none', { namespace: 'My_NS' }, 422],
  ['with an end that is past', { until: '2001-01-01' }, 403],
  ['for a copy that the token may not ask for', { mirrorFrom: 'src.example.com/team/app:1' }, 403],
])('is refused %s', async (_, order, status) => {
  expect((await ask({ ...ORDER, ...order })).status).toBe(status);
  expect(await grants()).toEqual([]);
});

it('is refused to, and not seen by, who may not use the registry', async () => {
  const other = await bed.token({ scopes: ['read', 'grants'], registries: ['dst.example.com'] });
  const ruled = await bed.token({ scopes: ['read', 'grants'], rules: ['base'] });
  for (const by of [other, ruled]) expect((await ask(ORDER, by)).status).toBe(403);
  expect((await ask(ORDER)).status).toBe(202);
  for (const by of [other, ruled]) expect(await grants(by)).toEqual([]);
});
