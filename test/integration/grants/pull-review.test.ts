// Reviews of tokens and pulls at a real API server: whose token it is, and whether a registry that obeys the server would let them pull.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Cluster } from '../../../shared/cluster/cluster.ts';
import { requestServiceAccountToken } from '../../../shared/cluster/service-account-token.ts';
import { reviewToken } from '../../../shared/cluster/token-review.ts';
import { PULL_PROFILES } from '../../../shared/grants/pull-profiles.ts';
import { reviewPull, type Puller } from '../../../shared/grants/pull-review.ts';
import { Secret } from '../../../shared/telemetry/secret.ts';
import { servePulls } from '../../support/grants/serve-pulls.ts';
import { isKubernetesMissing, startKubernetes, type Kubernetes } from '../../support/kubernetes.ts';
import { openTestCluster } from '../../support/open-test-cluster.ts';

const { acp, openshift } = PULL_PROFILES;
const RBAC = 'rbac.authorization.k8s.io';

// where kube-apiserver and etcd can be had neither from the system nor from Go
describe.skipIf(isKubernetesMissing())('reviews at a real API server', () => {
  let kubernetes: Kubernetes;
  let cluster: Cluster;

  beforeAll(async () => {
    kubernetes = await startKubernetes({ hasControllers: true });
    cluster = await openTestCluster(kubernetes);
    await kubernetes.apply(
      ...['my-ns', 'shared-ns'].map((name) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })),
    );
    await servePulls(kubernetes, acp, openshift);
  });
  afterAll(async () => {
    await cluster?.close();
    await kubernetes?.[Symbol.asyncDispose]();
  });

  const bind = (name: string, subject: object, role: object = { kind: 'ClusterRole', name: acp.clusterRole }) =>
    kubernetes.apply({
      apiVersion: `${RBAC}/v1`,
      kind: 'RoleBinding',
      metadata: { name, namespace: 'shared-ns' },
      roleRef: { apiGroup: RBAC, ...role },
      subjects: [subject],
    });
  const addRole = (name: string, rule: object) =>
    kubernetes.apply({
      apiVersion: `${RBAC}/v1`,
      kind: 'Role',
      metadata: { name, namespace: 'shared-ns' },
      rules: [{ verbs: ['get'], ...rule }],
    });
  const may = async (profile: Parameters<typeof reviewPull>[1], puller: Puller, name?: string) =>
    reviewPull(cluster, profile, puller, { namespace: 'shared-ns', ...(name !== undefined && { name }) });
  /** The authorizer reads bindings from a cache. */
  const once = (profile: Parameters<typeof reviewPull>[1], puller: Puller, name?: string) =>
    expect.poll(() => may(profile, puller, name), { timeout: 10_000, interval: 50 });

  describe('of tokens', () => {
    const tokenFor = async (...audiences: string[]) =>
      (await requestServiceAccountToken(cluster, { namespace: 'my-ns', serviceAccount: 'default', audiences })).token;

    it('tells whose it is, with the groups, for the audience that it was made for', async () => {
      const token = await tokenFor('registry.test', 'elsewhere');
      const { owner } = await reviewToken(cluster, { token, audiences: ['other', 'registry.test'] });
      expect(owner).toMatchObject({
        user: 'system:serviceaccount:my-ns:default',
        uid: expect.stringMatching(/^[0-9a-f-]{36}$/),
        groups: expect.arrayContaining([
          'system:serviceaccounts',
          'system:serviceaccounts:my-ns',
          'system:authenticated',
        ]),
        audiences: ['registry.test'],
      });
      expect(owner?.extra).toHaveProperty(['authentication.kubernetes.io/credential-id']);
    });

    it('takes none that was made for somebody else', async () => {
      const token = await tokenFor('elsewhere');
      const answer = await reviewToken(cluster, { token, audiences: ['registry.test'] });
      expect(answer.owner).toBeUndefined();
      expect(JSON.stringify(answer)).not.toContain(token.reveal());
    });

    it('takes none that is made up', async () => {
      const token = new Secret('no-token-of-this-cluster-0123456789');
      const answer = await reviewToken(cluster, { token });
      expect(answer).toMatchObject({ why: expect.any(String) });
      expect(JSON.stringify(answer)).not.toContain(token.reveal());
    });

    it('takes none from a server that tells no audience where one was asked for', async () => {
      // servers that know nothing of audiences leave the member out
      const old = {
        ...cluster,
        send: () => Promise.resolve({ status: { authenticated: true, user: { username: 'x' } } }),
      };
      const question = { token: new Secret('x'), audiences: ['registry.test'] };
      expect(await reviewToken(old, question)).toEqual({ why: 'the token was not made for registry.test' });
      expect(await reviewToken(old, { token: new Secret('x') })).toMatchObject({ owner: { user: 'x' } });
    });
  });

  describe('of pulls', () => {
    it('fills in the groups of a ServiceAccount, and those of everybody', async () => {
      const account: Puller = { user: 'system:serviceaccount:my-ns:builder' };
      expect(await may(acp, account)).toEqual({ isAllowed: false, unserved: false, formsDiffer: false });
      await bind('accounts', { kind: 'Group', apiGroup: RBAC, name: 'system:serviceaccounts:my-ns' });
      await once(acp, account).toMatchObject({
        isAllowed: true,
        reason: expect.stringContaining('accounts/shared-ns'),
      });
      expect(await may(acp, { user: 'system:serviceaccount:other:builder' })).toMatchObject({ isAllowed: false });
      expect(await may(acp, { user: 'system:anonymous' })).toMatchObject({ isAllowed: false });
      expect(await may(acp, { groups: ['system:serviceaccounts:my-ns'] })).toMatchObject({ isAllowed: true });
    });

    it('asks in the form that the registry sends, and tells where the other differs', async () => {
      const user = 'wildcard';
      await addRole('all-layers', { apiGroups: [openshift.group], resources: ['*/layers'] });
      await bind('all-layers', { kind: 'User', apiGroup: RBAC, name: user }, { kind: 'Role', name: 'all-layers' });
      const bySubresource = { ...openshift, joinedForm: false };
      await once(bySubresource, { user }).toMatchObject({ isAllowed: true, formsDiffer: true });
      expect(await may(openshift, { user })).toMatchObject({ isAllowed: false, formsDiffer: true });
    });

    it('asks for the image by name where the registry does', async () => {
      const user = 'narrow';
      await addRole('base-only', {
        apiGroups: [openshift.group],
        resources: ['imagestreams/layers'],
        resourceNames: ['base'],
      });
      await bind('base-only', { kind: 'User', apiGroup: RBAC, name: user }, { kind: 'Role', name: 'base-only' });
      await once(openshift, { user }, 'base').toMatchObject({ isAllowed: true, formsDiffer: false });
      expect(await may(openshift, { user }, 'other')).toMatchObject({ isAllowed: false });
      expect(await may(openshift, { user })).toMatchObject({ isAllowed: false });
    });

    it('tells a resource that nobody serves, also to an administrator, but for one that is only a name', async () => {
      const admin = { user: 'admin', groups: ['system:masters'] };
      const unknown = { ...acp, group: 'nobody.test' };
      expect(await may(unknown, admin)).toMatchObject({ isAllowed: false, unserved: true });
      expect(await may({ ...unknown, expectServed: false }, admin)).toMatchObject({ isAllowed: true, unserved: false });
      expect(await may({ ...acp, resource: 'pictures' }, admin)).toMatchObject({ isAllowed: false, unserved: true });
      expect(await may({ ...acp, group: '', resource: 'pods/log' }, admin)).toMatchObject({ isAllowed: true });
    });

    it('passes on that a role is bound and not there', async () => {
      const user = 'of-missing-role';
      await bind('missing-role', { kind: 'User', apiGroup: RBAC, name: user }, { kind: 'ClusterRole', name: 'gone' });
      await once(acp, { user }).toMatchObject({ isAllowed: false, reason: expect.stringMatching(/"gone" not found/) });
    });
  });
});
