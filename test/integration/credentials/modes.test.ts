// The distribution with no more rights than each mode has, at a real API server that checks them.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CredentialRule } from '../../../shared/credentials/credential-rule.ts';
import {
  clusterPermissions,
  namespacePermissions,
  type Mode,
  type PolicyRule,
} from '../../../infra/kubernetes/permissions.ts';
import type { Needs } from '../../../infra/kubernetes/needs.ts';
import type { Cluster } from '../../../shared/cluster/cluster.ts';
import { isKubernetesMissing, startKubernetes, type Kubernetes } from '../../support/kubernetes.ts';
import { openTestCluster } from '../../support/open-test-cluster.ts';
import {
  accountsOf,
  makeNamespaces,
  makeSecret,
  onlyPrefix,
  secretsOf,
} from '../../support/credentials/cluster-objects.ts';
import { openCredentialsBed, ruleOf } from '../../support/credentials/credentials-bed.ts';
import { testProvider } from '../../support/credentials/test-provider.ts';

const RBAC = 'rbac.authorization.k8s.io';
const NEEDS: Needs = {
  rules: [],
  tokenAccounts: [],
  secrets: ['registry-pull'],
  attaches: true,
  prunes: false,
  access: false,
};
const MODES = ['lean', 'fast', 'secret-only'] as const satisfies Mode[];

// needs an API server that this machine may not have
describe.skipIf(isKubernetesMissing())('with the rights of a mode', () => {
  let kubernetes: Kubernetes;
  let admin: Cluster;

  beforeAll(async () => {
    const users = Object.fromEntries([...MODES, 'namespaced'].map((mode) => [mode, []]));
    kubernetes = await startKubernetes({ hasControllers: true, users });
    admin = await openTestCluster(kubernetes);
  });
  afterAll(async () => {
    await admin?.close();
    await kubernetes?.[Symbol.asyncDispose]();
  });

  async function allow(user: string, rules: readonly PolicyRule[], namespace?: string): Promise<void> {
    const [role, binding] = namespace === undefined ? ['ClusterRole', 'ClusterRoleBinding'] : ['Role', 'RoleBinding'];
    const metadata = { name: user, ...(namespace === undefined ? {} : { namespace }) };
    await kubernetes.apply(
      { apiVersion: `${RBAC}/v1`, kind: role, metadata, rules },
      {
        apiVersion: `${RBAC}/v1`,
        kind: binding,
        metadata,
        roleRef: { apiGroup: RBAC, kind: role, name: user },
        subjects: [{ apiGroup: RBAC, kind: 'User', name: user }],
      },
    );
  }

  test.each(MODES)('%s: makes, renews, tells of conflicts, and writes nothing when nothing is due', async (mode) => {
    const names = await makeNamespaces(admin, mode, 4);
    await makeSecret(admin, { namespace: names[3] ?? '', name: 'registry-pull' });
    const attaches = mode !== 'secret-only';
    await allow(mode, clusterPermissions(mode, { ...NEEDS, attaches }));
    const cluster = await openTestCluster(kubernetes, { user: mode });
    const rule: CredentialRule = ruleOf({
      namespaces: onlyPrefix(mode),
      ...(attaches ? {} : { serviceAccounts: 'none' as const }),
    });
    await using bed = await openCredentialsBed({
      cluster,
      instance: mode,
      providers: [testProvider('r1.test')],
      rules: [rule],
    });
    const attached = attaches ? 3 : 0;
    expect((await bed.run()).outcome).toMatchObject({
      result: {
        state: 'done',
        secrets: 3,
        conflicts: { count: 1, first: [{ reason: 'foreign' }] },
        written: { 'create-secret': 3, 'attach-reference': attached },
      },
    });
    bed.restart();
    expect((await bed.run()).outcome).toMatchObject({
      result: { secrets: 3, written: { 'create-secret': 0, 'update-secret': 0, 'attach-reference': 0 } },
    });
    expect((await bed.run({ payload: { force: true } })).outcome).toMatchObject({
      result: { state: 'done', written: { 'update-secret': 3 } },
    });
    const events = await admin.send({ method: 'GET', path: `/api/v1/namespaces/${names[3]}/events` });
    expect(events['items']).toMatchObject([{ reason: 'PullSecretConflict' }]);
    await cluster.close();
  });

  test('namespaced: works in the namespaces that rules name, and asks for nothing elsewhere', async () => {
    const [first = '', second = '', other = ''] = await makeNamespaces(admin, 'tenant', 3);
    for (const namespace of [first, second]) await allow('namespaced', namespacePermissions(NEEDS), namespace);
    const cluster = await openTestCluster(kubernetes, { user: 'namespaced' });
    const rules = [ruleOf({ namespaces: { names: [first, second], exclude: [] } })];
    await using bed = await openCredentialsBed({
      cluster,
      instance: 'tenants',
      providers: [testProvider('r1.test')],
      rules,
    });
    expect((await bed.run()).outcome).toMatchObject({ result: { state: 'done', secrets: 2 } });
    expect((await secretsOf(admin, 'tenant')).map(({ namespace }) => namespace)).toEqual([first, second]);
    const references = (await accountsOf(admin, 'tenant')).map(({ imagePullSecrets }) => imagePullSecrets);
    expect(references).toEqual([['registry-pull'], ['registry-pull'], []]);

    bed.live.rules = [ruleOf({ namespaces: { names: [first, other], exclude: [] } })];
    bed.restart();
    const { outcome } = await bed.run({ payload: { force: true } });
    expect(outcome).toMatchObject({
      result: {
        state: 'partly',
        failures: { count: 1, first: [{ namespace: other, code: 'denied' }] },
        written: { 'update-secret': 1 },
      },
    });
    expect(JSON.stringify(outcome)).toContain('cluster manifests');
    await cluster.close();
  });
});
