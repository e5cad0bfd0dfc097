// Lists in pages and watches at a real API server, which is ended and started again meanwhile.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Cluster } from '../../../shared/cluster/cluster.ts';
import { listNamespaces, watchNamespaces, type NamespaceChange } from '../../../shared/cluster/namespaces.ts';
import { isTransshipError } from '../../../shared/errors.ts';
import { isKubernetesMissing, startKubernetes, type Kubernetes } from '../../support/kubernetes.ts';
import { openTestCluster } from '../../support/open-test-cluster.ts';

const COUNT = 1200;

// where kube-apiserver and etcd can be had neither from the system nor from Go
describe.skipIf(isKubernetesMissing())('many objects of a real API server', () => {
  let kubernetes: Kubernetes;
  let cluster: Cluster;

  beforeAll(async () => {
    kubernetes = await startKubernetes();
    cluster = await openTestCluster(kubernetes, { limits: { connectMs: 2_000 } });
    const names = Array.from({ length: COUNT }, (_value, index) => `many-${index}`);
    await Promise.all(names.map((name) => create(name, { many: String(Number(name.slice(5)) % 2) })));
  });
  afterAll(async () => {
    await cluster?.close();
    await kubernetes?.[Symbol.asyncDispose]();
  });

  async function create(name: string, labels: Record<string, string> = {}): Promise<void> {
    const body = { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } };
    await cluster.send({ method: 'POST', path: '/api/v1/namespaces', body });
  }

  it('lists them in pages of 500, in the order of their names', async () => {
    await kubernetes.forgetAuditEvents();
    const pages = await Array.fromAsync(listNamespaces(cluster, { labelSelector: 'many' }));
    expect(pages.map((page) => page.length)).toEqual([500, 500, 200]);
    const names = pages.flat().map(({ name }) => name);
    expect(new Set(names).size).toBe(COUNT);
    expect(names).toEqual(names.toSorted());
    const events = await kubernetes.auditEvents();
    expect(events.filter(({ verb }) => verb === 'list')).toHaveLength(3);
  });

  it('lists what a selector wants, behind a name', async () => {
    const pages = await Array.fromAsync(listNamespaces(cluster, { labelSelector: 'many=1', after: 'many-99' }));
    expect(pages.flat().map(({ name }) => name)).toEqual(['many-991', 'many-993', 'many-995', 'many-997', 'many-999']);
  });

  it('watches them across the death of the server, and tells each thing once', async () => {
    const controller = new AbortController();
    const [changes, troubles]: [NamespaceChange[], unknown[]] = [[], []];
    const waiting: { condition: () => boolean; resolve: () => void }[] = [];
    const until = (condition: () => boolean): Promise<void> =>
      new Promise((resolve) => void (condition() ? resolve() : waiting.push({ condition, resolve })));
    const watching = (async () => {
      const backoff = { firstDelayMs: 100, longestDelayMs: 500 };
      const onTrouble = (error: unknown): void => void troubles.push(error);
      const { signal } = controller;
      for await (const change of watchNamespaces(cluster, { signal, backoff, onTrouble })) {
        changes.push(change);
        for (const { resolve } of waiting.filter(({ condition }) => condition())) resolve();
      }
    })();
    const isTold = (name: string, kind: NamespaceChange['kind'] = 'added') =>
      changes.some(
        (change) =>
          change.kind === kind &&
          (('namespace' in change && change.namespace.name === name) || ('name' in change && change.name === name)),
      );

    await until(() => changes.some(({ kind }) => kind === 'listed'));
    expect(changes.filter(({ kind }) => kind === 'added').length).toBeGreaterThanOrEqual(COUNT);
    await create('watched-1');
    await until(() => isTold('watched-1'));

    await kubernetes.stopServer();
    await until(() => troubles.some((error) => isTransshipError(error, 'connection-failed')));
    await kubernetes.startServer();
    await create('watched-2');
    await until(() => isTold('watched-2'));
    await kubernetes.kubectl(['label', 'namespace', 'watched-2', 'changed=1']);
    await until(() => isTold('watched-2', 'changed'));
    await kubernetes.kubectl(['delete', 'namespace', 'watched-2', '--wait=false']);
    await until(() =>
      changes.some(
        (change) => 'namespace' in change && change.namespace.name === 'watched-2' && change.namespace.isTerminating,
      ),
    );
    controller.abort();
    await watching;
    const added = changes.flatMap((change) => (change.kind === 'added' ? [change.namespace.name] : []));
    expect(new Set(added).size).toBe(added.length);
  });
});
