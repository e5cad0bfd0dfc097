// Clusters: a Namespace that is told of has its Secrets and references in a real API server, and credentials are refreshed on demand.
import { describe, expect, it } from 'vitest';
import { openClusterSenders } from '../../../functions/namespace-created/cluster-senders.ts';
import { ask, done, jobIn, type Json, type Answer, until } from '../../support/hosts/host-client.ts';
import { ECR_PASSWORD } from '../../support/hosts/ecr-fronts.ts';
import { ECR } from '../../support/hosts/scene.ts';
import type { HostBed } from './host-bed.ts';

export function describeClusters(bed: () => HostBed): void {
  const get = (namespace: string, ...words: string[]) =>
    bed().scene.kubernetes.kubectl(['-n', namespace, 'get', ...words, '--ignore-not-found']);

  async function authsOf(namespace: string, secret: string): Promise<Record<string, unknown> | undefined> {
    const data = await get(namespace, 'secret', secret, '-o', 'jsonpath={.data.\\.dockerconfigjson}');
    return data === '' ? undefined : JSON.parse(Buffer.from(data, 'base64').toString()).auths;
  }

  /** How ECR answers who has the Secret, as a kubelet asks for an image that was pushed there. */
  async function pulled(namespace: string, secret: string): Promise<number[]> {
    const { scene } = bed();
    await scene.push('team/pulled', ['v1'], { server: scene.ecr });
    const auths: Json = (await authsOf(namespace, secret)) ?? {};
    const { auth } = auths[scene.ecrHost];
    const accept = 'application/vnd.oci.image.manifest.v1+json';
    const get = (path: string) =>
      fetch(`http://${scene.ecrHost}/v2/team/pulled/${path}`, { headers: { authorization: `Basic ${auth}`, accept } });
    const manifest = await get('manifests/v1');
    const { config } = (await manifest.json()) as { config: { digest: string } };
    return [manifest.status, (await get(`blobs/${config.digest}`)).status];
  }

  const referencesOf = (namespace: string) =>
    get(namespace, 'serviceaccount', 'default', '-o', 'jsonpath={.imagePullSecrets[*].name}');

  /** Both Secrets are there, and the ServiceAccount names them. */
  async function expectCredentials(namespace: string): Promise<void> {
    const { scene } = bed();
    await until(async () => (await referencesOf(namespace)).split(' ').length === 2);
    const ofEcr = { username: 'AWS', password: expect.stringMatching(`^${ECR_PASSWORD}`) };
    expect(await authsOf(namespace, 'pull-ecr')).toMatchObject({ [scene.ecrHost]: ofEcr, [ECR]: ofEcr });
    expect(await authsOf(namespace, 'pull-inside')).toMatchObject({
      [scene.inside.host]: { username: 'puller', password: scene.secrets['PLAIN_PASSWORD'] },
    });
    expect((await referencesOf(namespace)).split(' ').toSorted()).toEqual(['pull-ecr', 'pull-inside']);
  }

  function tell(kind: 'events' | 'admission', body: unknown, token?: string): Promise<Answer> {
    const { host } = bed();
    const senders = openClusterSenders({ clusters: [{ name: 'test', kubeconfig: {}, limits: {} }] }, host.masterKey);
    return ask(host, `/k8s/${kind}/test/${token ?? senders.pathTokenOf('test')}`, { body, token: null });
  }

  const cloudEvent = (name: string) => ({
    specversion: '1.0',
    type: 'dev.knative.apiserver.resource.add',
    source: bed().scene.kubernetes.server,
    id: name,
    data: { kind: 'Namespace', apiVersion: 'v1', metadata: { name } },
  });

  const review = (name: string) => ({
    kind: 'AdmissionReview',
    apiVersion: 'admission.k8s.io/v1',
    request: {
      uid: 'request-1',
      operation: 'CREATE',
      resource: { group: '', version: 'v1', resource: 'namespaces' },
      name,
      object: { kind: 'Namespace', apiVersion: 'v1', metadata: { name } },
    },
  });

  describe('a new Namespace', () => {
    it('that an event tells of has its credentials', async () => {
      const { host, scene } = bed();
      await scene.makeNamespace('team-event');
      const id = jobIn(await tell('events', cloudEvent('team-event')));
      expect(await done(host, id)).toMatchObject({ kind: 'credentials', targets: ['credentials:test/team-event'] });
      await expectCredentials('team-event');
      expect(await pulled('team-event', 'pull-ecr')).toEqual([200, 200]);
    });

    it('that the API server asks about is admitted, and has its credentials', async () => {
      const { scene } = bed();
      const answer = await tell('admission', review('team-review'));
      expect(answer).toMatchObject({ status: 200, json: { response: { uid: 'request-1', allowed: true } } });
      await scene.makeNamespace('team-review');
      await expectCredentials('team-review');
    });

    it('that somebody else tells of has none', async () => {
      for (const kind of ['events', 'admission'] as const) {
        const answer = await tell(kind, cloudEvent('team-forged'), 'a'.repeat(43));
        expect(answer).toMatchObject({ status: 401, json: { code: 'unauthorized' } });
      }
    });
  });

  describe('a request for access to ECR', () => {
    it('brings a login that pulls', async () => {
      const { host, scene } = bed();
      await scene.makeNamespace('puller');
      const body = { namespace: 'puller', image: `${scene.ecrHost}/team/pulled:v1`, reason: 'the contract of hosts' };
      const { result } = await done(host, jobIn(await ask(host, '/v1/access', { body })));
      expect(result.effects.map(({ effect, state }: Record<string, string>) => `${effect} ${state}`)).toEqual([
        'grant not-needed',
        'credential done',
        'reference done',
      ]);
      expect(await pulled('puller', 'transship-access')).toEqual([200, 200]);
    });
  });

  describe('credentials', () => {
    it('are brought on demand to Namespaces that nobody told of', async () => {
      const { host, scene } = bed();
      await scene.makeNamespace('team-silent');
      const asked = await ask(host, '/v1/credentials/refresh', { body: { cluster: 'test', force: true } });
      expect(asked.json.jobs).toHaveLength(1);
      await done(host, jobIn(asked));
      await expectCredentials('team-silent');
      const { json } = await ask(host, '/v1/credentials');
      expect(json.items.map(({ rule, state }: { rule: string; state: string }) => [rule, state])).toEqual([
        ['ecr', 'current'],
        ['inside', 'current'],
        ['access:test/puller', 'current'],
      ]);
    });

    it('stand in no answer and no log', async () => {
      const { host, scene } = bed();
      const seen = host.logs() + (await ask(host, '/v1/credentials')).text + (await ask(host, '/v1/jobs')).text;
      for (const name of ['PLAIN_PASSWORD', 'SIGNING', 'CLUSTER_TOKEN', 'TOKEN_KEY']) {
        const secret = scene.secrets[name] ?? '';
        expect(secret.length).toBeGreaterThan(10);
        expect(seen).not.toContain(secret);
      }
      for (const secret of [host.token, host.masterKey.reveal()]) expect(seen).not.toContain(secret);
    });
  });
}
