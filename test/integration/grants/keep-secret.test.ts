// Passwords that a registry shows once, in Secrets of a real API server.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Cluster } from '../../../shared/cluster/cluster.ts';
import { createSecret, getSecret } from '../../../shared/cluster/secrets.ts';
import { keepSecretInCluster } from '../../../shared/grants/keep-secret-in-cluster.ts';
import { Secret } from '../../../shared/telemetry/secret.ts';
import { isKubernetesMissing, startKubernetes, type Kubernetes } from '../../support/kubernetes.ts';
import { openTestCluster } from '../../support/open-test-cluster.ts';
import { rejectionOf } from '../../support/rejection.ts';

const TYPE = 'kubernetes.io/dockerconfigjson';
const KEY = '.dockerconfigjson';

// where kube-apiserver and etcd can be had neither from the system nor from Go
describe.skipIf(isKubernetesMissing())('a password that is shown once', () => {
  let kubernetes: Kubernetes;
  let cluster: Cluster;
  const keep = () => keepSecretInCluster('test', () => Promise.resolve(cluster));
  const placeOf = (name: string) => ({ cluster: 'test', namespace: 'default', name });
  const shown = (registry: string, username: string, password = 'once') => ({
    registry,
    username,
    password: new Secret(password),
  });

  beforeAll(async () => {
    kubernetes = await startKubernetes();
    cluster = await openTestCluster(kubernetes);
  });
  afterAll(async () => {
    await cluster?.close();
    await kubernetes?.[Symbol.asyncDispose]();
  });

  async function authsIn(name: string): Promise<unknown> {
    const found = await getSecret(cluster, placeOf(name));
    const { auths } = JSON.parse(found?.data.get(KEY)?.reveal() ?? '{}');
    return auths;
  }

  it('is kept as pulls need it, beside those of other registries', async () => {
    const place = placeOf('pull');
    expect(await keep().has(place, { registry: 'harbor.test', username: 'robot$a' })).toBe(false);
    await keep().keep(place, shown('harbor.test', 'robot$a'));
    await keep().keep(place, shown('gitlab.test', 'token'));
    await keep().keep(place, shown('harbor.test', 'robot$b', 'new'));
    const auth = (text: string): string => Buffer.from(text).toString('base64');
    expect(await authsIn('pull')).toEqual({
      'harbor.test': { username: 'robot$b', password: 'new', auth: auth('robot$b:new') },
      'gitlab.test': { username: 'token', password: 'once', auth: auth('token:once') },
    });
    expect((await getSecret(cluster, place))?.type).toBe(TYPE);
    expect(await keep().has(place, { registry: 'harbor.test', username: 'robot$b' })).toBe(true);
    expect(await keep().has(place, { registry: 'harbor.test', username: 'robot$a' })).toBe(false);
    expect(await keep().has(place, { registry: 'quay.test', username: 'robot$b' })).toBe(false);
  });

  it('is kept by two at the same time, and none is lost', async () => {
    const hosts = Array.from({ length: 4 }, (_, index) => `r${index}.test`);
    await Promise.all(hosts.map((host) => keep().keep(placeOf('both'), shown(host, 'u'))));
    expect(Object.keys((await authsIn('both')) ?? {}).toSorted()).toEqual(hosts);
  });

  it.each([
    ['somebody else made', {}, `{"auths":{}}`],
    ['another instance made', { 'transship.io/grant-secret': 'other' }, `{"auths":{}}`],
    ['somebody made unreadable', { 'transship.io/grant-secret': 'test' }, `{"no":"auths"}`],
  ])('is not put into a Secret that %s', async (name, labels, content) => {
    const place = placeOf(name.replaceAll(' ', '-'));
    const data = { [KEY]: new Secret(content) };
    await createSecret(cluster, { ...place, type: TYPE, data, labels, annotations: {} }, { fieldManager: 'them' });
    const error = await rejectionOf(keep().keep(place, shown('harbor.test', 'robot$a', 'canary')));
    expect(error).toMatchObject({ code: 'conflict-refused' });
    expect(JSON.stringify(error)).not.toContain('canary');
    expect((await getSecret(cluster, place))?.data.get(KEY)?.reveal()).toBe(content);
  });
});
