// The wait in front of a job of a new Namespace: for the Namespace, which may be refused yet, and for its ServiceAccount, which comes later.
import { expect, it } from 'vitest';
import type { Clusters } from '../../../functions/deps.ts';
import { credentialsJob, type CredentialsPayload } from '../../../functions/job-kinds/credentials-job.ts';
import { awaitingNamespace } from '../../../functions/namespace-created/await-namespace.ts';
import type { ApiObject, Cluster } from '../../../shared/cluster/cluster.ts';
import { TransshipError } from '../../../shared/errors.ts';
import type { JobContext, JobOutcome } from '../../../shared/jobs/handler.ts';
import { newJob } from '../../../shared/jobs/new-job.ts';
import { configOf } from '../../support/config-of.ts';
import { memoryGrantStore } from '../../support/grants/memory-grant-store.ts';
import { manualClock, settle } from '../../support/jobs/manual-clock.ts';

const CONFIG = configOf(`
registries: { registry.example.com: { credential: { username: bob, password: { env: HUB } } } }
clusters: [{ name: prod, kubeconfig: {} }]
credentials:
  - { name: pull, clusters: [prod], namespaces: { names: ["team-*"] }, registries: [registry.example.com], secret: { name: pull } }
`);

const DONE: JobOutcome = { result: { state: 'done' } };
const PLACE = '/api/v1/namespaces/team-a';

/** A cluster in which objects appear after some looks; never, where no number stands. */
function scene(appearAfter: { namespace?: number; account?: number; denied?: true } = {}) {
  const looks = new Map<string, number>();
  const clock = manualClock();
  const cluster: Cluster = {
    name: 'prod',
    async send({ path }): Promise<ApiObject> {
      const look = looks.get(path) ?? 0;
      looks.set(path, look + 1);
      if (appearAfter.denied && path === PLACE) throw new TransshipError('denied', 'no');
      const after = path === PLACE ? appearAfter.namespace : appearAfter.account;
      if (after === undefined || look < after) throw new TransshipError('not-found', 'not there');
      const name = path.split('/').at(-1);
      return { metadata: { name, namespace: 'team-a', uid: '1', resourceVersion: '1' } };
    },
    watch: () => Promise.reject(new Error('nobody watches')) as never,
    now: () => clock.now(),
    close: () => Promise.resolve(),
  };
  const clusters: Clusters = { names: ['prod'], get: () => Promise.resolve(cluster) };
  let refreshes = 0;
  const grants = memoryGrantStore(() => clock.now());
  const deps = { clock, clusters: () => clusters, config: () => CONFIG, grants };
  const handler = awaitingNamespace(deps, async () => {
    refreshes += 1;
    return DONE;
  });
  const ending = new AbortController();
  const acceptedAt = clock.now();
  async function run(payload: Partial<CredentialsPayload> = {}, attempts = 1) {
    const asked = credentialsJob({ cluster: 'prod', namespace: 'team-a', trigger: 'namespace', ...payload });
    const job = { ...newJob(asked, '1', acceptedAt), attempts };
    const nothing = () => Promise.resolve();
    const context: JobContext = {
      job,
      ending: ending.signal,
      signal: new AbortController().signal,
      assertHeld: nothing,
      checkpoint: nothing,
      progress: () => undefined,
    };
    const running = handler(context);
    running.catch(() => undefined);
    // it looks first, then it waits; longer than it ever does in its place
    await settle();
    await clock.advance(5000);
    return running;
  }
  return { run, clock, ending, looks: (path: string) => looks.get(path) ?? 0, refreshes: () => refreshes };
}

const ACCOUNT = `${PLACE}/serviceaccounts/default`;

it('refreshes once where all is there', async () => {
  const { run, refreshes, looks } = scene({ namespace: 0, account: 0 });
  expect(await run()).toBe(DONE);
  expect([refreshes(), looks(PLACE), looks(ACCOUNT)]).toEqual([1, 1, 1]);
});

it('waits for a Namespace that is stored after its review', async () => {
  const { run, refreshes } = scene({ namespace: 3, account: 0 });
  expect(await run()).toBe(DONE);
  expect(refreshes()).toBe(1);
});

it('brings the Secret at once, and the reference when the ServiceAccount comes', async () => {
  const { run, refreshes } = scene({ namespace: 1, account: 4 });
  expect(await run()).toBe(DONE);
  expect(refreshes()).toBe(2);
});

it('does not wait for a ServiceAccount for ever', async () => {
  const { run, refreshes } = scene({ namespace: 0 });
  expect(await run()).toBe(DONE);
  expect(refreshes()).toBe(1);
});

it('makes room for others where a Namespace does not appear, and comes back', async () => {
  const { run, refreshes } = scene();
  await expect(run()).rejects.toMatchObject({ code: 'not-found', retryable: true, retryAfterMs: 2000 });
  expect(refreshes()).toBe(0);
});

it('gives up quietly on one that never appears', async () => {
  const { run, clock, refreshes } = scene();
  await clock.advance(30_000);
  expect(await run()).toEqual({ result: { state: 'namespace-gone', namespace: 'team-a' } });
  expect(refreshes()).toBe(0);
});

it('gives up quietly at its last attempt', async () => {
  const { run } = scene();
  const { maxAttempts } = newJob(credentialsJob({ cluster: 'prod', trigger: 'namespace' }), '1', new Date());
  expect(await run({}, maxAttempts)).toEqual({ result: { state: 'namespace-gone', namespace: 'team-a' } });
});

it('goes on where it may not look at Namespaces', async () => {
  const { run, refreshes } = scene({ denied: true, account: 0 });
  expect(await run()).toBe(DONE);
  expect(refreshes()).toBe(1);
});

it('looks less and less often', async () => {
  const { run, looks } = scene();
  await expect(run()).rejects.toThrow('not there yet');
  expect(looks(PLACE)).toBeLessThan(15);
});

it.each<[string, Partial<CredentialsPayload>]>([
  ['a watch, which has seen it', { trigger: 'watch' }],
  ['the API', { trigger: 'api' }],
])('does not wait for %s', async (_, payload) => {
  const { run, looks, refreshes } = scene();
  expect(await run(payload)).toBe(DONE);
  expect([looks(PLACE), refreshes()]).toEqual([0, 1]);
});

it('ends at once where the process stops', async () => {
  const { run, ending } = scene();
  ending.abort();
  expect(await run()).toBe('yield');
});
