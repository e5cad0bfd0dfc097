// Secrets, ServiceAccounts, Events, tokens and reviews at a real API server: what others wrote stays, and refusals say what to do.
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { reviewAccess, reviewOwnAccess } from '../../../shared/cluster/access-review.ts';
import { isNamespaceTerminating } from '../../../shared/cluster/api-status.ts';
import type { Cluster } from '../../../shared/cluster/cluster.ts';
import { recordEvent } from '../../../shared/cluster/kubernetes-events.ts';
import { getNamespace } from '../../../shared/cluster/namespaces.ts';
import {
  createSecret,
  deleteSecret,
  getSecret,
  listSecretMetadata,
  updateSecret,
  type NewSecret,
} from '../../../shared/cluster/secrets.ts';
import { requestServiceAccountToken } from '../../../shared/cluster/service-account-token.ts';
import { attachPullSecrets, detachPullSecrets, getServiceAccount } from '../../../shared/cluster/service-accounts.ts';
import { isTransshipError } from '../../../shared/errors.ts';
import { Secret } from '../../../shared/telemetry/secret.ts';
import { isKubernetesMissing, startKubernetes, type Kubernetes } from '../../support/kubernetes.ts';
import { isWrite } from '../../support/kubernetes-audit.ts';
import { openTestCluster } from '../../support/open-test-cluster.ts';
import { rejectionOf } from '../../support/rejection.ts';

const WE = { fieldManager: 'transship' };
const TYPE = 'kubernetes.io/dockerconfigjson';
const KEY = '.dockerconfigjson';

const canary = (): string => `canary-cluster-${randomBytes(12).toString('hex')}`;
const dockerConfig = (password: string): Secret =>
  new Secret(JSON.stringify({ auths: { 'r.test': { username: 'u', password } } }));

function newSecret(namespace: string, password = canary()): NewSecret {
  return {
    namespace,
    name: 'registry-pull',
    type: TYPE,
    data: { [KEY]: dockerConfig(password) },
    labels: { 'transship.io/managed-by': 'transship' },
    annotations: { 'transship.io/hosts': 'r.test' },
  };
}

// where kube-apiserver and etcd can be had neither from the system nor from Go
describe.skipIf(isKubernetesMissing())('objects of a real API server', () => {
  let kubernetes: Kubernetes;
  let cluster: Cluster;
  let namespaces = 0;

  beforeAll(async () => {
    kubernetes = await startKubernetes({ hasControllers: true, users: { reader: [], creator: [] } });
    cluster = await openTestCluster(kubernetes);
  });
  afterAll(async () => {
    await cluster?.close();
    await kubernetes?.[Symbol.asyncDispose]();
  });

  async function newNamespace(): Promise<string> {
    const name = `team-${++namespaces}`;
    await kubernetes.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
    return name;
  }

  const applySecret = (namespace: string, fields: object) =>
    kubernetes.apply({ apiVersion: 'v1', kind: 'Secret', metadata: { namespace, name: 'registry-pull' }, ...fields });

  describe('Secrets', () => {
    it('makes one that is read back as it was given', async () => {
      const namespace = await newNamespace();
      const made = await createSecret(cluster, newSecret(namespace, 'pässword'), WE);
      const read = await getSecret(cluster, made);
      expect(read).toMatchObject({ ...made, type: TYPE, isImmutable: false });
      expect(read?.labels).toEqual({ 'transship.io/managed-by': 'transship' });
      expect(read?.data.get(KEY)?.reveal()).toBe(dockerConfig('pässword').reveal());
    });

    it.each([
      ['as text', { stringData: { [KEY]: dockerConfig('theirs').reveal() } }],
      ['encoded', { data: { [KEY]: Buffer.from(dockerConfig('theirs').reveal()).toString('base64') } }],
    ])('touches no Secret of that name that is there, written %s', async (_name, content) => {
      const namespace = await newNamespace();
      await applySecret(namespace, { type: TYPE, ...content });
      const before = await getSecret(cluster, newSecret(namespace));
      const error = await rejectionOf(createSecret(cluster, newSecret(namespace), WE));
      expect(error).toMatchObject({ code: 'object-conflict' });
      const after = await getSecret(cluster, newSecret(namespace));
      expect(after).toMatchObject({ resourceVersion: before?.resourceVersion, labels: {} });
      expect(after?.data.get(KEY)?.reveal()).toBe(dockerConfig('theirs').reveal());
    });

    it('does not touch one of its own either', async () => {
      const secret = newSecret(await newNamespace());
      const made = await createSecret(cluster, secret, WE);
      await expect(createSecret(cluster, secret, WE)).rejects.toMatchObject({ code: 'object-conflict' });
      expect(await getSecret(cluster, secret)).toMatchObject(made);
    });

    it('takes nothing from a Secret of another type, and repeats nothing of what it would have written', async () => {
      const namespace = await newNamespace();
      await applySecret(namespace, { type: 'Opaque', stringData: { other: 'x' } });
      const password = canary();
      const error = await rejectionOf(createSecret(cluster, newSecret(namespace, password), WE));
      expect(isTransshipError(error, 'object-conflict', 'object-refused')).toBe(true);
      expect(JSON.stringify([error.message, error.hint, error.details])).not.toContain(password);
      expect((await getSecret(cluster, newSecret(namespace)))?.type).toBe('Opaque');
    });

    it('changes only what it names', async () => {
      const namespace = await newNamespace();
      const made = await createSecret(cluster, newSecret(namespace), WE);
      await kubernetes.kubectl(['-n', namespace, 'label', 'secret', made.name, 'theirs=1']);
      await kubernetes.kubectl(['-n', namespace, 'patch', 'secret', made.name, '-p', '{"data":{"other":"eA=="}}']);
      const seen = await getSecret(cluster, made);
      const annotations = { 'transship.io/hosts': undefined, 'transship.io/refresh-at': 'now' };
      const update = { data: { [KEY]: dockerConfig('new') }, annotations };
      const updated = await updateSecret(
        cluster,
        { ...made, resourceVersion: seen?.resourceVersion ?? '' },
        update,
        WE,
      );
      const read = await getSecret(cluster, made);
      expect(read).toMatchObject({ uid: made.uid, resourceVersion: updated.resourceVersion });
      expect(read?.labels).toEqual({ 'transship.io/managed-by': 'transship', theirs: '1' });
      expect(read?.annotations).toEqual({ 'transship.io/refresh-at': 'now' });
      expect(read?.data.get('other')?.reveal()).toBe('x');
      expect(read?.data.get(KEY)?.reveal()).toBe(dockerConfig('new').reveal());
    });

    it('does not write over what somebody wrote meanwhile', async () => {
      const namespace = await newNamespace();
      const made = await createSecret(cluster, newSecret(namespace), WE);
      await kubernetes.kubectl(['-n', namespace, 'annotate', 'secret', made.name, 'theirs=1']);
      const late = updateSecret(cluster, made, { data: { [KEY]: dockerConfig('late') } }, WE);
      await expect(late).rejects.toMatchObject({ code: 'object-conflict' });
    });

    it('does not bring back one that was removed, nor write into one that was made anew', async () => {
      const namespace = await newNamespace();
      const made = await createSecret(cluster, newSecret(namespace), WE);
      await deleteSecret(cluster, made);
      const late = () => updateSecret(cluster, made, { data: { [KEY]: dockerConfig('late') } }, WE);
      await expect(late()).rejects.toMatchObject({ code: 'not-found' });
      expect(await getSecret(cluster, made)).toBeUndefined();
      await applySecret(namespace, { type: TYPE, stringData: { [KEY]: dockerConfig('theirs').reveal() } });
      await expect(late()).rejects.toMatchObject({ code: 'object-conflict' });
      expect((await getSecret(cluster, made))?.data.get(KEY)?.reveal()).toBe(dockerConfig('theirs').reveal());
    });

    it('removes only the very Secret that it saw, and one that is gone is no failure', async () => {
      const made = await createSecret(cluster, newSecret(await newNamespace()), WE);
      await expect(deleteSecret(cluster, { ...made, uid: 'other' })).rejects.toMatchObject({ code: 'object-conflict' });
      await expect(deleteSecret(cluster, { ...made, resourceVersion: '1' })).rejects.toMatchObject({
        code: 'object-conflict',
      });
      await deleteSecret(cluster, made);
      await deleteSecret(cluster, made);
      expect(await getSecret(cluster, made)).toBeUndefined();
    });

    it('lists marks without the content', async () => {
      const namespace = await newNamespace();
      const password = canary();
      const made = await createSecret(cluster, newSecret(namespace, password), WE);
      const labelSelector = 'transship.io/managed-by=transship';
      const pages = await Array.fromAsync(listSecretMetadata(cluster, { namespace, labelSelector }));
      expect(pages.flat()).toEqual([
        {
          ...made,
          labels: { 'transship.io/managed-by': 'transship' },
          annotations: { 'transship.io/hosts': 'r.test' },
        },
      ]);
      expect(JSON.stringify(pages)).not.toContain(Buffer.from(dockerConfig(password).reveal()).toString('base64'));
    });

    it('says that a namespace is being removed', async () => {
      const namespace = await newNamespace();
      const finalizers = { metadata: { finalizers: ['test.transship.io/hold'] } };
      const hold = {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { namespace, name: 'hold', ...finalizers.metadata },
      };
      await kubernetes.apply(hold);
      await kubernetes.kubectl(['delete', 'namespace', namespace, '--wait=false']);
      const error = await rejectionOf(createSecret(cluster, newSecret(namespace), WE));
      expect(error).toMatchObject({ code: 'object-refused', hint: expect.stringContaining('being removed') });
      expect(isNamespaceTerminating(error)).toBe(true);
      expect(await getNamespace(cluster, namespace)).toMatchObject({ isTerminating: true });
      await kubernetes.kubectl([
        '-n',
        namespace,
        'patch',
        'configmap',
        'hold',
        '--type=json',
        '-p',
        '[{"op":"remove","path":"/metadata/finalizers"}]',
      ]);
    });

    it('says that a namespace is not there', async () => {
      await expect(createSecret(cluster, newSecret('nowhere'), WE)).rejects.toMatchObject({ code: 'not-found' });
    });
  });

  describe('ServiceAccounts', () => {
    async function newAccount(imagePullSecrets?: readonly { name: string }[]) {
      const namespace = await newNamespace();
      const metadata = { namespace, name: 'builder' };
      await kubernetes.apply({ apiVersion: 'v1', kind: 'ServiceAccount', metadata, imagePullSecrets });
      return metadata;
    }
    const namesOf = async (place: { namespace: string; name: string }) =>
      (await getServiceAccount(cluster, place))?.imagePullSecrets;

    it.each([
      ['a list that is not there', undefined, ['pull']],
      ['an empty list', [], ['pull']],
      ['a list of others', [{ name: 'b' }, { name: 'a' }], ['b', 'a', 'pull']],
    ])('attaches to %s', async (_name, before, after) => {
      const account = await newAccount(before);
      expect(await attachPullSecrets(cluster, account, ['pull'], WE)).toBe('changed');
      expect(await namesOf(account)).toEqual(after);
      expect(await attachPullSecrets(cluster, account, ['pull'], WE)).toBe('unchanged');
      expect(await namesOf(account)).toEqual(after);
    });

    it('detaches its own entries, wherever they stand, and no other', async () => {
      const account = await newAccount([{ name: 'b' }, { name: 'pull' }, { name: 'a' }]);
      expect(await detachPullSecrets(cluster, account, ['pull'], WE)).toBe('changed');
      expect(await namesOf(account)).toEqual(['b', 'a']);
      expect(await detachPullSecrets(cluster, account, ['pull'], WE)).toBe('unchanged');
      expect(await detachPullSecrets(cluster, { ...account, name: 'gone' }, ['pull'], WE)).toBe('missing');
      expect(await attachPullSecrets(cluster, { ...account, name: 'gone' }, ['pull'], WE)).toBe('missing');
    });

    it('reads again where what it saw is outdated, and loses nothing', async () => {
      const account = await newAccount([{ name: 'a' }]);
      const seen = await getServiceAccount(cluster, account);
      const theirs = JSON.stringify({ imagePullSecrets: [{ name: 'a' }, { name: 'theirs' }] });
      await kubernetes.kubectl(['-n', account.namespace, 'patch', 'sa', 'builder', '--type=merge', '-p', theirs]);
      expect(await attachPullSecrets(cluster, seen ?? account, ['pull'], WE)).toBe('changed');
      expect(await namesOf(account)).toEqual(['a', 'theirs', 'pull']);
    });

    it('costs one request where what it saw still holds', async () => {
      const account = await newAccount([{ name: 'a' }]);
      const seen = await getServiceAccount(cluster, account);
      await kubernetes.forgetAuditEvents();
      await attachPullSecrets(cluster, seen ?? account, ['pull'], WE);
      const events = await kubernetes.auditEvents();
      expect(events.filter(({ userAgent }) => userAgent === 'transship/test')).toMatchObject([
        { verb: 'patch', resource: 'serviceaccounts', status: 200 },
      ]);
    });

    it('loses no entry of anybody while eight write at the same time', async () => {
      const account = await newAccount();
      const secrets = Array.from({ length: 8 }, (_value, index) => `secret-${index}`);
      const attached = async (secret: string): Promise<unknown> => {
        for (;;) {
          try {
            return await attachPullSecrets(cluster, account, [secret], WE);
          } catch (error) {
            if (!isTransshipError(error, 'object-conflict', 'object-refused')) throw error;
          }
        }
      };
      expect(await Promise.all(secrets.map(attached))).toEqual(secrets.map(() => 'changed'));
      expect((await namesOf(account))?.toSorted()).toEqual(secrets);
    });
  });

  describe('rights', () => {
    it('says which verb on what is missing where, and how to get it', async () => {
      const namespace = await newNamespace();
      await using reader = await closing(openTestCluster(kubernetes, { user: 'reader' }));
      const password = canary();
      const error = await rejectionOf(createSecret(reader.cluster, newSecret(namespace, password), WE));
      expect(error).toMatchObject({ code: 'denied', retryable: false });
      expect(error.message).toMatch(`cluster test: patch secrets registry-pull in namespace ${namespace} failed: 403`);
      expect(error.message).toMatch('User "reader" cannot patch resource "secrets"');
      expect(error.hint).toBe(
        `give our identity the verb "patch" on secrets in namespace ${namespace}: "transship cluster manifests" prints what it needs`,
      );
      expect(error.message).not.toContain(password);
    });

    it('makes a Secret with the right to make one of that name only', async () => {
      const namespace = await newNamespace();
      const rules = [
        { apiGroups: [''], resources: ['secrets'], resourceNames: ['registry-pull'], verbs: ['create', 'patch'] },
      ];
      const metadata = { namespace, name: 'creator' };
      const [apiVersion, apiGroup] = ['rbac.authorization.k8s.io/v1', 'rbac.authorization.k8s.io'];
      await kubernetes.apply(
        { apiVersion, kind: 'Role', metadata, rules },
        {
          apiVersion,
          kind: 'RoleBinding',
          metadata,
          roleRef: { apiGroup, kind: 'Role', name: 'creator' },
          subjects: [{ apiGroup, kind: 'User', name: 'creator' }],
        },
      );
      await using creator = await closing(openTestCluster(kubernetes, { user: 'creator' }));
      await createSecret(creator.cluster, newSecret(namespace), WE);
      await expect(createSecret(creator.cluster, { ...newSecret(namespace), name: 'other' }, WE)).rejects.toMatchObject(
        {
          code: 'denied',
        },
      );
    });

    it('answers who may do what', async () => {
      const question = { verb: 'get', resource: 'secrets', namespace: 'default', name: 'x' };
      expect(await reviewOwnAccess(cluster, question)).toMatchObject({ isAllowed: true });
      await using reader = await closing(openTestCluster(kubernetes, { user: 'reader' }));
      expect(await reviewOwnAccess(reader.cluster, question)).toMatchObject({ isAllowed: false });
      expect(await reviewAccess(cluster, { user: 'reader' }, question)).toMatchObject({ isAllowed: false });
      const masters = { user: 'anybody', groups: ['system:masters'] };
      expect(await reviewAccess(cluster, masters, question)).toMatchObject({ isAllowed: true });
    });

    it('refuses a wrong token with the way to a right one, and without the token', async () => {
      const token = canary();
      await using stranger = await closing(openTestCluster(kubernetes, { token }));
      const error = await rejectionOf(getNamespace(stranger.cluster, 'default'));
      expect(error).toMatchObject({ code: 'unauthorized', hint: expect.stringContaining('make a new one') });
      expect(JSON.stringify([error, error.message, error.details])).not.toContain(token);
    });
  });

  it('issues a token of a ServiceAccount that the API server takes', async () => {
    const request = { namespace: 'default', serviceAccount: 'default', expirationSeconds: 600 };
    const { token, expiresAt } = await requestServiceAccountToken(cluster, request);
    const seconds = (expiresAt.getTime() - cluster.now().getTime()) / 1000;
    expect(seconds).toBeGreaterThan(590);
    expect(seconds).toBeLessThan(610);
    await using account = await closing(openTestCluster(kubernetes, { token: token.reveal() }));
    const error = await rejectionOf(getNamespace(account.cluster, 'default'));
    expect(error.message).toContain('system:serviceaccount:default:default');
  });

  it('tells the same thing about an object once', async () => {
    const namespace = await newNamespace();
    const about = { apiVersion: 'v1', kind: 'Secret', namespace, name: 'registry-pull' };
    const event = { about, type: 'Warning', reason: 'CredentialConflict', message: 'the Secret is not ours' } as const;
    for (let times = 0; times < 3; times += 1) await recordEvent(cluster, event, { component: 'transship' });
    await recordEvent(cluster, { ...event, message: 'another' }, { component: 'transship' });
    const { items } = JSON.parse(await kubernetes.kubectl(['-n', namespace, 'get', 'events', '-o', 'json']));
    expect(items.map(({ message }: { message: string }) => message).toSorted()).toEqual([
      'another',
      'the Secret is not ours',
    ]);
    expect(items[0]).toMatchObject({ involvedObject: { kind: 'Secret', name: 'registry-pull' }, type: 'Warning' });
  });

  it('asks for nothing that is stored where it only looks', async () => {
    await kubernetes.forgetAuditEvents();
    await getNamespace(cluster, 'default');
    await reviewOwnAccess(cluster, { verb: 'list', resource: 'pods' });
    const events = await kubernetes.auditEvents();
    const ours = events.filter(({ userAgent }) => userAgent === 'transship/test');
    expect(ours.map(({ verb, resource }) => `${verb} ${resource}`)).toEqual([
      'get namespaces',
      'create selfsubjectaccessreviews',
    ]);
    expect(ours.filter(isWrite)).toEqual([]);
  });
});

async function closing(opening: Promise<Cluster>) {
  const cluster = await opening;
  return { cluster, [Symbol.asyncDispose]: () => cluster.close() };
}
