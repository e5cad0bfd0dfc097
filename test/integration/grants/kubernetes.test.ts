// Grants as RoleBindings of a real API server, by an identity that has the rights of `transship cluster manifests` and no others.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { manifestsOf } from '../../../infra/kubernetes/manifests.ts';
import { manifestsToYaml } from '../../../infra/kubernetes/to-yaml.ts';
import type { Cluster } from '../../../shared/cluster/cluster.ts';
import { contentOf, readContent } from '../../../shared/grants/kubernetes/binding-content.ts';
import { PULL_PROFILES } from '../../../shared/grants/pull-profiles.ts';
import { askPull, type Puller } from '../../../shared/grants/pull-review.ts';
import { configOf } from '../../support/config-of.ts';
import {
  account,
  ACP_HOST,
  allOf,
  images,
  insideGrant,
  kubernetesGrants,
  OPENSHIFT_HOST,
} from '../../support/grants/kubernetes-grants.ts';
import { servePulls } from '../../support/grants/serve-pulls.ts';
import { isKubernetesMissing, startKubernetes, type Kubernetes } from '../../support/kubernetes.ts';
import { isWrite } from '../../support/kubernetes-audit.ts';
import { openTestCluster } from '../../support/open-test-cluster.ts';

const { acp, openshift } = PULL_PROFILES;
const RBAC = 'rbac.authorization.k8s.io';
const WE = 'transship-grants';

const CONFIG = `
clusters:
  - name: test
    kubeconfig: {}
    registries:
      ${ACP_HOST}: acp
      "${OPENSHIFT_HOST}": openshift
grants:
  - { name: images, to: { user: x, cluster: test }, pull: [{ registry: "${OPENSHIFT_HOST}", repository: shared-ns/base }], reason: r }
`;

type RoleBindingObject = {
  metadata: {
    name: string;
    uid: string;
    resourceVersion: string;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
  };
  roleRef: { kind: string; name: string };
  subjects: { kind: string; name: string; namespace?: string }[];
};

// where kube-apiserver and etcd can be had neither from the system nor from Go
describe.skipIf(isKubernetesMissing())('grants on a real API server', () => {
  let kubernetes: Kubernetes;
  let admin: Cluster;
  let cluster: Cluster;
  let names = 0;

  beforeAll(async () => {
    kubernetes = await startKubernetes({ hasControllers: true, users: { [WE]: [] } });
    admin = await openTestCluster(kubernetes);
    cluster = await openTestCluster(kubernetes, { user: WE });
    await servePulls(kubernetes, acp, openshift);
    const options = { cluster: 'test', mode: 'lean', subject: { user: WE }, isWatching: false, attach: 'off' } as const;
    await kubernetes.kubectl(['apply', '-f', '-'], { input: manifestsToYaml(manifestsOf(configOf(CONFIG), options)) });
    await namespaceOf('my-ns');
  });
  afterAll(async () => {
    await cluster?.close();
    await admin?.close();
    await kubernetes?.[Symbol.asyncDispose]();
  });
  afterEach(() => kubernetes.kubectl(['delete', 'rolebindings', '--all-namespaces', '-l', 'transship.io/grant']));

  async function namespaceOf(name: string, labels: Record<string, string> = {}): Promise<string> {
    await kubernetes.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } });
    return name;
  }
  /** A namespace that no other test has. */
  const newNamespace = (labels: Record<string, string> = {}): Promise<string> =>
    namespaceOf(`shared-${++names}`, labels);

  async function bindings(namespace: string): Promise<RoleBindingObject[]> {
    const list: { items: RoleBindingObject[] } = JSON.parse(
      await kubernetes.kubectl(['-n', namespace, 'get', 'rolebindings', '-o', 'json']),
    );
    return list.items;
  }
  const bindingNames = async (namespace: string) => (await bindings(namespace)).map(({ metadata }) => metadata.name);
  const createBinding = (namespace: string, name: string, ...args: string[]) =>
    kubernetes.kubectl(['-n', namespace, 'create', 'rolebinding', name, ...args]);
  const PULLER = '--clusterrole=system:image-puller';

  const may = async (namespace: string, puller: Puller, profile: Parameters<typeof askPull>[1] = acp, name?: string) =>
    (await askPull(admin, profile, puller, { namespace, ...(name !== undefined && { name }) })).isAllowed;
  const DEFAULT: Puller = { user: 'system:serviceaccount:my-ns:default' };

  describe('the guide’s example', () => {
    it('gives a binding that is what kubectl makes, but for its name and marks', async () => {
      const namespace = await newNamespace();
      await createBinding(namespace, 'cross-ns-pull', PULLER, '--serviceaccount=my-ns:default');
      const bed = kubernetesGrants(cluster, { grants: [insideGrant('cross-ns-pull', { from: namespace })] });
      const report = await bed.apply();
      expect(bed.states(report)).toEqual({ 'cross-ns-pull': 'Applied' });
      const [theirs, ours] = await bindings(namespace);
      expect(ours?.metadata).toMatchObject({
        name: 'pull-grant-cross-ns-pull',
        labels: {
          'transship.io/grant': expect.stringMatching(/^[0-9a-f]{16}$/),
          'transship.io/managed-by': 'transship',
        },
        annotations: { 'transship.io/grant-id': 'cross-ns-pull' },
      });
      expect({ ...ours, metadata: {} }).toEqual({ ...theirs, metadata: {} });
    });

    it('lets one pull once it is applied, and no more once it is revoked, each proven by a review', async () => {
      const namespace = await newNamespace();
      const bed = kubernetesGrants(cluster, { grants: [insideGrant('base', { from: namespace })] });
      expect(await may(namespace, DEFAULT)).toBe(false);
      const given = await bed.apply();
      expect(given.entries).toMatchObject([
        {
          op: 'create',
          state: 'Applied',
          verification: {
            method: 'access-review',
            answer: 'allowed',
            note: expect.stringContaining('pull-grant-base'),
          },
        },
      ]);
      expect(await may(namespace, DEFAULT)).toBe(true);
      expect(await may('my-ns', DEFAULT)).toBe(false);
      expect(await may(namespace, { user: 'system:serviceaccount:my-ns:other' })).toBe(false);
      bed.grants = [];
      const taken = await bed.apply();
      expect(taken.entries).toMatchObject([
        { op: 'delete', state: 'Revoked', verification: { method: 'access-review', answer: 'denied' } },
      ]);
      expect(await may(namespace, DEFAULT)).toBe(false);
      expect(await bindings(namespace)).toEqual([]);
    });

    it('writes nothing a second time', async () => {
      const namespace = await newNamespace();
      const bed = kubernetesGrants(cluster, { grants: [insideGrant('base', { from: namespace })] });
      await bed.apply();
      await kubernetes.forgetAuditEvents();
      expect(await bed.apply()).toMatchObject({ writes: 0, entries: [] });
      // also for who has lost the journal
      expect(await kubernetesGrants(cluster, { grants: bed.grants }).apply()).toMatchObject({ writes: 0 });
      expect((await kubernetes.auditEvents()).filter((event) => event.user === WE && isWrite(event))).toEqual([]);
    });
  });

  describe('whom it is for', () => {
    it('follows the labels of Namespaces, there and back', async () => {
      const namespace = await newNamespace();
      await namespaceOf('labelled');
      const selector = { matchLabels: { 'pull.test/team': 'a' } };
      const grantees = [{ kind: 'NamespaceSelector', cluster: 'test', selector }] as const;
      const bed = kubernetesGrants(cluster, { grants: [insideGrant('team', { from: namespace, grantees })] });
      const somebody: Puller = { user: 'system:serviceaccount:labelled:builder' };
      expect(bed.states(await bed.apply())).toEqual({ team: 'Pending' });
      expect(await bindings(namespace)).toEqual([]);
      await kubernetes.kubectl(['label', 'namespace', 'labelled', 'pull.test/team=a']);
      expect(bed.states(await bed.apply())).toEqual({ team: 'Applied' });
      expect(await may(namespace, somebody)).toBe(true);
      await kubernetes.kubectl(['label', 'namespace', 'labelled', 'pull.test/team-']);
      expect(bed.states(await bed.apply())).toEqual({ team: 'Pending' });
      expect(await may(namespace, somebody)).toBe(false);
    });

    it('gives each selected Namespace its own images, also one that is made later', async () => {
      const label = { 'pull.test/own': 'yes' };
      const first = await newNamespace(label);
      const grantees = [{ kind: 'NamespaceSelector', cluster: 'test', selector: { matchLabels: label } }] as const;
      const bed = kubernetesGrants(cluster, { grants: [insideGrant('own', { from: '{namespace}', grantees })] });
      await bed.apply();
      const second = await newNamespace(label);
      const report = await bed.apply();
      expect(report.entries).toMatchObject([{ op: 'create', target: { place: second }, state: 'Applied' }]);
      for (const [own, other] of [
        [first, second],
        [second, first],
      ] as const) {
        expect(await may(own, { user: `system:serviceaccount:${own}:default` })).toBe(true);
        expect(await may(own, { user: `system:serviceaccount:${other}:default` })).toBe(false);
      }
    });

    it('are many Namespaces for a handful of requests, and what changes in one of them is seen', async () => {
      const label = { 'pull.test/fleet': 'yes' };
      const fleet = Array.from({ length: 40 }, (_, index) => `fleet-${index}`);
      await kubernetes.apply(
        ...fleet.map((name) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels: label } })),
      );
      const grantees = [{ kind: 'NamespaceSelector', cluster: 'test', selector: { matchLabels: label } }] as const;
      const bed = kubernetesGrants(cluster, { grants: [insideGrant('fleet', { from: '{namespace}', grantees })] });
      expect(bed.states(await bed.apply())).toEqual({ fleet: 'Applied' });
      await kubernetes.forgetAuditEvents();
      expect(await bed.apply()).toMatchObject({ writes: 0 });
      expect((await kubernetes.auditEvents()).filter(({ user }) => user === WE).length).toBeLessThan(6);
      await kubernetes.kubectl(['-n', 'fleet-7', 'delete', 'rolebinding', 'pull-grant-fleet']);
      expect((await bed.apply()).entries).toMatchObject([
        { op: 'create', target: { place: 'fleet-7' }, state: 'Applied' },
      ]);
    });

    it('can be users, groups and all ServiceAccounts of a Namespace, in one binding', async () => {
      const namespace = await newNamespace();
      const bed = kubernetesGrants(cluster, {
        grants: [
          insideGrant('many', {
            from: namespace,
            grantees: [
              { kind: 'User', cluster: 'test', name: 'ann' },
              { kind: 'Group', cluster: 'test', name: 'team:b' },
              { kind: 'NamespaceServiceAccounts', cluster: 'test', namespace: 'my-ns' },
            ],
          }),
        ],
      });
      expect(bed.states(await bed.apply())).toEqual({ many: 'Applied' });
      expect(await bindings(namespace)).toHaveLength(1);
      for (const puller of [{ user: 'ann' }, { user: 'bob', groups: ['team:b'] }, { groups: ['team:b'] }, DEFAULT]) {
        expect(await may(namespace, puller)).toBe(true);
      }
      expect(await may(namespace, { user: 'bob' })).toBe(false);
    });

    it('may be a ServiceAccount that is not there yet, which is told', async () => {
      const namespace = await newNamespace();
      const grantees = [account('my-ns', 'later'), account('not-made-yet', 'default')];
      const bed = kubernetesGrants(cluster, { grants: [insideGrant('early', { from: namespace, grantees })] });
      const [entry] = (await bed.apply()).entries;
      expect(entry).toMatchObject({ state: 'Applied', verification: { answer: 'allowed' } });
      expect(entry?.verification?.note).toContain('ServiceAccount my-ns/later is not there');
      expect(entry?.verification?.note).toContain('ServiceAccount not-made-yet/default is not there');
    });

    it('stands in several bindings where they are many', async () => {
      const namespace = await newNamespace();
      const grantees = Array.from({ length: 1001 }, (_, index) => account('my-ns', `robot-${index}`));
      const bed = kubernetesGrants(cluster, { grants: [insideGrant('fleet', { from: namespace, grantees })] });
      expect(bed.states(await bed.apply())).toEqual({ fleet: 'Applied' });
      const made = await bindings(namespace);
      expect(made.map(({ metadata }) => metadata.name)).toEqual([0, 1, 2].map((shard) => `pull-grant-fleet-${shard}`));
      expect(made.map(({ subjects }) => subjects.length)).toEqual([500, 500, 1]);
      expect(await may(namespace, { user: 'system:serviceaccount:my-ns:robot-1000' })).toBe(true);
      expect(await bed.apply()).toMatchObject({ writes: 0 });
      bed.grants = [insideGrant('fleet', { from: namespace })];
      expect(bed.states(await bed.apply())).toEqual({ fleet: 'Applied' });
      expect(await bindingNames(namespace)).toEqual(['pull-grant-fleet']);
    });
  });

  describe('single images', () => {
    const narrow = (namespace: string, ...patterns: string[]) =>
      insideGrant('narrow', { what: patterns.map((pattern) => images(`${namespace}/${pattern}`)) });
    const pulls = (namespace: string, image: string) => may(namespace, DEFAULT, openshift, image);

    it('are granted by a Role that names them, which changes with the grant and goes with it', async () => {
      const namespace = await newNamespace();
      const bed = kubernetesGrants(cluster, { grants: [narrow(namespace, 'base', 'tools')] });
      expect(bed.states(await bed.apply())).toEqual({ narrow: 'Applied' });
      expect(await pulls(namespace, 'base')).toBe(true);
      expect(await pulls(namespace, 'other')).toBe(false);
      const [before] = await bindings(namespace);
      bed.grants = [narrow(namespace, 'tools', 'more')];
      expect(bed.states(await bed.apply())).toEqual({ narrow: 'Applied' });
      await expect.poll(() => pulls(namespace, 'base'), { timeout: 5000 }).toBe(false);
      expect(await pulls(namespace, 'more')).toBe(true);
      // the binding had not to change
      expect((await bindings(namespace)).map(({ metadata }) => metadata.resourceVersion)).toEqual([
        before?.metadata.resourceVersion,
      ]);
      expect(await bed.apply()).toMatchObject({ writes: 0 });
      bed.grants = [];
      expect(bed.states(await bed.apply())).toEqual({});
      expect(await kubernetes.kubectl(['-n', namespace, 'get', 'roles', '-o', 'name'])).toBe('');
    });

    it('make place for the whole namespace without a moment in between', async () => {
      const namespace = await newNamespace();
      const bed = kubernetesGrants(cluster, { grants: [narrow(namespace, 'base')] });
      await bed.apply();
      bed.grants = [insideGrant('narrow', { what: [allOf(namespace, OPENSHIFT_HOST)] })];
      await kubernetes.forgetAuditEvents();
      const over = new AbortController();
      const seen: boolean[] = [];
      const watching = (async () => {
        while (!over.signal.aborted) seen.push(await pulls(namespace, 'base'));
      })();
      expect(bed.states(await bed.apply())).toEqual({ narrow: 'Applied' });
      over.abort();
      await watching;
      expect(seen).not.toContain(false);
      const writes = (await kubernetes.auditEvents()).filter((event) => event.user === WE && isWrite(event));
      expect(writes.map(({ verb, resource }) => `${verb} ${resource}`)).toEqual([
        'patch rolebindings',
        'delete rolebindings',
        'delete roles',
      ]);
      expect(await bindings(namespace)).toMatchObject([{ roleRef: { kind: 'ClusterRole' } }]);
    });

    it('leave a Role of somebody else alone', async () => {
      const namespace = await newNamespace();
      const bed = kubernetesGrants(cluster, { grants: [narrow(namespace, 'base')] });
      await bed.apply();
      const [made] = await bindings(namespace);
      bed.grants = [];
      await bed.apply();
      const role = made?.roleRef.name ?? '';
      await kubernetes.kubectl(['-n', namespace, 'create', 'role', role, '--verb=get', '--resource=pods']);
      bed.grants = [narrow(namespace, 'base')];
      const report = await bed.apply();
      expect(bed.states(report)).toEqual({ narrow: 'Blocked' });
      expect(report.entries[0]?.problem?.message).toContain(`Role ${role} in namespace ${namespace} is somebody else`);
      expect(await bindings(namespace)).toEqual([]);
    });
  });

  describe('what others have', () => {
    const byHand = (namespace: string, name: string) =>
      createBinding(namespace, name, '--clusterrole=view', '--serviceaccount=my-ns:other');

    it('stays as it is, also under the name that ours would have', async () => {
      const namespace = await newNamespace();
      await byHand(namespace, 'pull-grant-base');
      const [before] = await bindings(namespace);
      const bed = kubernetesGrants(cluster, { grants: [insideGrant('base', { from: namespace })] });
      expect(bed.states(await bed.apply())).toEqual({ base: 'Applied' });
      const [theirs, ours] = await bindings(namespace);
      expect(ours?.metadata.name).toMatch(/^pull-grant-[0-9a-f]{16}$/);
      expect(theirs).toEqual(before);
      bed.grants = [];
      await bed.apply();
      expect(await bindings(namespace)).toEqual([before]);
    });

    it('is a conflict where it has both names', async () => {
      const namespace = await newNamespace();
      const bed = kubernetesGrants(cluster, { grants: [insideGrant('base', { from: namespace })] });
      await byHand(namespace, 'pull-grant-base');
      await bed.apply();
      const [, hashed = ''] = await bindingNames(namespace);
      await kubernetes.kubectl(['-n', namespace, 'delete', 'rolebinding', hashed]);
      await byHand(namespace, hashed);
      const before = await bindings(namespace);
      const report = await bed.apply();
      expect(bed.states(report)).toEqual({ base: 'Conflict' });
      expect(await bindings(namespace)).toEqual(before);
    });

    it('is taken over where the grant says so and it says the same', async () => {
      const namespace = await newNamespace();
      await createBinding(namespace, 'cross-ns-pull', PULLER, '--serviceaccount=my-ns:default');
      const [before] = await bindings(namespace);
      const bed = kubernetesGrants(cluster, { grants: [insideGrant('base', { from: namespace, adopt: true })] });
      expect((await bed.apply()).entries).toMatchObject([{ op: 'adopt', state: 'Applied' }]);
      expect(await bindings(namespace)).toMatchObject([
        {
          metadata: {
            name: 'cross-ns-pull',
            uid: before?.metadata.uid,
            annotations: { 'transship.io/grant-id': 'base' },
          },
        },
      ]);
      expect(await bed.apply()).toMatchObject({ writes: 0 });
      // what was theirs before is changed and removed as any other
      const grantees = [account('my-ns', 'default'), account('my-ns', 'more')];
      bed.grants = [insideGrant('base', { from: namespace, grantees, adopt: true })];
      expect(bed.states(await bed.apply())).toEqual({ base: 'Applied' });
      expect(await may(namespace, { user: 'system:serviceaccount:my-ns:more' })).toBe(true);
      bed.grants = [];
      await bed.apply();
      expect(await bindings(namespace)).toEqual([]);
    });

    it('is not taken over where another instance made it, which keeps nobody from having their own', async () => {
      const namespace = await newNamespace();
      await kubernetesGrants(cluster, { instance: 'blue', grants: [insideGrant('x', { from: namespace })] }).apply();
      const [before] = await bindings(namespace);
      const bed = kubernetesGrants(cluster, { grants: [insideGrant('base', { from: namespace, adopt: true })] });
      expect((await bed.apply()).entries).toMatchObject([{ op: 'create', state: 'Applied' }]);
      expect(await bindings(namespace)).toMatchObject([{ metadata: { name: 'pull-grant-base' } }, before]);
    });

    it('is not taken over where it says more', async () => {
      const namespace = await newNamespace();
      const subjects = ['--serviceaccount=my-ns:default', '--user=ann'];
      await createBinding(namespace, 'cross-ns-pull', PULLER, ...subjects);
      const [before] = await bindings(namespace);
      const bed = kubernetesGrants(cluster, { grants: [insideGrant('base', { from: namespace, adopt: true })] });
      expect((await bed.apply()).entries).toMatchObject([{ op: 'create', state: 'Applied' }]);
      expect((await bindings(namespace))[0]).toEqual(before);
    });

    it('is told by name where it lets somebody pull whose grant is gone', async () => {
      const namespace = await newNamespace();
      const bed = kubernetesGrants(cluster, { grants: [insideGrant('base', { from: namespace })] });
      await bed.apply();
      await createBinding(namespace, 'by-hand', PULLER, '--serviceaccount=my-ns:default');
      bed.grants = [];
      const [entry] = (await bed.apply()).entries;
      expect(entry?.verification).toMatchObject({ answer: 'allowed', note: expect.stringContaining('by-hand') });
    });

    it('belongs to another instance, which has a grant of the same name', async () => {
      const namespace = await newNamespace();
      const grants = [insideGrant('base', { from: namespace })];
      await kubernetesGrants(cluster, { grants }).apply();
      const other = kubernetesGrants(cluster, { grants, instance: 'blue' });
      expect(other.states(await other.apply())).toEqual({ base: 'Applied' });
      expect(await bindings(namespace)).toHaveLength(2);
      other.grants = [];
      await other.apply();
      expect(await bindingNames(namespace)).toEqual(['pull-grant-base']);
    });
  });

  describe('two data folders of one instance', () => {
    it('do not remove the bindings of each other, and tell of them', async () => {
      const namespace = await newNamespace();
      const one = kubernetesGrants(cluster, { grants: [insideGrant('one', { from: namespace })] });
      const two = kubernetesGrants(cluster, { grants: [insideGrant('two', { from: namespace })] });
      await one.apply();
      for (const bed of [two, one, two, one]) {
        const report = await bed.apply();
        const [other] = bed === one ? ['two'] : ['one'];
        expect(bed.states(report)).toEqual({ one: 'Applied', two: 'Applied', [other]: 'Drifted' });
        expect(report.entries.find(({ op }) => op === 'drift')).toMatchObject({
          label: `RoleBinding pull-grant-${other}`,
          problem: { message: expect.stringContaining('this journal does not know it') },
        });
        expect(await bindingNames(namespace)).toEqual(['pull-grant-one', 'pull-grant-two']);
      }
      one.grants = [];
      await one.apply();
      expect(await bindingNames(namespace)).toEqual(['pull-grant-two']);
      await one.apply({ pruneUnknown: true });
      expect(await bindingNames(namespace)).toEqual([]);
    });
  });

  describe('what was ours and is changed by hand', () => {
    it('is put right, whatever was changed', async () => {
      const namespace = await newNamespace();
      const bed = kubernetesGrants(cluster, { grants: [insideGrant('base', { from: namespace })] });
      const more = [{ kind: 'User', apiGroup: RBAC, name: 'mallory' }];
      for (const patch of [
        { subjects: more },
        { metadata: { annotations: { 'transship.io/grant-id': 'other' } } },
        { metadata: { annotations: { 'transship.io/grant-id': null } } },
      ]) {
        await bed.apply();
        const [name = ''] = await bindingNames(namespace);
        const args = ['-n', namespace, 'patch', 'rolebinding', name, '--type=merge', '-p', JSON.stringify(patch)];
        await kubernetes.kubectl(args);
        const report = await bed.apply();
        expect(bed.states(report)).toMatchObject({ base: 'Applied' });
        expect(await bindings(namespace)).toMatchObject([
          { subjects: [{ name: 'default' }], metadata: { annotations: { 'transship.io/grant-id': 'base' } } },
        ]);
        await expect.poll(() => may(namespace, { user: 'mallory' }), { timeout: 5000 }).toBe(false);
        expect(await may(namespace, DEFAULT)).toBe(true);
      }
    });

    it('is made again where it was removed', async () => {
      const namespace = await newNamespace();
      const bed = kubernetesGrants(cluster, { grants: [insideGrant('base', { from: namespace })] });
      await bed.apply();
      await kubernetes.kubectl(['-n', namespace, 'delete', 'rolebinding', 'pull-grant-base']);
      expect((await bed.apply()).entries).toMatchObject([{ op: 'create', state: 'Applied' }]);
    });

    it('is one binding again where a change was cut off', async () => {
      const namespace = await newNamespace();
      const bed = kubernetesGrants(cluster, { grants: [insideGrant('base', { from: namespace })] });
      await bed.apply();
      const [made] = await bindings(namespace);
      const { labels, annotations } = made?.metadata ?? {};
      await kubernetes.apply({
        apiVersion: `${RBAC}/v1`,
        kind: 'RoleBinding',
        metadata: { name: 'pull-grant-0123456789abcdef', namespace, labels, annotations },
        roleRef: { apiGroup: RBAC, ...acpRole() },
        subjects: [{ kind: 'User', apiGroup: RBAC, name: 'old' }],
      });
      const report = await bed.apply();
      expect(bed.states(report)).toEqual({ base: 'Applied' });
      expect(await bindings(namespace)).toMatchObject([{ subjects: [{ name: 'default' }] }]);
    });
  });

  describe('a Namespace or ServiceAccount that was made anew under its name', () => {
    const anew = async (namespace: string) => {
      await kubernetes.kubectl(['delete', 'namespace', namespace]);
      await namespaceOf(namespace);
    };

    it('gets what its name was given', async () => {
      const namespace = await newNamespace();
      const bed = kubernetesGrants(cluster, { grants: [insideGrant('base', { from: namespace })] });
      await bed.apply();
      await anew(namespace);
      expect((await bed.apply()).entries).toMatchObject([{ op: 'create', state: 'Applied' }]);
    });

    it('gets nothing where the grant is pinned to the one that was', async () => {
      const [namespace, theirs] = [await newNamespace(), await newNamespace()];
      const pinned = insideGrant('base', { from: namespace, grantees: [account(theirs, 'builder')], pin: 'uid' });
      const bed = kubernetesGrants(cluster, { grants: [pinned] });
      const builder = ['-n', theirs, 'serviceaccount', 'builder'];
      await kubernetes.kubectl(['create', ...builder]);
      expect(bed.states(await bed.apply())).toEqual({ base: 'Applied' });
      expect(await bed.apply()).toMatchObject({ writes: 0 });
      await kubernetes.kubectl(['delete', ...builder]);
      await kubernetes.kubectl(['create', ...builder]);
      const report = await bed.apply();
      expect(bed.states(report)).toEqual({ base: 'Suspended' });
      expect(report.grants[0]?.problem?.message).toContain(`${theirs}/builder`);
      expect(await bindings(namespace)).toEqual([]);
    });
  });

  describe('what was planned from something else', () => {
    it('is not written', async () => {
      const namespace = await newNamespace();
      const bed = kubernetesGrants(cluster, { grants: [insideGrant('base', { from: namespace })] });
      await bed.apply();
      const target = { backend: 'kubernetes', host: 'test', place: namespace } as const;
      const observed = await bed.backend.observe(target);
      const [change] = (await bed.plan()).plan.changes;
      if (change?.op !== 'noop') throw new Error('something was to be written');
      const { wanted } = change;
      const other = { ...wanted, content: contentOf({ ...readContent(wanted.content), subjects: [] }) };
      const before = await bindings(namespace);
      for (const stale of [
        { op: 'create', wanted: other },
        { op: 'update', wanted: other, before: other.content },
        { op: 'adopt', wanted: other, before: wanted.content },
        { op: 'delete', key: 'base', before: other.content },
      ] as const) {
        await expect(bed.backend.write(observed, [stale])).rejects.toMatchObject({ code: 'object-conflict' });
      }
      const done = await bed.backend.write(observed, [
        { op: 'create', wanted },
        { op: 'delete', key: 'none', before: {} },
      ]);
      expect(done.outcomes.map(({ state }) => state)).toEqual(['unchanged', 'unchanged']);
      expect(await bindings(namespace)).toEqual(before);
    });
  });

  const acpRole = () => ({ kind: 'ClusterRole', name: acp.clusterRole });

  describe('what cannot be', () => {
    it('is told of a namespace that is not there, and done once it is', async () => {
      const namespace = `shared-${++names}`;
      const bed = kubernetesGrants(cluster, { grants: [insideGrant('base', { from: namespace })] });
      const report = await bed.apply();
      expect(bed.states(report)).toEqual({ base: 'Pending' });
      await namespaceOf(namespace);
      expect(bed.states(await bed.apply())).toEqual({ base: 'Applied' });
    });

    it('is dropped where the namespace is being removed', async () => {
      const namespace = await newNamespace();
      await kubernetes.apply({
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'stays', namespace, finalizers: ['transship.test/stay'] },
      });
      const bed = kubernetesGrants(cluster, { grants: [insideGrant('base', { from: namespace })] });
      const observed = await bed.backend.observe({ backend: 'kubernetes', host: 'test', place: namespace });
      const [change] = (await bed.plan()).plan.changes;
      await kubernetes.kubectl(['delete', 'namespace', namespace, '--wait=false']);
      if (change?.op !== 'create') throw new Error('nothing was to be made');
      const { outcomes } = await bed.backend.write(observed, [{ op: 'create', wanted: change.wanted }]);
      expect(outcomes).toMatchObject([
        { state: 'blocked', problem: { hint: expect.stringContaining('its namespace') } },
      ]);
      expect(bed.states(await bed.apply())).toEqual({ base: 'Pending' });
      const gone = [
        '-n',
        namespace,
        'patch',
        'configmap',
        'stays',
        '--type=merge',
        '-p',
        '{"metadata":{"finalizers":null}}',
      ];
      await kubernetes.kubectl(gone);
    });

    it('is not called applied where the role is not there', async () => {
      const namespace = await newNamespace();
      const registries = { 'r.test': { custom: { group: acp.group, resource: 'images', clusterRole: 'not-there' } } };
      const bed = kubernetesGrants(admin, {
        registries,
        grants: [insideGrant('base', { what: [allOf(namespace, 'r.test')] })],
      });
      const report = await bed.apply();
      expect(bed.states(report)).toEqual({ base: 'Applying' });
      expect(report.entries[0]?.verification).toMatchObject({
        answer: 'denied',
        note: expect.stringContaining('"not-there" not found'),
      });
    });

    it('is not called applied where nothing serves what the registry asks for', async () => {
      const namespace = await newNamespace();
      const profile = { group: 'nobody.test', resource: 'images' };
      const grants = [insideGrant('base', { what: [allOf(namespace, 'r.test')] })];
      const bed = kubernetesGrants(cluster, { registries: { 'r.test': { custom: profile } }, grants });
      const report = await bed.apply();
      expect(report.entries[0]?.verification).toMatchObject({
        answer: 'unverifiable',
        note: expect.stringContaining('serves images of nobody.test'),
      });
    });

    it('is a binding to any role but that for pulls: the API server refuses it, and it is said what is missing', async () => {
      const namespace = await newNamespace();
      // those of people (view, edit) have no rules where no controller aggregates them
      for (const clusterRole of ['cluster-admin', 'system:node', 'system:kube-controller-manager']) {
        const registries = { 'r.test': { custom: { group: acp.group, resource: 'images', clusterRole } } };
        const grants = [insideGrant('base', { what: [allOf(namespace, 'r.test')] })];
        const bed = kubernetesGrants(cluster, { registries, grants });
        const report = await bed.apply();
        expect(bed.states(report)).toEqual({ base: 'Blocked' });
        expect(report.entries[0]?.problem).toMatchObject({
          message: expect.stringContaining('not currently held'),
          hint: expect.stringContaining(`resourceNames [${clusterRole}]`),
        });
      }
      expect(await bindings(namespace)).toEqual([]);
    });
  });
});
