// Pull grants over the API: planned, given, shown, proven and taken away, by RoleBindings of a real API server and repository policies of ECR.
import { createHash } from 'node:crypto';
import { CreateRepositoryCommand, ECRClient, GetRepositoryPolicyCommand } from '@aws-sdk/client-ecr';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask, done, jobIn, jobsOf, until, type Json } from '../../support/hosts/host-client.ts';
import { ECR_API } from '../../support/hosts/scene.ts';
import type { HostBed } from './host-bed.ts';

const PATIENCE_MS = 55_000;
const REPOSITORY = 'shared/base';
const ROLE = 'arn:aws:iam::111122223333:role/ci';

export function describeGrants(bed: () => HostBed): void {
  let ecr: ECRClient;
  beforeAll(async () => {
    const { scene } = bed();
    const credentials = { accessKeyId: 'somebody', secretAccessKey: 'else' };
    ecr = new ECRClient({ region: 'eu-central-1', endpoint: scene.moto.url, credentials });
    await ecr.send(new CreateRepositoryCommand({ repositoryName: REPOSITORY }));
    for (const name of ['images', 'grantee', 'visitor']) await scene.makeNamespace(name);
  });
  afterAll(() => ecr?.destroy());

  const policy = () =>
    ecr.send(new GetRepositoryPolicyCommand({ repositoryName: REPOSITORY })).then(
      ({ policyText }) => policyText,
      () => undefined,
    );

  const bindings = async (namespace: string): Promise<string[]> => {
    const words = ['-n', namespace, 'get', 'rolebindings', '-o', 'jsonpath={.items[*].metadata.name}'];
    return (await bed().scene.kubernetes.kubectl(words)).split(' ').filter((name) => name !== '');
  };

  const canPull = async (namespace: string) => {
    const subject = `system:serviceaccount:${namespace}:default`;
    const body = { subject, image: `${bed().scene.inside.host}/images/app:1`, cluster: 'test' };
    return (await ask(bed().host, '/v1/can-pull', { body })).json;
  };

  describe('a grant', () => {
    it('of the configuration stands', async () => {
      await bed().host.fire('grants');
      await until(async () => (await bindings('filed-images')).includes('pull-grant-filed'));
      const state = async () => (await ask(bed().host, '/v1/grants/filed')).json.state;
      await expect.poll(state, { timeout: PATIENCE_MS }).toBe('Applied');
    });

    it('in a cluster is planned, given, shown, and taken away', async () => {
      const { host, scene } = bed();
      expect(await canPull('grantee')).toMatchObject({ answer: 'no' });
      const body = {
        name: 'cross',
        to: { serviceAccount: 'grantee/default' },
        pull: [{ registry: scene.inside.host, namespace: 'images' }],
        reason: 'the contract of hosts',
      };
      await done(host, jobIn(await ask(host, '/v1/grants', { body })));
      expect(await bindings('images')).toEqual(['pull-grant-cross']);
      expect((await ask(host, '/v1/grants/cross')).json).toMatchObject({ origin: 'store', state: 'Applied' });
      expect(await canPull('grantee')).toMatchObject({ answer: 'yes' });
      const plan = await ask(host, '/v1/grants/plan', { body: {} });
      expect(plan).toMatchObject({ status: 200, json: { hash: expect.stringMatching(/^[0-9a-f]{64}$/) } });
      await done(host, jobIn(await ask(host, '/v1/grants/apply', { body: { hash: plan.json.hash } })));
      const stale = createHash('sha256').digest('hex');
      expect((await ask(host, '/v1/grants/apply', { body: { hash: stale } })).status).toBe(412);
      await done(host, jobIn(await ask(host, '/v1/grants/cross/revoke', { body: {} })));
      expect(await bindings('images')).toEqual([]);
      expect(await canPull('grantee')).toMatchObject({ answer: 'no' });
    });

    it('at ECR is a statement of the policy as long as it stands', async () => {
      const { host } = bed();
      const body = {
        name: 'role',
        to: { awsRole: ROLE },
        pull: [{ registry: ECR_API, repository: REPOSITORY }],
        reason: 'the contract of hosts',
      };
      await done(host, jobIn(await ask(host, '/v1/grants', { body })));
      expect(await policy()).toContain(ROLE);
      const { json } = await ask(host, '/v1/grants');
      expect(json.items.map(({ name }: { name: string }) => name)).toContain('role');
      await done(host, jobIn(await ask(host, '/v1/grants/role', { method: 'DELETE' })));
      expect(await policy()).toBeUndefined();
    });

    it('of a prefix at ECR stands in the policy of the registry, until it is revoked', async () => {
      const { host } = bed();
      const state = async () => (await ask(host, '/v1/grants/prefixed')).json.entries.map((one: Json) => one.state);
      await expect.poll(state, { timeout: PATIENCE_MS }).toContain('Applied');
      await done(host, jobIn(await ask(host, '/v1/grants/prefixed/revoke', { body: {} })));
      expect((await ask(host, '/v1/grants/prefixed')).json.entries).toEqual([]);
    });

    it('of a request for access comes with the Secret, and goes with it', async () => {
      const { host, scene } = bed();
      const body = {
        namespace: 'visitor',
        image: `${scene.inside.host}/images/app:1`,
        mirrorFrom: `${scene.source.host}/t/access:v1`,
        reason: 'the contract of hosts',
      };
      await scene.push('t/access', ['v1']);
      const dryRun = await ask(host, '/v1/access', { body: { ...body, dryRun: true } });
      expect(dryRun).toMatchObject({ status: 200, json: { state: 'planned' } });
      const { result } = await done(host, jobIn(await ask(host, '/v1/access', { body })));
      expect(result.effects.map(({ effect, state }: Record<string, string>) => `${effect} ${state}`)).toEqual([
        'grant done',
        'credential done',
        'reference done',
        'mirror planned',
      ]);
      const copy = (await jobsOf(host, 'mirror')).find(({ targets }) => targets.includes(body.image));
      await done(host, copy.id);
      const secret = ['-n', 'visitor', 'get', 'secret', 'transship-access', '--ignore-not-found', '-o', 'name'];
      expect(await scene.kubernetes.kubectl(secret)).not.toBe('');
      await done(host, jobIn(await ask(host, `/v1/grants/${result.grant}`, { method: 'DELETE' })));
      await until(async () => (await scene.kubernetes.kubectl(secret)) === '');
      expect(await bindings('images')).toEqual([]);
    });

    it('is proven by an audit', async () => {
      const { host } = bed();
      const { status, json } = await ask(host, '/v1/grants/audit');
      expect([status, json.unread]).toEqual([200, []]);
    });
  });
}
