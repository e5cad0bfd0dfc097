// ECR by the AWS API of a moto server: logins by token, assumed roles, and repositories that a push needs. The registry itself is
// ours, and knows a repository only once the AWS API does, as ECR.
import { DescribeRepositoriesCommand, ECRClient, ListTagsForResourceCommand } from '@aws-sdk/client-ecr';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { startRegistry, type RunningRegistry } from '../../../infra/demo/registry.ts';
import type { AwsIdentity } from '../../../shared/identity/aws.ts';
import type { CredentialSource } from '../../../shared/oci/auth/credential.ts';
import { createEcrRepository } from '../../../shared/registries/ecr-api.ts';
import { ecrIssuer } from '../../../shared/registries/ecr-issuer.ts';
import { credentialsOf } from '../../../shared/registries/credentials-of.ts';
import { runCopy } from '../../support/copy-run.ts';
import { startFront, type Front } from '../../support/front.ts';
import { startMoto, type Moto } from '../../support/moto.ts';
import { plantSimpleImage } from '../../support/planted-content.ts';
import { registriesOf } from '../../support/registries-of.ts';
import { isMissing, requireComponent } from '../../support/require-component.ts';

const HOST = '123456789012.dkr.ecr.eu-west-1.amazonaws.com';
const open: (() => Promise<void>)[] = [];
let moto: Moto;

// Without moto there is no AWS to ask; the summary names what is missing.
describe.skipIf(isMissing('moto'))('ECR', () => {
  beforeAll(async () => {
    moto = await startMoto(requireComponent('moto'));
  });
  beforeEach(() => {
    for (const [name, value] of Object.entries(moto.env)) vi.stubEnv(name, value);
    for (const name of ['AWS_PROFILE', 'AWS_REGION', 'AWS_DEFAULT_REGION', 'AWS_SESSION_TOKEN'])
      vi.stubEnv(name, undefined);
  });
  afterAll(async () => {
    await moto[Symbol.asyncDispose]();
  });
  afterEach(async () => {
    vi.unstubAllEnvs();
    for (const close of open.splice(0).toReversed()) await close();
  });

  describe('a login', () => {
    test('is the token split at its first colon, kept for half of its life', async () => {
      let time = Date.now();
      const source = ecrCredentials(HOST, {}, () => time);
      const first = await source({ registry: HOST });
      expect(first).toMatchObject({ kind: 'basic', username: 'AWS' });
      if (first.kind !== 'basic') throw new Error('no login');
      expect(first.password.reveal()).toBe('123456789012-auth-token');
      const lifeMs = (first.renewAt?.getTime() ?? 0) - time;
      expect(lifeMs).toBeGreaterThan(5.9 * 3_600_000);
      expect(lifeMs).toBeLessThanOrEqual(6 * 3_600_000);
      time += lifeMs - 1;
      expect(await source({ registry: HOST })).toBe(first);
      time += 1;
      expect(await source({ registry: HOST })).not.toBe(first);
    });

    test('by a role that is assumed with an external ID', async () => {
      const roleArn = 'arn:aws:iam::123456789012:role/mirror';
      const login = await ecrCredentials(HOST, { roleArn, externalId: 'x-1' })({ registry: HOST });
      expect(login).toMatchObject({ kind: 'basic', username: 'AWS' });
    });

    test.each([
      [HOST, 'unauthorized', /AWS identity/],
      ['registry.acme.io', 'invalid-config', /name the region/],
    ])('that cannot be had says what to do: %s', async (host, code, hint) => {
      if (host === HOST) vi.stubEnv('AWS_ACCESS_KEY_ID', undefined);
      const failure = ecrCredentials(host, {})({ registry: host });
      await expect(failure).rejects.toMatchObject({ code, hint: expect.stringMatching(hint) });
    });

    test('an API that nobody answers at is no wrong login', async () => {
      vi.stubEnv('AWS_ENDPOINT_URL', 'http://127.0.0.1:1');
      const failure = ecrCredentials(HOST, {})({ registry: HOST });
      await expect(failure).rejects.toMatchObject({ code: 'connection-failed', retryable: true });
    });
  });

  describe('a repository that a copy needs', () => {
    test('is made once with the settings of the configuration, and the copy goes on', async () => {
      const { source, target, copy } = await bed();
      const repository = 'mirror/made';
      const settings = '{ tagMutability: immutable, scanOnPush: true, tags: { team: platform } }';
      const copied = await copy(repository, `createRepository: ${settings}`);
      expect(copied.target).toMatchObject({ state: 'copied', blobs: { copied: 4 } });
      const made = await describeRepository(repository);
      expect(made).toMatchObject({
        imageTagMutability: 'IMMUTABLE',
        imageScanningConfiguration: { scanOnPush: true },
      });
      expect(await tagsOf(made?.repositoryArn)).toEqual([{ Key: 'team', Value: 'platform' }]);
      expect(target.catalog.get(repository)?.tags.get('v1')).toBe(source.catalog.get('app')?.tags.get('v1'));
      // and a second time it is there
      expect((await copy(repository, 'createRepository: {}')).target?.state).toBe('unchanged');
    });

    test('that somebody made meanwhile is a success, and stays as it is', async () => {
      await createEcrRepository(HOST, 'mirror/twice', { tagMutability: 'mutable' }, {});
      await createEcrRepository(HOST, 'mirror/twice', { tagMutability: 'immutable' }, {});
      expect(await describeRepository('mirror/twice')).toMatchObject({ imageTagMutability: 'MUTABLE' });
    });

    test('is not made where the configuration does not say so, and the error says what to set', async () => {
      const { front, copy } = await bed();
      const { target } = await copy('mirror/not-made', '');
      expect(target).toMatchObject({
        state: 'failed',
        error: {
          code: 'not-found',
          registry: front.host,
          repository: 'mirror/not-made',
          message: expect.stringContaining('does not exist'),
          hint: expect.stringMatching(/createRepository: \{\} in the entry registries: 127\.0\.0\.1/),
        },
      });
      expect(await describeRepository('mirror/not-made')).toBeUndefined();
    });

    test('that cannot be made is told with the action that failed', async () => {
      const { front, copy } = await bed();
      const aws = await startFront({ host: new URL(moto.url).host }, async (request, response) => {
        if (!String(request.headers['x-amz-target']).endsWith('.CreateRepository')) return Promise.resolve(false);
        response.writeHead(400, { 'content-type': 'application/x-amz-json-1.1' });
        response.end(JSON.stringify({ __type: 'AccessDeniedException', message: 'User: x is not authorized' }));
        return Promise.resolve(true);
      });
      open.push(() => aws[Symbol.asyncDispose]());
      vi.stubEnv('AWS_ENDPOINT_URL_ECR', `http://${aws.host}`);
      const { target } = await copy('mirror/denied', 'createRepository: {}');
      expect(target?.error).toMatchObject({
        code: 'denied',
        message: `${front.host}/mirror/denied: ecr:CreateRepository failed: User: x is not authorized`,
        repository: 'mirror/denied',
        hint: 'allow ecr:CreateRepository to this AWS identity in its policy',
      });
    });
  });
});

function ecrCredentials(host: string, identity: AwsIdentity, now?: () => number): CredentialSource {
  return credentialsOf(ecrIssuer({ host, aliases: [], env: process.env }, identity, now), now);
}

type Bed = {
  source: RunningRegistry;
  target: RunningRegistry;
  front: Front;
  copy: (repository: string, entry: string) => ReturnType<typeof runCopy>;
};

/** A registry that speaks for ECR: by ECR's login, with the repositories that moto has. */
async function bed(): Promise<Bed> {
  const source = await startRegistry();
  const users = { AWS: '123456789012-auth-token' };
  const target = await startRegistry({ auth: { kind: 'basic', users } });
  const front = await startFront(target, async (request, response) => {
    const [, repository] = /^\/v2\/(.+?)\/(?:blobs|manifests|tags|referrers)\//.exec(request.url ?? '') ?? [];
    if (repository === undefined || request.headers.authorization === undefined) return false;
    if ((await describeRepository(repository)) !== undefined) return false;
    const message = `The repository with name '${repository}' does not exist in the registry with id '123456789012'`;
    response.writeHead(404, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ errors: [{ code: 'NAME_UNKNOWN', message }] }));
    return true;
  });
  open.push(
    () => source.stop(),
    () => target.stop(),
    () => front[Symbol.asyncDispose](),
  );
  await plantSimpleImage({ registry: source, repository: 'app' }, { tag: 'v1', layers: ['a', 'b', 'c'] });
  return {
    source,
    target,
    front,
    async copy(repository, entry) {
      const fields = ['kind: ecr', 'credential: { aws: { region: eu-west-1 } }', entry].filter((field) => field !== '');
      // the SDK takes longer than the tests of faults have patience for
      const registries = registriesOf(`"${front.host}": { ${fields.join(', ')} }`, { timeouts: {} });
      open.push(() => registries.close());
      const clients = { [front.host]: registries.client(front.host) };
      return runCopy(`${source.host}/app:v1`, [`${front.host}/${repository}:v1`], { clients });
    },
  };
}

async function describeRepository(name: string) {
  const ecr = new ECRClient({ region: 'eu-west-1', endpoint: moto.url });
  try {
    const { repositories } = await ecr.send(new DescribeRepositoriesCommand({ repositoryNames: [name] }));
    return repositories?.[0];
  } catch (error) {
    if (error instanceof Error && error.name === 'RepositoryNotFoundException') return undefined;
    throw error;
  } finally {
    ecr.destroy();
  }
}

async function tagsOf(resourceArn: string | undefined) {
  const ecr = new ECRClient({ region: 'eu-west-1', endpoint: moto.url });
  const { tags } = await ecr.send(new ListTagsForResourceCommand({ resourceArn }));
  ecr.destroy();
  return tags;
}
