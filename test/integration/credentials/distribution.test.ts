// The distribution of credentials at a real API server: what comes into its Secrets and ServiceAccounts, how many requests that takes, and
// what stays as it was.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Cluster } from '../../../shared/cluster/cluster.ts';
import { isKubernetesMissing, startKubernetes, type Kubernetes } from '../../support/kubernetes.ts';
import { isWrite } from '../../support/kubernetes-audit.ts';
import { openTestCluster } from '../../support/open-test-cluster.ts';
import { openCredentialsBed, ruleOf } from '../../support/credentials/credentials-bed.ts';
import { testProvider } from '../../support/credentials/test-provider.ts';

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

  async function makeNamespaces(prefix: string, count: number): Promise<string[]> {
    const names = Array.from({ length: count }, (_, index) => `${prefix}-${String(index).padStart(4, '0')}`);
    for (let at = 0; at < names.length; at += 20) {
      await Promise.all(
        names
          .slice(at, at + 20)
          .map((name) =>
            cluster.send({
              method: 'POST',
              path: '/api/v1/namespaces',
              body: { metadata: { name, labels: { prefix } } },
            }),
          ),
      );
    }
    await expect
      .poll(
        async () =>
          (
            await cluster.send({
              method: 'GET',
              path: '/api/v1/serviceaccounts',
              query: { fieldSelector: 'metadata.name=default' },
            })
          )['items'],
        { timeout: 60_000 },
      )
      .toSatisfy((items: { metadata: { namespace: string } }[]) => {
        const there = new Set(items.map(({ metadata }) => metadata.namespace));
        return names.every((name) => there.has(name));
      });
    return names;
  }

  const onlyPrefix = (prefix: string) => ({ selector: { matchLabels: { prefix } }, exclude: [] });

  test('gets a Secret and a reference in each namespace by few requests, and nothing the second time', async () => {
    await makeNamespaces('first', 30);
    const provider = testProvider('r1.test');
    await using bed = await openCredentialsBed({
      cluster,
      providers: [provider],
      rules: [ruleOf({ namespaces: onlyPrefix('first') })],
    });
    await kubernetes.forgetAuditEvents();
    const { outcome } = await bed.run();
    expect(outcome).toMatchObject({
      result: { state: 'done', secrets: 30, written: { 'create-secret': 30, 'attach-reference': 30 } },
    });
    const events = await kubernetes.auditEvents();
    const ours = events.filter(({ userAgent }) => userAgent.startsWith('transship'));
    expect(ours.filter(isWrite)).toHaveLength(60);
    expect(ours.filter(({ verb }) => verb === 'list')).toHaveLength(4);
    expect(ours).toHaveLength(64);
    expect(provider.calls).toBe(1);

    await kubernetes.forgetAuditEvents();
    bed.restart();
    await bed.run();
    const again = (await kubernetes.auditEvents()).filter(({ userAgent }) => userAgent.startsWith('transship'));
    expect(again.filter(isWrite)).toEqual([]);
    expect(again).toHaveLength(4);
    expect(provider.calls).toBe(1);
  });
});
