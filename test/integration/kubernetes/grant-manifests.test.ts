// What `transship cluster manifests` prints for grants, at a real API server: enough for the grants, and no way to any other right.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { manifestsOf, type ManifestOptions } from '../../../infra/kubernetes/manifests.ts';
import type { Mode } from '../../../infra/kubernetes/permissions.ts';
import { manifestsToYaml } from '../../../infra/kubernetes/to-yaml.ts';
import { reviewOwnAccess, type AccessQuestion } from '../../../shared/cluster/access-review.ts';
import { PULL_PROFILES } from '../../../shared/grants/pull-profiles.ts';
import { configOf } from '../../support/config-of.ts';
import {
  ACP_HOST,
  images,
  insideGrant,
  kubernetesGrants,
  OPENSHIFT_HOST,
} from '../../support/grants/kubernetes-grants.ts';
import { servePulls } from '../../support/grants/serve-pulls.ts';
import { isKubernetesMissing, startKubernetes, type Kubernetes } from '../../support/kubernetes.ts';
import { openTestCluster } from '../../support/open-test-cluster.ts';

const CLUSTERS = `clusters:
  - { name: test, kubeconfig: {}, registries: { ${ACP_HOST}: acp, "${OPENSHIFT_HOST}": openshift } }`;
const WIDE = `${CLUSTERS}
grants:
  - { name: base, to: { serviceAccount: my-ns/default }, pull: [{ registry: ${ACP_HOST}, namespace: shared-ns }], reason: r }`;
const NARROW = `${CLUSTERS}
grants:
  - { name: base, to: { serviceAccount: my-ns/default }, pull: [{ registry: "${OPENSHIFT_HOST}", repository: shared-ns/base }], reason: r }`;
const SELECTED = `${CLUSTERS}
grants:
  - { name: base, to: { namespaceSelector: all }, pull: [{ registry: ${ACP_HOST}, namespace: shared-ns }], reason: r }`;

const RBAC = 'rbac.authorization.k8s.io';

function manifests(text: string, mode: Mode, user: string) {
  const options: ManifestOptions = { cluster: 'test', mode, subject: { user }, isWatching: false, attach: 'off' };
  return manifestsOf({ ...configOf(text), instance: user }, options);
}

describe('manifests for grants', () => {
  it('are refused where nothing speaks of the cluster, or a selector looks for Namespaces that have to be named', () => {
    expect(() => manifests('clusters: [{ name: test, kubeconfig: {} }]', 'lean', 'u')).toThrow('no grant speaks of');
    expect(() => manifests(SELECTED, 'namespaced', 'u')).toThrow('grant base does not name its Namespaces');
  });

  it('are none for modes in which Transship only listens', () => {
    expect(manifests(WIDE, 'webhook', 'u')).toEqual([]);
    expect(JSON.stringify(manifests(WIDE, 'watcher', 'u'))).not.toContain('rolebindings');
  });

  it('give no right over Secrets where there are no credentials', () => {
    for (const mode of ['lean', 'fast', 'namespaced'] as const) {
      expect(JSON.stringify(manifests(WIDE, mode, 'u'))).not.toContain('secrets');
    }
  });

  it('give a right over the Secrets in which passwords of robots are kept, and over no other', () => {
    const kept = `${CLUSTERS}
registries: { h.io: { kind: harbor } }
grants:
  - name: ci
    to: { robot: ci, secret: { namespace: team, name: pull } }
    pull: [{ registry: h.io, repository: team/** }]
    reason: r`;
    const all = manifests(kept, 'lean', 'u').map(({ object }) => object);
    const found = all.filter((one) => JSON.stringify(one).includes('secrets'));
    expect(found).toMatchObject([
      {
        kind: 'Role',
        metadata: { namespace: 'team' },
        rules: [{ resources: ['secrets'], resourceNames: ['pull'], verbs: ['get', 'create', 'patch'] }],
      },
      { kind: 'RoleBinding', metadata: { namespace: 'team' } },
    ]);
    expect(JSON.stringify(manifests(kept, 'watcher', 'u'))).not.toContain('secrets');
  });
});

// needs a real kube-apiserver with etcd
describe.skipIf(isKubernetesMissing())('manifests for grants at a real API server', () => {
  let kubernetes: Kubernetes;

  beforeAll(async () => {
    kubernetes = await startKubernetes({ users: { wide: [], narrow: [], named: [] } });
    for (const name of ['my-ns', 'shared-ns', 'other-ns']) await kubernetes.kubectl(['create', 'namespace', name]);
    await servePulls(kubernetes, PULL_PROFILES.acp, PULL_PROFILES.openshift);
    for (const [text, mode, user] of [
      [WIDE, 'lean', 'wide'],
      [NARROW, 'lean', 'narrow'],
      [NARROW, 'namespaced', 'named'],
    ] as const) {
      await kubernetes.kubectl(['apply', '-f', '-'], { input: manifestsToYaml(manifests(text, mode, user)) });
    }
  });
  afterAll(() => kubernetes?.[Symbol.asyncDispose]());

  const bind = (user: string, role: string, namespace = 'shared-ns') =>
    kubernetes.kubectl(['-n', namespace, 'create', 'rolebinding', `by-${user}`, role, '--user=mallory'], { user });

  it.each(['wide', 'narrow', 'named'])(
    'let %s bind the role for pulls, and no other, nor for the whole cluster',
    async (user) => {
      for (const role of ['cluster-admin', 'system:node', 'system:controller:generic-garbage-collector']) {
        await expect(bind(user, `--clusterrole=${role}`)).rejects.toThrow('not currently held');
      }
      const wide = [
        'create',
        'clusterrolebinding',
        `by-${user}`,
        '--clusterrole=system:image-puller',
        '--user=mallory',
      ];
      await expect(kubernetes.kubectl(wide, { user })).rejects.toThrow('forbidden');
      await bind(user, '--clusterrole=system:image-puller');
    },
  );

  it('let one make no Role that gives more than pulls', async () => {
    const role = (resource: string, ...more: string[]) =>
      kubernetes.kubectl(
        ['-n', 'shared-ns', 'create', 'role', 'more', '--verb=get', `--resource=${resource}`, ...more],
        {
          user: 'narrow',
        },
      );
    await expect(role('secrets')).rejects.toThrow('not currently held');
    await expect(role('images.registry.alauda.io')).rejects.toThrow('not currently held');
    await role('imagestreams.image.openshift.io/layers', '--resource-name=base');
  });

  it.each<[string, AccessQuestion, boolean]>([
    ['wide', { verb: 'get', resource: 'secrets', namespace: 'shared-ns' }, false],
    ['wide', { verb: 'escalate', group: RBAC, resource: 'clusterroles', name: 'system:image-puller' }, false],
    ['wide', { verb: 'patch', group: RBAC, resource: 'clusterroles', name: 'system:image-puller' }, false],
    ['wide', { verb: 'create', group: RBAC, resource: 'roles', namespace: 'shared-ns' }, false],
    ['wide', { verb: 'update', group: RBAC, resource: 'rolebindings', namespace: 'shared-ns' }, false],
    ['wide', { verb: 'deletecollection', group: RBAC, resource: 'rolebindings', namespace: 'shared-ns' }, false],
    ['wide', { verb: 'impersonate', resource: 'users' }, false],
    ['wide', { verb: 'create', group: 'authentication.k8s.io', resource: 'tokenreviews' }, false],
    ['wide', { verb: 'create', group: 'authorization.k8s.io', resource: 'subjectaccessreviews' }, true],
    ['wide', { verb: 'list', group: RBAC, resource: 'clusterrolebindings' }, true],
    ['named', { verb: 'list', resource: 'namespaces' }, false],
    ['named', { verb: 'list', group: RBAC, resource: 'rolebindings' }, false],
    ['named', { verb: 'create', group: RBAC, resource: 'rolebindings', namespace: 'other-ns' }, false],
    ['named', { verb: 'create', group: RBAC, resource: 'rolebindings', namespace: 'shared-ns' }, true],
  ])('%s: %o is %s', async (user, question, isExpected) => {
    const cluster = await openTestCluster(kubernetes, { user });
    try {
      expect(await reviewOwnAccess(cluster, question)).toMatchObject({ isAllowed: isExpected });
    } finally {
      await cluster.close();
    }
  });

  it('are enough in named Namespaces, with the single images of a grant', async () => {
    const cluster = await openTestCluster(kubernetes, { user: 'named' });
    try {
      const grants = [insideGrant('base', { what: [images('shared-ns/base')] })];
      const bed = kubernetesGrants(cluster, { grants });
      expect(bed.states(await bed.apply())).toEqual({ base: 'Applied' });
      expect(await bed.apply()).toMatchObject({ writes: 0 });
      bed.grants = [];
      expect((await bed.apply()).entries).toMatchObject([{ op: 'delete', state: 'Revoked' }]);
      bed.grants = [insideGrant('base', { what: [images('other-ns/base')] })];
      expect(bed.states(await bed.apply())).toEqual({ base: 'Blocked' });
    } finally {
      await cluster.close();
    }
  });
});
