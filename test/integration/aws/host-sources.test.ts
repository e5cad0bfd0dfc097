// What a function reads of AWS before it can do anything: its configuration and the secrets that it refers to, from S3, Secrets Manager
// and Systems Manager as moto plays them.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { configSource } from '../../../infra/aws/host/config-source.ts';
import { openCore } from '../../../infra/aws/host/open-core.ts';
import { openTokenHost } from '../../../infra/aws/host/open-token-host.ts';
import { configPlace } from '../../../infra/aws/host/settings.ts';
import { awsSecretSources } from '../../../infra/host/aws-secrets.ts';
import { secretSources } from '../../../infra/host/secret-sources.ts';
import type { SecretReference } from '../../../shared/config/config.ts';
import { resolveSecret } from '../../../shared/config/secrets.ts';
import { callAws } from '../../../shared/identity/aws-call.ts';
import { putObjectText } from '../../../shared/identity/aws-s3.ts';
import { startBareServer } from '../../support/bare-server.ts';
import { startMoto, type Moto } from '../../support/moto.ts';
import { isMissing, requireComponent } from '../../support/require-component.ts';

const REGION = 'eu-west-1';
const CONFIG = 'version: 1\nmirrors: []\n';

let moto: Moto;
let env: NodeJS.ProcessEnv;
/** Of a secret in another region. */
let farArn: string;

// Without moto there is no AWS to ask; the summary names what is missing.
describe.skipIf(isMissing('moto'))('what a function reads of AWS', () => {
  beforeAll(async () => {
    moto = await startMoto(requireComponent('moto'));
    env = { ...moto.env, AWS_REGION: REGION };
    await fetch(`${moto.url}/config-bucket`, { method: 'PUT' });
    await createSecret({ Name: 'plain', SecretString: 'plain-secret' });
    await createSecret({ Name: 'object', SecretString: '{"password":"p1","port":5432,"nested":{"a":1}}' });
    await createSecret({ Name: 'bytes', SecretBinary: Buffer.from('bytes-secret').toString('base64') });
    await createSecret({ Name: 'no-text', SecretBinary: Buffer.from([0xff, 0xfe]).toString('base64') });
    farArn = await createSecret({ Name: 'far', SecretString: 'far-secret' }, 'us-east-1');
    await putParameter('/transship/hook', 'hook-secret', 'SecureString');
  });
  afterAll(async () => {
    await moto[Symbol.asyncDispose]();
  });

  describe('a configuration', () => {
    it('in S3 is read with its mark, and told again only when it was written anew', async () => {
      const object = { bucket: 'config-bucket', key: 'a folder/transship.yaml', region: REGION };
      const put = (text: string) => putObjectText(object, { text, contentType: 'text/plain' }, surroundings());
      await put(CONFIG);
      const source = configSource(configPlace('s3://config-bucket/a folder/transship.yaml'), { env, region: REGION });
      const first = await source.read(undefined);
      expect(first?.text).toEqual({ file: 's3://config-bucket/a folder/transship.yaml', text: CONFIG });
      expect(await source.read(first?.mark)).toBeUndefined();
      await put(`${CONFIG}# another one\n`);
      const second = await source.read(first?.mark);
      expect(second?.text.text).toContain('another one');
      expect(second?.mark).not.toBe(first?.mark);
    });

    it('in a parameter is told again only when it is another version', async () => {
      await putParameter('/transship/config', CONFIG);
      const source = configSource(configPlace('ssm:/transship/config'), { env, region: REGION });
      const first = await source.read(undefined);
      expect(first).toEqual({ text: { file: 'ssm:/transship/config', text: CONFIG }, mark: '1' });
      expect(await source.read('1')).toBeUndefined();
      await putParameter('/transship/config', `${CONFIG}#\n`);
      expect((await source.read('1'))?.mark).toBe('2');
    });

    it('in a file is told again only when it is another text', async () => {
      const folder = await mkdtemp(path.join(tmpdir(), 'transship-config-'));
      const file = path.join(folder, 'transship.yaml');
      await writeFile(file, CONFIG);
      const source = configSource(configPlace(file), { env, region: REGION });
      const first = await source.read(undefined);
      expect(first?.text.text).toBe(CONFIG);
      expect(await source.read(first?.mark)).toBeUndefined();
      await writeFile(file, `${CONFIG}#\n`);
      expect((await source.read(first?.mark))?.text.text).toBe(`${CONFIG}#\n`);
      await rm(folder, { recursive: true });
    });

    it.each([
      ['s3://config-bucket/none.yaml', 's3://config-bucket/none.yaml: s3:GetObject failed'],
      ['ssm:/none', 'the AWS parameter /none: ssm:GetParameter failed'],
    ])('that is not there is told as such: %s', async (place, message) => {
      const read = configSource(configPlace(place), { env, region: REGION }).read(undefined);
      await expect(read).rejects.toMatchObject({ code: 'not-found', message: expect.stringContaining(message) });
    });
  });

  describe('a secret', () => {
    const read = async (reference: SecretReference): Promise<string> =>
      (await resolveSecret(reference, secretSources(env, 'transship/test'))).reveal();

    it('is text, bytes that are text, or a member of an object; an ARN says in which region it is', async () => {
      expect(await read({ awsSecret: { id: 'plain' } })).toBe('plain-secret');
      expect(await read({ awsSecret: { id: 'bytes' } })).toBe('bytes-secret');
      expect(await read({ awsSecret: { id: 'object', key: 'password' } })).toBe('p1');
      expect(await read({ awsSecret: { id: 'object', key: 'port' } })).toBe('5432');
      expect(await read({ awsSecret: { id: farArn } })).toBe('far-secret');
      expect(await read({ awsParameter: { name: '/transship/hook' } })).toBe('hook-secret');
      expect(
        await read({ awsParameter: { name: `arn:aws:ssm:${REGION}:123456789012:parameter/transship/hook` } }),
      ).toBe('hook-secret');
    });

    it.each<[SecretReference, string, string]>([
      [
        { awsSecret: { id: 'gone' } },
        'the AWS secret gone: secretsmanager:GetSecretValue failed',
        'check name and region',
      ],
      [
        { awsSecret: { id: 'far' } },
        'the AWS secret far: secretsmanager:GetSecretValue failed',
        'check name and region',
      ],
      [{ awsSecret: { id: 'object', key: 'user' } }, 'the AWS secret object has no user', 'password, port, nested'],
      [{ awsSecret: { id: 'object', key: 'nested' } }, 'the AWS secret object has no text in nested', 'password'],
      [
        { awsSecret: { id: 'plain', key: 'x' } },
        'the AWS secret plain is no JSON object: it has no x',
        'leave key out',
      ],
      [{ awsSecret: { id: 'no-text' } }, 'the AWS secret no-text holds bytes that are no text', 'keep it as text'],
      [
        { awsParameter: { name: '/gone' } },
        'the AWS parameter /gone: ssm:GetParameter failed',
        'check name and region',
      ],
    ])('that cannot be had is told by its name: %j', async (reference, message, hint) => {
      const failure = await read(reference).catch((error: unknown) => error);
      expect(failure).toMatchObject({
        code: 'invalid-config',
        message: expect.stringContaining(message),
        hint: expect.stringContaining(hint),
      });
      expect(String(failure)).not.toMatch(/plain-secret|p1|5432/);
    });

    it('by its name needs a region', async () => {
      const noRegion = secretSources({ ...moto.env }, 'transship/test');
      await expect(resolveSecret({ awsSecret: { id: 'plain' } }, noRegion)).rejects.toMatchObject({
        code: 'invalid-config',
        hint: expect.stringContaining('AWS_REGION'),
      });
    });

    it('is asked for once in a few minutes, and anew after a failure', async () => {
      let nowMs = 0;
      const sources = awsSecretSources(env, () => nowMs);
      await expect(sources.awsSecret({ id: 'late' })).rejects.toMatchObject({ code: 'invalid-config' });
      await createSecret({ Name: 'late', SecretString: 'first' });
      expect(await sources.awsSecret({ id: 'late' })).toBe('first');
      await ask('secretsmanager', 'secretsmanager.PutSecretValue', { SecretId: 'late', SecretString: 'second' });
      nowMs = 4 * 60_000;
      expect(await sources.awsSecret({ id: 'late' })).toBe('first');
      nowMs = 6 * 60_000;
      expect(await sources.awsSecret({ id: 'late' })).toBe('second');
    });
  });

  // as https://docs.aws.amazon.com/secretsmanager/latest/apireference/CommonErrors.html has it; moto allows everything
  it('what is not allowed names the action and the secret, and what passes by is tried again', async () => {
    const denied = { __type: 'AccessDeniedException', Message: 'User: arn:aws:iam::1:user/x is not authorized' };
    const busy = { __type: 'ThrottlingException', message: 'Rate exceeded' };
    const answers: [status: number, body: object][] = [
      [400, denied],
      [400, busy],
      [200, { SecretString: 'in the end' }],
    ];
    await using server = await startBareServer((_, response) => {
      const [status, body] = answers.shift() ?? [500, {}];
      response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(body));
    });
    const sources = awsSecretSources({ ...env, AWS_ENDPOINT_URL_SECRETS_MANAGER: server.url });
    await expect(sources.awsSecret({ id: 'mine' })).rejects.toMatchObject({
      code: 'invalid-config',
      message: expect.stringContaining('the AWS secret mine: secretsmanager:GetSecretValue failed: User: arn:aws:iam'),
      hint: expect.stringContaining('allow secretsmanager:GetSecretValue to this AWS identity in its policy: for mine'),
    });
    expect(await sources.awsSecret({ id: 'mine' })).toBe('in the end');
    expect(server.requests).toHaveLength(3);
  });

  it('a token endpoint without keys is an error of the configuration: functions make none', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'transship-config-'));
    const file = path.join(folder, 'transship.yaml');
    const endpoint = 'tokenEndpoint: { issuer: transship, service: registry.acme.io }';
    const cluster = 'clusters: [{ name: prod, kubeconfig: {}, registries: { registry.acme.io: openshift } }]';
    await writeFile(file, `version: 1\n${cluster}\n${endpoint}\n`);
    const tables = { TRANSSHIP_JOBS_TABLE: 'jobs', TRANSSHIP_RECORDS_TABLE: 'records', TRANSSHIP_LOG_LEVEL: 'error' };
    const host = openTokenHost({ ...env, ...tables, TRANSSHIP_CONFIG: file });
    const invocation = { awsRequestId: 'r1', getRemainingTimeInMillis: () => 1000 };
    await expect(host.invoke(invocation, () => Promise.resolve())).rejects.toMatchObject({
      code: 'invalid-config',
      message: 'tokenEndpoint has no keys, and functions make none',
    });
    await rm(folder, { recursive: true });
  });

  it('the master key is the one of the configuration, else the one that came with the functions', async () => {
    const settings = {
      ...env,
      TRANSSHIP_CONFIG: '/nonexistent',
      TRANSSHIP_JOBS_TABLE: 'jobs',
      TRANSSHIP_RECORDS_TABLE: 'records',
    };
    const prepare = () => Promise.resolve();
    const withKey = openCore({ ...settings, TRANSSHIP_MASTER_KEY: 'plain' }, { prepare });
    expect((await withKey.masterKey({})).reveal()).toBe('plain-secret');
    const own = { masterKey: { awsSecret: { id: 'object', key: 'password' } } };
    expect((await withKey.masterKey(own)).reveal()).toBe('p1');
    await expect(async () => openCore(settings, { prepare }).masterKey({})).rejects.toMatchObject({
      code: 'invalid-config',
      message: 'there is no master key: neither masterKey nor TRANSSHIP_MASTER_KEY',
    });
  });
});

function surroundings() {
  return { identity: {}, env, now: Date.now };
}

async function ask(service: string, target: string, body: object, region = REGION) {
  const call = {
    method: 'POST' as const,
    url: new URL(moto.url),
    service,
    region,
    headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': target },
    body: JSON.stringify(body),
    action: target,
    what: 'the test',
    details: {},
  };
  return (await callAws(call, surroundings())).body;
}

async function createSecret(secret: { Name: string; SecretString?: string; SecretBinary?: string }, region = REGION) {
  const { ARN } = await ask('secretsmanager', 'secretsmanager.CreateSecret', secret, region);
  return String(ARN);
}

async function putParameter(Name: string, Value: string, Type = 'String'): Promise<void> {
  await ask('ssm', 'AmazonSSM.PutParameter', { Name, Value, Type, Overwrite: true });
}
