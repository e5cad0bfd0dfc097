// What others do to a cluster at a real API server: their webhooks, their unreadable Secrets, their annotations, and rules that move away
// keep nobody else from his credentials; and providers hear what is still in use before they replace anything.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Cluster } from '../../../shared/cluster/cluster.ts';
import { TransshipError } from '../../../shared/errors.ts';
import { isKubernetesMissing, startKubernetes, type Kubernetes } from '../../support/kubernetes.ts';
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
import { HOUR_MS, testProvider, type TestProvider } from '../../support/credentials/test-provider.ts';

// needs an API server that this machine may not have
describe.skipIf(isKubernetesMissing())('a cluster of many', () => {
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

  const openBed = (prefix: string, provider: TestProvider, fields: Parameters<typeof ruleOf>[0] = {}) =>
    openCredentialsBed({
      cluster,
      instance: prefix,
      providers: [provider],
      rules: [ruleOf({ namespaces: onlyPrefix(prefix), ...fields })],
    });

  const broken = (message: string) => new TransshipError('cluster-unavailable', message, { retryable: true });

  test('serves the last namespaces also where a webhook fails for many before them', async () => {
    const names = await makeNamespaces(cluster, 'webhook', 48);
    const refused = new Set(names.slice(0, 44));
    let tries = 0;
    await using bed = await openBed('webhook', testProvider('r1.test'), { serviceAccounts: 'none' });
    const meddled = faultyCluster(cluster, async (request, send) => {
      const [, namespace = ''] = /namespaces\/([^/]+)\/secrets/.exec(request.path) ?? [];
      if (!isWriteRequest(request) || !refused.has(namespace)) return send();
      tries += 1;
      throw broken('failed calling webhook "theirs"');
    });
    expect((await bed.run({ cluster: meddled })).outcome).toMatchObject({
      result: { state: 'partly', written: { 'create-secret': 4 }, failures: { count: 44 } },
    });
    expect(await secretsOf(cluster, 'webhook')).toHaveLength(4);
    // five for the first ones, and two where all before failed
    expect(tries).toBeLessThan(44 * 4);
  });

  test('serves the others where what one Secret holds cannot be read, and tells of that one', async () => {
    const [bad = ''] = await makeNamespaces(cluster, 'unread', 3);
    const provider = testProvider('r1.test');
    await using bed = await openBed('unread', provider);
    await bed.run();
    const meddled = faultyCluster(cluster, async (request, send) => {
      const isContent = request.method === 'GET' && request.view !== 'metadata';
      if (isContent && request.path.includes(`/${bad}/secrets/`)) throw broken('unable to transform key');
      return send();
    });
    expect((await bed.run({ cluster: meddled, payload: { force: true } })).outcome).toMatchObject({
      result: {
        state: 'partly',
        written: { 'update-secret': 2 },
        failures: { count: 1, first: [{ namespace: bad, code: 'cluster-unavailable' }] },
      },
    });
    const passwords = (await secretsOf(cluster, 'unread')).map((secret) => passwordIn(secret, 'r1.test'));
    expect(passwords).toEqual([provider.secrets[0], provider.secrets[1], provider.secrets[1]]);
  });

  test('leaves a Secret of others alone, and writes nothing for it, also where rules want many names', async () => {
    const [namespace = ''] = await makeNamespaces(cluster, 'many', 2);
    const registries = ['r1.test', 'r2.test', 'r3.test', 'r4.test', 'r5.test'];
    await makeSecret(cluster, { namespace, name: 'pull-r3.test' }, { type: 'Opaque', data: {} });
    await using bed = await openCredentialsBed({
      cluster,
      instance: 'many',
      providers: registries.map((name) => testProvider(name)),
      rules: [ruleOf({ namespaces: onlyPrefix('many'), registries, secret: { name: 'pull', layout: 'per-registry' } })],
    });
    const conflict = { conflicts: { count: 1 } };
    expect((await bed.run()).outcome).toMatchObject({ result: { written: { 'create-secret': 9 }, ...conflict } });
    const accounts = (await accountsOf(cluster, 'many')).map(({ imagePullSecrets }) => imagePullSecrets.length);
    expect(accounts).toEqual([4, 5]);

    let writes = 0;
    const counted = faultyCluster(cluster, async (request, send) => {
      if (isWriteRequest(request)) writes += 1;
      return send();
    });
    expect((await bed.run({ cluster: counted })).outcome).toMatchObject({ result: { written: {}, ...conflict } });
    expect(writes).toBe(0);
  });

  test('reads Secrets one by one where a page of them is too large to be taken', async () => {
    await makeNamespaces(cluster, 'large', 42);
    await using bed = await openBed('large', testProvider('r1.test'), { serviceAccounts: 'none' });
    await bed.run();
    const meddled = faultyCluster(cluster, async (request, send) => {
      if (request.path === '/api/v1/secrets' && request.view !== 'metadata') {
        throw new TransshipError('invalid-response', 'more than 67108864 bytes');
      }
      return send();
    });
    expect((await bed.run({ cluster: meddled, payload: { force: true } })).outcome).toMatchObject({
      result: { state: 'done', written: { 'update-secret': 42 } },
    });
  });

  test('keeps what others told Argo CD about a Secret that was taken over and given back', async () => {
    const [namespace = ''] = await makeNamespaces(cluster, 'gitops', 1);
    const theirs = { 'argocd.argoproj.io/sync-options': 'Replace=true' };
    const config = JSON.stringify({ auths: { 'theirs.test': { auth: 'dTpw' } } });
    await makeSecret(
      cluster,
      { namespace, name: 'registry-pull' },
      {
        type: 'kubernetes.io/dockerconfigjson',
        data: { '.dockerconfigjson': Buffer.from(config).toString('base64') },
        metadata: { annotations: theirs },
      },
    );
    await using bed = await openBed('gitops', testProvider('r1.test'), { adopt: true, prune: true });
    await bed.run();
    const [taken] = await secretsOf(cluster, 'gitops');
    expect(taken?.annotations).toMatchObject(theirs);
    expect(passwordIn(taken, 'r1.test')).toBeDefined();
    bed.live.rules = [];
    await bed.run();
    const [released] = await secretsOf(cluster, 'gitops');
    expect(passwordIn(released, 'r1.test')).toBeUndefined();
    expect(released?.annotations).toEqual(theirs);
  });

  test('that a rule moved away from is pruned as the rule says now, not as it said before', async () => {
    await makeNamespaces(cluster, 'moved', 1);
    const provider = testProvider('r1.test');
    await using bed = await openBed('moved', provider);
    await bed.run();
    const [rule] = bed.live.rules;
    if (rule === undefined) throw new Error('the bed has one');
    bed.live.rules = [{ ...rule, clusters: ['another'] }];
    expect((await bed.run()).outcome).toMatchObject({
      result: { leftBehind: { first: [{ message: expect.stringContaining('not wanted by rule "pull" any more') }] } },
    });
    bed.live.rules = [{ ...rule, clusters: ['another'], prune: true }];
    expect((await bed.run()).outcome).toMatchObject({
      result: { written: { 'detach-reference': 1, 'delete-secret': 1 } },
    });
    expect(await secretsOf(cluster, 'moved')).toEqual([]);
    expect(await accountsOf(cluster, 'moved')).toMatchObject([{ imagePullSecrets: [] }]);

    bed.live.rules = [{ ...rule, prune: true }];
    await bed.run();
    bed.live.rules = [{ ...rule, clusters: ['another'], prune: false }];
    await bed.run();
    expect(await secretsOf(cluster, 'moved')).toHaveLength(1);
  });

  test('keeps what others put under keys of their own into a Secret of ours that goes', async () => {
    const [namespace = ''] = await makeNamespaces(cluster, 'keys', 1);
    await using bed = await openBed('keys', testProvider('r1.test'), { prune: true });
    await bed.run();
    await cluster.send({
      method: 'PATCH',
      path: `/api/v1/namespaces/${namespace}/secrets/registry-pull`,
      contentType: 'application/merge-patch+json',
      // no text in UTF-8
      body: { data: { theirs: Buffer.from([0xff, 0xfe]).toString('base64') } },
    });
    bed.live.rules = [];
    expect((await bed.run()).outcome).toMatchObject({
      result: { written: { 'release-secret': 1, 'delete-secret': 0, 'detach-reference': 1 } },
    });
    const [left] = await secretsOf(cluster, 'keys');
    expect(left?.keys.toSorted()).toEqual(['.dockerconfigjson', 'theirs']);
    expect(left?.data.get('.dockerconfigjson')?.reveal()).toBe('{"auths":{}}');
    expect(left?.labels).toEqual({});
  });

  test('gets nothing where rules go by labels that may not be read', async () => {
    const [namespace = ''] = await makeNamespaces(cluster, 'labels', 1);
    await using bed = await openBed('labels', testProvider('r1.test'), {
      namespaces: { selector: { matchExpressions: [{ key: 'prefix', operator: 'DoesNotExist' }] }, exclude: [] },
    });
    const meddled = faultyCluster(cluster, async (request, send) => {
      if (request.path === `/api/v1/namespaces/${namespace}`) throw new TransshipError('denied', 'get namespaces');
      return send();
    });
    await expect(bed.run({ cluster: meddled, payload: { namespace } })).rejects.toMatchObject({ code: 'denied' });
    expect(await secretsOf(cluster, 'labels')).toEqual([]);
  });

  test('is not looked at again and again for what is left behind in it', async () => {
    await makeNamespaces(cluster, 'left', 1);
    // past the half of its life from the first moment on
    await using bed = await openBed('left', testProvider('r1.test', { ageMs: 11 * HOUR_MS }));
    await bed.run();
    bed.live.rules = [];
    const { outcome } = await bed.run();
    expect(outcome).toMatchObject({
      result: { secrets: 1, overdue: 0, leftBehind: { count: 1 }, expiring: { count: 0 } },
    });
    expect(outcome).not.toHaveProperty('result.nextAt');
  });

  test('tells a provider when the credentials end that it still holds, whatever the scope of the run', async () => {
    const [, last = ''] = await makeNamespaces(cluster, 'used', 2);
    const heard: number[][] = [];
    const base = testProvider('r1.test');
    const provider = testProvider('r1.test', {
      async issue(options) {
        heard.push(((await options?.inUse?.()) ?? []).map((end) => Math.round((end.getTime() - Date.now()) / HOUR_MS)));
        return base.issue();
      },
    });
    await using bed = await openBed('used', provider);
    await bed.run();
    bed.restart();
    base.lifeMs = 3 * HOUR_MS;
    await bed.run({ payload: { force: true, namespace: last } });
    bed.restart();
    await bed.run({ payload: { force: true } });
    expect(heard.map((ends) => ends.toSorted((one, other) => one - other))).toEqual([[], [12], [3, 12]]);
  });
});
