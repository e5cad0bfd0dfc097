// The distribution of credentials at a real API server: what comes into its Secrets and ServiceAccounts, how many requests that takes, and
// that nothing is missed or written twice wherever a run is cut off.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Cluster, ClusterRequest } from '../../../shared/cluster/cluster.ts';
import { isTransshipError, TransshipError } from '../../../shared/errors.ts';
import { isKubernetesMissing, startKubernetes, type Kubernetes } from '../../support/kubernetes.ts';
import { isWrite, type AuditEvent } from '../../support/kubernetes-audit.ts';
import { openTestCluster } from '../../support/open-test-cluster.ts';
import {
  accountsOf,
  makeNamespaces,
  makeSecret,
  onlyPrefix,
  passwordIn,
  secretsOf,
} from '../../support/credentials/cluster-objects.ts';
import { openCredentialsBed, ruleOf } from '../../support/credentials/credentials-bed.ts';
import { faultyCluster, isWriteRequest } from '../../support/credentials/faulty-cluster.ts';
import { HOUR_MS, testProvider } from '../../support/credentials/test-provider.ts';

// needs an API server that this machine may not have
describe.skipIf(isKubernetesMissing())('a cluster', () => {
  let kubernetes: Kubernetes;
  let cluster: Cluster;

  beforeAll(async () => {
    kubernetes = await startKubernetes({ hasControllers: true });
    cluster = await openTestCluster(kubernetes);
  });
  afterAll(async () => {
    await cluster?.close();
    await kubernetes?.[Symbol.asyncDispose]();
  });

  /** What was asked of the API server meanwhile, by us. */
  async function requestsOf(work: () => Promise<unknown>): Promise<AuditEvent[]> {
    await kubernetes.forgetAuditEvents();
    await work();
    return (await kubernetes.auditEvents()).filter(({ userAgent }) => userAgent.startsWith('transship'));
  }

  // What one test leaves is no business of the next one.
  let instances = 0;
  const newInstance = (): string => `instance-${(instances += 1)}`;
  const lists = (events: readonly AuditEvent[]) => events.filter(({ verb }) => verb === 'list');

  test('of 600 namespaces gets all of them by four short lists and one write for each object, and nothing the second time', async () => {
    const count = 600;
    await makeNamespaces(cluster, 'many', count);
    const provider = testProvider('r1.test');
    const rules = [ruleOf({ namespaces: onlyPrefix('many') })];
    await using bed = await openCredentialsBed({ cluster, instance: newInstance(), providers: [provider], rules });
    const first = await requestsOf(async () => {
      expect((await bed.run()).outcome).toMatchObject({
        result: { state: 'done', secrets: count, written: { 'create-secret': count, 'attach-reference': count } },
      });
    });
    expect(lists(first).length).toBeLessThanOrEqual(3 * Math.ceil(count / 500));
    expect(first).toHaveLength(lists(first).length + 2 * count);
    expect(provider.calls).toBe(1);
    const [password] = provider.secrets;
    const secrets = await secretsOf(cluster, 'many');
    expect(secrets.map((secret) => passwordIn(secret, 'r1.test'))).toEqual(
      Array.from({ length: count }, () => password),
    );

    bed.restart();
    const second = await requestsOf(() => bed.run());
    expect(second.filter(isWrite)).toEqual([]);
    expect(second.length).toBeLessThanOrEqual(7);
    expect(provider.calls).toBe(1);

    // half a day later: all of them are due at once
    const waiting = await bed.waiting();
    expect(waiting).toHaveLength(1);
    const hours = ((waiting[0]?.runAt.getTime() ?? 0) - Date.now()) / HOUR_MS;
    expect(hours).toBeGreaterThan(5.9);
    expect(hours).toBeLessThan(7.3);
    const turnover = await requestsOf(async () => {
      const { outcome } = await bed.run({ payload: { force: true } });
      expect(outcome).toMatchObject({ result: { written: { 'update-secret': count, 'attach-reference': 0 } } });
    });
    expect(turnover.filter(isWrite)).toHaveLength(count);
    expect(turnover.length - count).toBeLessThanOrEqual(9);
    expect(provider.calls).toBe(2);
    const renewed = await secretsOf(cluster, 'many');
    expect(new Set(renewed.map((secret) => passwordIn(secret, 'r1.test')))).toEqual(new Set([provider.secrets[1]]));
    expect(renewed.map(({ uid }) => uid)).toEqual(secrets.map(({ uid }) => uid));
  });

  test.each(['before its effect', 'after its effect'])(
    'misses none and writes none twice where the process dies again and again, with a request cut off %s',
    async (when) => {
      const prefix = when.startsWith('before') ? 'early' : 'late';
      const count = 60;
      await makeNamespaces(cluster, prefix, count);
      const provider = testProvider('r1.test');
      const rules = [ruleOf({ namespaces: onlyPrefix(prefix) })];
      await using bed = await openCredentialsBed({ cluster, instance: newInstance(), providers: [provider], rules });
      const history = await historyFrom(cluster, prefix);
      let deaths = 0;
      let isDone = false;
      while (!isDone) {
        const life = 1 + Math.floor(Math.random() * 40);
        const { dying, mortal } = processThatDies(cluster, life, when);
        try {
          const { outcome } = await bed.run({ cluster: mortal, signal: dying });
          isDone = typeof outcome !== 'string' && !('error' in outcome);
        } catch (error) {
          if (!isTransshipError(error, 'fence-lost')) throw error;
          deaths += 1;
        }
        bed.restart();
        expect(deaths).toBeLessThan(200);
      }
      expect(deaths).toBeGreaterThan(1);
      expect(await secretsOf(cluster, prefix)).toHaveLength(count);
      const accounts = await accountsOf(cluster, prefix);
      expect(accounts.map(({ imagePullSecrets }) => imagePullSecrets)).toEqual(
        Array.from({ length: count }, () => ['registry-pull']),
      );
      // Each Secret came into being, each ServiceAccount was changed, and nothing happened to any of them a second time.
      const { secrets, serviceAccounts } = await history();
      expect(secrets).toEqual(Array.from({ length: count }, () => 'ADDED'));
      expect(serviceAccounts).toEqual(Array.from({ length: count }, () => 'MODIFIED'));
    },
  );

  test('is left in order when its time is nearly over, and gone on with behind the last namespace', async () => {
    const count = 60;
    await makeNamespaces(cluster, 'slices', count);
    const provider = testProvider('r1.test');
    const rules = [ruleOf({ namespaces: onlyPrefix('slices') })];
    await using bed = await openCredentialsBed({ cluster, instance: newInstance(), providers: [provider], rules });
    const ending = new AbortController();
    let writes = 0;
    const slow = faultyCluster(cluster, (request, send) => {
      if (isWriteRequest(request) && (writes += 1) === 40) ending.abort();
      return send();
    });
    const events = await requestsOf(async () => {
      const first = await bed.run({ cluster: slow, ending: ending.signal });
      expect(first.outcome).toBe('yield');
      const done = (await secretsOf(cluster, 'slices')).map(({ namespace }) => namespace).toSorted();
      expect(done.length).toBeGreaterThan(15);
      expect(done.length).toBeLessThan(count);
      expect(first.checkpoints.at(-1)).toEqual({ generation: first.jobId, lastNamespace: done.at(-1) });

      const checkpoint = first.checkpoints.at(-1) ?? null;
      const second = await bed.run({ checkpoint, jobId: first.jobId, payload: { force: true } });
      expect(second.outcome).toMatchObject({
        result: {
          state: 'done',
          secrets: count,
          written: { 'create-secret': count - done.length, 'update-secret': 0 },
        },
      });
    });
    expect(events.filter((event) => isWrite(event) && event.resource === 'secrets')).toHaveLength(count);
  });

  test('keeps what others have: entries, labels, other Secrets of a ServiceAccount and their order', async () => {
    const [namespace = ''] = await makeNamespaces(cluster, 'others', 1);
    const account = `/api/v1/namespaces/${namespace}/serviceaccounts/default`;
    await cluster.send({
      method: 'PATCH',
      path: account,
      contentType: 'application/merge-patch+json',
      body: { imagePullSecrets: [{ name: 'zebra' }, { name: 'ant' }], metadata: { annotations: { theirs: 'yes' } } },
    });
    const providers = [testProvider('r1.test'), testProvider('r2.test')];
    const rules = [
      ruleOf({
        namespaces: onlyPrefix('others'),
        registries: ['r1.test', 'r2.test'],
        secret: { name: 'registry-pull', layout: 'per-registry' },
      }),
    ];
    await using bed = await openCredentialsBed({ cluster, instance: newInstance(), providers, rules });
    const events = await requestsOf(() => bed.run());
    expect(events.filter((event) => isWrite(event)).map(({ resource }) => resource)).toEqual([
      'serviceaccounts',
      'secrets',
      'secrets',
    ]);
    const [after] = await accountsOf(cluster, 'others');
    expect(after?.imagePullSecrets).toEqual(['zebra', 'ant', 'registry-pull-r1.test', 'registry-pull-r2.test']);
    expect(await cluster.send({ method: 'GET', path: account })).toMatchObject({
      metadata: { annotations: { theirs: 'yes' } },
    });
  });

  test('leaves a Secret alone that is not ours, says so in log, metrics and an Event, and does all the rest', async () => {
    const [first = '', second = ''] = await makeNamespaces(cluster, 'foreign', 3);
    await makeSecret(cluster, { namespace: first, name: 'registry-pull' }, { type: 'Opaque' });
    const theirs = { '.dockerconfigjson': Buffer.from('{"auths":{}}').toString('base64') };
    const type = 'kubernetes.io/dockerconfigjson';
    await makeSecret(cluster, { namespace: second, name: 'registry-pull' }, { type, data: theirs });
    const rules = [ruleOf({ namespaces: onlyPrefix('foreign') })];
    await using bed = await openCredentialsBed({
      cluster,
      instance: newInstance(),
      providers: [testProvider('r1.test')],
      rules,
    });
    const events = await requestsOf(async () => {
      expect((await bed.run()).outcome).toMatchObject({
        result: {
          state: 'done',
          secrets: 1,
          conflicts: { count: 2, first: [{ namespace: first, reason: 'foreign' }, {}] },
        },
      });
    });
    expect(events.filter((event) => isWrite(event) && event.resource === 'secrets')).toHaveLength(1);
    const { items } = await cluster.send({ method: 'GET', path: `/api/v1/namespaces/${first}/events` });
    expect(items).toMatchObject([
      { type: 'Warning', reason: 'PullSecretConflict', involvedObject: { kind: 'Secret', name: 'registry-pull' } },
    ]);
    expect(bed.gauges.get('transship_credentials_conflicts{"cluster":"test"}')).toBe(2);
    expect(bed.lines.filter(({ level }) => level === 'warn')).toHaveLength(2);
    const again = await requestsOf(() => bed.run());
    expect(again.filter(isWrite)).toEqual([]);
  });

  test('loses what is ours when its rule is gone and said prune, and nothing else', async () => {
    const [namespace = ''] = await makeNamespaces(cluster, 'prune', 1);
    await makeSecret(cluster, { namespace, name: 'theirs' });
    const rules = [ruleOf({ namespaces: onlyPrefix('prune'), prune: true })];
    await using bed = await openCredentialsBed({
      cluster,
      instance: newInstance(),
      providers: [testProvider('r1.test')],
      rules,
    });
    await bed.run();
    expect(await accountsOf(cluster, 'prune')).toMatchObject([{ imagePullSecrets: ['registry-pull'] }]);
    bed.live.rules = [];
    expect((await bed.run()).outcome).toMatchObject({
      result: { secrets: 0, written: { 'detach-reference': 1, 'delete-secret': 1 } },
    });
    expect(await secretsOf(cluster, 'prune')).toEqual([]);
    expect(await accountsOf(cluster, 'prune')).toMatchObject([{ imagePullSecrets: [] }]);
    expect(await secretsOf(cluster, 'prune', 'theirs')).toHaveLength(1);
  });

  test('has one namespace of it served by a handful of requests', async () => {
    const [namespace = '', other = ''] = await makeNamespaces(cluster, 'single', 2);
    const rules = [ruleOf({ namespaces: onlyPrefix('single') })];
    await using bed = await openCredentialsBed({
      cluster,
      instance: newInstance(),
      providers: [testProvider('r1.test')],
      rules,
    });
    const events = await requestsOf(() => bed.run({ payload: { namespace, trigger: 'namespace' } }));
    expect(events.map(({ verb, resource }) => `${verb} ${resource}`).toSorted()).toEqual([
      'get namespaces',
      'get secrets',
      'get serviceaccounts',
      'patch secrets',
      'patch serviceaccounts',
    ]);
    expect((await secretsOf(cluster, 'single')).map((secret) => secret.namespace)).toEqual([namespace]);
    expect(await requestsOf(() => bed.run({ payload: { namespace: other, rule: 'another' } }))).toEqual([]);
    expect(await bed.waiting()).toEqual([]);
  });

  test('that is being removed, or is gone, is passed over', async () => {
    const [leaving = '', gone = ''] = await makeNamespaces(cluster, 'leaving', 3);
    const body = { metadata: { finalizers: ['transship.test/hold'] } };
    const holder = `/api/v1/namespaces/${leaving}/configmaps`;
    await cluster.send({ method: 'POST', path: holder, body: { metadata: { name: 'held', ...body.metadata } } });
    await cluster.send({ method: 'DELETE', path: `/api/v1/namespaces/${leaving}` });
    const rules = [ruleOf({ namespaces: onlyPrefix('leaving') })];
    await using bed = await openCredentialsBed({
      cluster,
      instance: newInstance(),
      providers: [testProvider('r1.test')],
      rules,
    });
    let isRemoved = false;
    const removing = faultyCluster(cluster, async (request, send) => {
      if (isWriteRequest(request) && request.path.includes(gone) && !isRemoved) {
        isRemoved = true;
        await cluster.send({ method: 'DELETE', path: `/api/v1/namespaces/${gone}` });
      }
      return send();
    });
    expect((await bed.run({ cluster: removing })).outcome).toMatchObject({
      result: { state: 'done', secrets: 1, failures: { count: 0 }, written: { 'create-secret': 1 } },
    });
    await cluster.send({
      method: 'PATCH',
      path: `${holder}/held`,
      contentType: 'application/merge-patch+json',
      body: { metadata: { finalizers: null } },
    });
  });
});

/** What the API server saw happen to the objects since then. */
async function historyFrom(cluster: Cluster, prefix: string) {
  const { metadata } = await cluster.send({ method: 'GET', path: '/api/v1/secrets', query: { limit: '1' } });
  const { resourceVersion } = metadata as { resourceVersion: string };
  const eventsOf = async (resource: string): Promise<string[]> => {
    const query = { resourceVersion, timeoutSeconds: '1' };
    const events = await Array.fromAsync(cluster.watch({ path: `/api/v1/${resource}`, query }));
    return (events as { type: string; object: { metadata: { namespace: string } } }[])
      .filter(({ object }) => object.metadata.namespace.startsWith(`${prefix}-`))
      .map(({ type }) => type);
  };
  return async () => ({
    secrets: await eventsOf('secrets'),
    serviceAccounts: await eventsOf('serviceaccounts'),
  });
}

/** After so many requests nothing leaves it any more, and nobody hears what comes back. */
function processThatDies(cluster: Cluster, life: number, when: string): { dying: AbortSignal; mortal: Cluster } {
  const death = new AbortController();
  let left = life;
  const mortal = faultyCluster(cluster, async (request: ClusterRequest, send) => {
    death.signal.throwIfAborted();
    left -= 1;
    if (left > 0 || !isWriteRequest(request)) return send();
    const error = new TransshipError('fence-lost', 'the process is dead');
    if (when.startsWith('after')) await send();
    death.abort(error);
    throw error;
  });
  return { dying: death.signal, mortal };
}
