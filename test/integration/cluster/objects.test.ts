// Namespaces, Secrets and ServiceAccounts at a real API server.
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Cluster } from '../../../shared/cluster/cluster.ts';
import { getNamespace } from '../../../shared/cluster/namespaces.ts';
import { isKubernetesMissing, startKubernetes, type Kubernetes } from '../../support/kubernetes.ts';
import { openTestCluster } from '../../support/open-test-cluster.ts';

describe.skipIf(isKubernetesMissing())('a real API server', () => {
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

  it('shows a namespace', async () => {
    await kubernetes.kubectl(['create', 'namespace', 'one']);
    expect(await getNamespace(cluster, 'one')).toMatchObject({ name: 'one', isTerminating: false });
    expect(await getNamespace(cluster, randomBytes(4).toString('hex'))).toBeUndefined();
  });
});
