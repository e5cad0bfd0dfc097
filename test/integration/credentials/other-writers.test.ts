// Others write the same Secrets and ServiceAccounts all the time while credentials are distributed: none of their entries is lost, and two
// runs that overlap do each thing once.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Cluster } from '../../../shared/cluster/cluster.ts';
import { isTransshipError } from '../../../shared/errors.ts';
import { isKubernetesMissing, startKubernetes, type Kubernetes } from '../../support/kubernetes.ts';
import { openTestCluster } from '../../support/open-test-cluster.ts';
import {
  accountsOf,
  makeNamespaces,
  onlyPrefix,
  passwordIn,
  secretsOf,
} from '../../support/credentials/cluster-objects.ts';
import { openCredentialsBed, ruleOf } from '../../support/credentials/credentials-bed.ts';
import { testProvider } from '../../support/credentials/test-provider.ts';

const ROUNDS = 1000;
const KEY = '.dockerconfigjson';

// needs an API server that this machine may not have
describe.skipIf(isKubernetesMissing())('a cluster in which others write', () => {
  let kubernetes: Kubernetes;
  let cluster: Cluster;
  let others: Cluster;

  beforeAll(async () => {
    kubernetes = await startKubernetes({ hasControllers: true });
    [cluster, others] = await Promise.all([openTestCluster(kubernetes), openTestCluster(kubernetes)]);
  });
  afterAll(async () => {
    await Promise.all([cluster?.close(), others?.close()]);
    await kubernetes?.[Symbol.asyncDispose]();
  });

  /** Reads, adds an entry of its own and writes it back, as a careful controller does: again where somebody was faster. */
  async function edit(path: string, change: (object: Record<string, unknown>) => void): Promise<void> {
    for (;;) {
      const object = structuredClone(await others.send({ method: 'GET', path })) as Record<string, unknown>;
      change(object);
      try {
        await others.send({ method: 'PUT', path, body: object });
        return;
      } catch (error) {
        if (!isTransshipError(error, 'object-conflict')) throw error;
      }
    }
  }

  test(`loses no entry of theirs in ${ROUNDS} rounds`, { timeout: 240_000 }, async () => {
    const names = await makeNamespaces(cluster, 'busy', 4);
    const provider = testProvider('r1.test');
    const rules = [ruleOf({ namespaces: onlyPrefix('busy') })];
    await using bed = await openCredentialsBed({ cluster, providers: [provider], rules });
    await bed.run();

    let rounds = 0;
    const over = new AbortController();
    const write = async (namespace: string): Promise<void> => {
      while (rounds < ROUNDS) {
        const round = (rounds += 1);
        const place = `/api/v1/namespaces/${namespace}`;
        await edit(`${place}/serviceaccounts/default`, (account) => {
          const references = (account['imagePullSecrets'] ?? []) as { name: string }[];
          account['imagePullSecrets'] = [...references, { name: `theirs-${round}` }];
        });
        await edit(`${place}/secrets/registry-pull`, (secret) => {
          const data = secret['data'] as Record<string, string>;
          const config = JSON.parse(Buffer.from(data[KEY] ?? '', 'base64').toString()) as { auths: object };
          const auths = { ...config.auths, [`theirs-${round}.test`]: { auth: 'dTpw' } };
          secret['data'] = { ...data, [KEY]: Buffer.from(JSON.stringify({ ...config, auths })).toString('base64') };
        });
      }
    };
    const refresh = async (): Promise<number> => {
      let written = 0;
      while (!over.signal.aborted) {
        // who cleans up after us makes us attach it again
        await detach(names[0] ?? '');
        const { outcome } = await bed.run({ payload: { force: true } });
        if (typeof outcome === 'object' && 'result' in outcome) {
          const { result } = outcome as unknown as { result: { written: Record<string, number> } };
          written += (result.written['update-secret'] ?? 0) + (result.written['attach-reference'] ?? 0);
        }
      }
      return written;
    };
    const detach = (namespace: string): Promise<void> =>
      edit(`/api/v1/namespaces/${namespace}/serviceaccounts/default`, (account) => {
        const references = (account['imagePullSecrets'] ?? []) as { name: string }[];
        account['imagePullSecrets'] = references.filter(({ name }) => name !== 'registry-pull');
      });

    const refreshing = refresh();
    await Promise.all([...names, ...names].map(write));
    over.abort();
    expect(await refreshing).toBeGreaterThan(20);
    await bed.run({ payload: { force: true } });

    const wanted = Array.from({ length: rounds }, (_, index) => `theirs-${index + 1}`).toSorted();
    const accounts = await accountsOf(cluster, 'busy');
    const references = accounts.flatMap(({ imagePullSecrets }) => imagePullSecrets);
    expect(references.filter((name) => name.startsWith('theirs-')).toSorted()).toEqual(wanted);
    expect(references.filter((name) => name === 'registry-pull')).toHaveLength(names.length);
    const secrets = await secretsOf(cluster, 'busy');
    const hosts = secrets.flatMap((secret) => {
      const config: unknown = JSON.parse(secret.data.get(KEY)?.reveal() ?? '');
      return Object.keys((config as { auths: object }).auths);
    });
    expect(
      hosts
        .filter((host) => host.startsWith('theirs-'))
        .map((host) => host.replace('.test', ''))
        .toSorted(),
    ).toEqual(wanted);
    expect(secrets.map((secret) => passwordIn(secret, 'r1.test'))).toEqual(names.map(() => provider.secrets.at(-1)));
  });

  test('is written once by runs that overlap', async () => {
    const count = 40;
    await makeNamespaces(cluster, 'twice', count);
    const provider = testProvider('r1.test');
    const rules = [ruleOf({ namespaces: onlyPrefix('twice') })];
    await using bed = await openCredentialsBed({ cluster, instance: 'overlap', providers: [provider], rules });
    const outcomes = await Promise.all([bed.run(), bed.run(), bed.run({ payload: { namespace: 'twice-0003' } })]);
    const written = outcomes.map(({ outcome }) => {
      const { result } = outcome as unknown as {
        result: { written: Record<string, number>; failures: { count: number } };
      };
      expect(result.failures.count).toBe(0);
      return result.written;
    });
    const sum = (kind: string): number => written.reduce((total, one) => total + (one[kind] ?? 0), 0);
    expect(sum('create-secret')).toBe(count);
    expect(sum('attach-reference')).toBe(count);
    expect(sum('update-secret')).toBe(0);
    expect(provider.calls).toBe(1);
    expect(await accountsOf(cluster, 'twice')).toMatchObject(
      Array.from({ length: count }, () => ({ imagePullSecrets: ['registry-pull'] })),
    );
  });

  test('has two instances that leave each other alone', async () => {
    await makeNamespaces(cluster, 'rivals', 3);
    const rules = [ruleOf({ namespaces: onlyPrefix('rivals') })];
    const [mine, theirs] = [testProvider('r1.test'), testProvider('r1.test')];
    await using blue = await openCredentialsBed({ cluster, instance: 'blue', providers: [mine], rules });
    await using green = await openCredentialsBed({ cluster, instance: 'green', providers: [theirs], rules });
    await blue.run();
    expect((await green.run({ payload: { force: true } })).outcome).toMatchObject({
      result: { conflicts: { count: 3 }, written: { 'update-secret': 0, 'create-secret': 0 } },
    });
    const passwords = (await secretsOf(cluster, 'rivals')).map((secret) => passwordIn(secret, 'r1.test'));
    expect(new Set(passwords)).toEqual(new Set(mine.secrets));
  });

  test('does not bring a Secret back that somebody removes while it is written', async () => {
    const [namespace = ''] = await makeNamespaces(cluster, 'removed', 1);
    const provider = testProvider('r1.test');
    const rules = [ruleOf({ namespaces: onlyPrefix('removed') })];
    await using bed = await openCredentialsBed({ cluster, instance: 'removed', providers: [provider], rules });
    await bed.run();
    const path = `/api/v1/namespaces/${namespace}/secrets/registry-pull`;
    let isRemoved = false;
    const racing: Cluster = {
      ...cluster,
      async send(request) {
        if (request.method === 'PATCH' && request.path === path && !isRemoved) {
          isRemoved = true;
          await others.send({ method: 'DELETE', path });
        }
        return cluster.send(request);
      },
    };
    const { outcome } = await bed.run({ cluster: racing, payload: { force: true } });
    expect(outcome).toMatchObject({ result: { failures: { count: 0 }, written: { 'update-secret': 0 } } });
    expect(await secretsOf(cluster, 'removed')).toEqual([]);
  });
});
