// Where nothing but a proxy reaches the clouds: real copies to ECR, and logins to Google and Azure, whose names only the proxy can resolve.
// Behind it stand moto and our own registry, and the fakes of what moto has not got, each with TLS under the cloud's name.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import tls from 'node:tls';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { startRegistry } from '../../../infra/demo/registry.ts';
import { eksLogin } from '../../../shared/identity/aws-eks.ts';
import { azureToken } from '../../../shared/identity/azure-token.ts';
import { googleToken } from '../../../shared/identity/google-token.ts';
import { Secret } from '../../../shared/telemetry/secret.ts';
import { createAuthority, type Authority } from '../../support/certificates.ts';
import { startCloudFront } from '../../support/clouds/cloud-front.ts';
import { CLIENT, createFakeAzure, TENANT } from '../../support/clouds/fake-azure.ts';
import { newRepository } from '../../support/clouds/fake-ecr-state.ts';
import { startFakeEcr } from '../../support/clouds/fake-ecr.ts';
import { createFakeGoogle, makeKeys, startMetadataServer } from '../../support/clouds/fake-google.ts';
import { startConnectProxy, type ConnectProxy } from '../../support/connect-proxy.ts';
import { runCopy } from '../../support/copy-run.ts';
import { startGeneratedSource } from '../../support/generated-source.ts';
import { startMoto, type Moto } from '../../support/moto.ts';
import { plantSimpleImage } from '../../support/planted-content.ts';
import { registriesOf } from '../../support/registries-of.ts';
import { isMissing, requireComponent } from '../../support/require-component.ts';
import { CHUNK_BYTES, openSlicedBed } from '../../support/sliced-copy.ts';

const HOST = '123456789012.dkr.ecr.eu-west-1.amazonaws.com';
const [API, STS] = ['api.ecr.eu-west-1.amazonaws.com', 'sts.eu-west-1.amazonaws.com'];
const LOGIN = 'someone:pa55%40word';
const FOLDER = mkdtempSync(path.join(tmpdir(), 'transship-proxies-'));
const NOBODY = 'http://127.0.0.1:1';
const trusted = tls.getCACertificates('default');
let authority: Authority;
let moto: Moto | undefined;

beforeAll(async () => {
  if (!isMissing('moto')) moto = await startMoto(requireComponent('moto'));
  authority = createAuthority(FOLDER);
  tls.setDefaultCACertificates([...trusted, authority.ca]);
});
afterAll(async () => {
  await moto?.[Symbol.asyncDispose]();
  tls.setDefaultCACertificates(trusted);
  rmSync(FOLDER, { recursive: true });
});
beforeEach(() => {
  const unset = [
    'AWS_ENDPOINT_URL',
    'AWS_ENDPOINT_URL_ECR',
    'AWS_PROFILE',
    'AWS_REGION',
    'AWS_SESSION_TOKEN',
    'https_proxy',
  ];
  for (const name of [...unset, 'no_proxy', 'NO_PROXY']) vi.stubEnv(name, undefined);
});
afterEach(() => {
  vi.unstubAllEnvs();
});

/** By a login, and to these hosts only. */
function startProxy(hosts: Readonly<Record<string, string>>): Promise<ConnectProxy> {
  const pair = authority.issue('aws', Object.keys(hosts));
  const routes = Object.fromEntries(Object.entries(hosts).map(([host, to]) => [`${host}:443`, { to, pair }]));
  return startConnectProxy({ login: LOGIN, routes });
}

function stubEnv(env: Readonly<Record<string, string | undefined>>): void {
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
}

describe.each([
  ['the environment names', ''],
  ['the entry of the registry names', 'proxy: { env: ECR_PROXY }, '],
])('behind the proxy that %s', (_, entry) => {
  const useProxy = ({ url }: ConnectProxy): Record<string, string> => {
    const env = entry === '' ? { HTTPS_PROXY: url } : { HTTPS_PROXY: NOBODY, NO_PROXY: '*', ECR_PROXY: url };
    stubEnv(env);
    return env;
  };

  // Without moto there is no AWS to ask; the summary names what is missing.
  test.skipIf(isMissing('moto'))('a copy to ECR assumes a role, logs in and pushes', async () => {
    if (moto === undefined) throw new Error('no moto');
    const source = await startRegistry();
    const target = await startRegistry({ auth: { kind: 'basic', users: { AWS: '123456789012-auth-token' } } });
    const to = new URL(moto.url).host;
    await using proxy = await startProxy({ [API]: to, [STS]: to, [HOST]: target.host });
    stubEnv({ ...moto.env, AWS_ENDPOINT_URL: undefined });
    const credential = `{ aws: { roleArn: 'arn:aws:iam::123456789012:role/mirror' } }`;
    const registries = registriesOf(`"${HOST}": { ${entry}credential: ${credential} }`, {
      timeouts: {},
      env: useProxy(proxy),
    });
    await plantSimpleImage({ registry: source, repository: 'app' }, { tag: 'v1', layers: ['a', 'b'] });
    const { target: copied } = await runCopy(`${source.host}/app:v1`, [`${HOST}/mirror/app:v1`], {
      clients: { [HOST]: registries.client(HOST) },
    });
    expect(copied).toMatchObject({ state: 'copied' });
    expect(target.catalog.get('mirror/app')?.tags.size).toBe(1);
    expect([...new Set(proxy.targets)].toSorted()).toEqual([HOST, API, STS].map((host) => `${host}:443`));
    await Promise.all([registries.close(), source.stop(), target.stop()]);
  });

  test('a large layer goes to ECR in parts', async () => {
    await using source = await startGeneratedSource(5500);
    await using ecr = await startFakeEcr();
    Object.assign(ecr.settings, { partSize: CHUNK_BYTES, leastPartBytes: CHUNK_BYTES });
    ecr.repositories.set('app', newRepository());
    await using proxy = await startProxy({ [API]: ecr.host, [HOST]: ecr.host });
    stubEnv({ ...ecr.env, AWS_ENDPOINT_URL_ECR: undefined, AWS_ENDPOINT_URL: undefined });
    const options = { timeouts: {}, env: useProxy(proxy) };
    await using bed = openSlicedBed(registriesOf(`"${HOST}": { ${entry}credential: { aws: {} } }`, options));
    const { report } = await bed.slice(`${source.host}/app:v1`, [`${HOST}/app:v1`], { upload: { resume: 'none' } });
    expect(report?.targets).toMatchObject([{ state: 'copied' }]);
    expect(ecr.count('UploadLayerPart')).toBe(6);
    expect([...new Set(proxy.targets)].toSorted()).toEqual([`${HOST}:443`, `${API}:443`]);
  });
});

// As above.
test.skipIf(isMissing('moto')).each([undefined, 'arn:aws:iam::123456789012:role/eks'])(
  'a login to EKS as a Pod asks STS through the proxy, with the role %s on top',
  async (roleArn) => {
    if (moto === undefined) throw new Error('no moto');
    const tokenFile = path.join(FOLDER, 'token');
    writeFileSync(tokenFile, 'a.b.c');
    await using proxy = await startProxy({ [STS]: new URL(moto.url).host });
    const pod = { AWS_ROLE_ARN: 'arn:aws:iam::123456789012:role/pod', AWS_WEB_IDENTITY_TOKEN_FILE: tokenFile };
    const noKey = { AWS_ENDPOINT_URL: undefined, AWS_ACCESS_KEY_ID: undefined };
    stubEnv({ ...moto.env, ...noKey, ...pod, AWS_REGION: 'eu-west-1' });
    const cluster = { region: 'eu-west-1', cluster: 'prod', endpoint: 'https://prod.eks.test', roleArn };
    const login = await eksLogin(cluster, { env: { HTTPS_PROXY: proxy.url }, now: Date.now });
    expect((await login.token()).token.reveal()).toMatch(/^k8s-aws-v1\./);
    expect([...new Set(proxy.targets)]).toEqual([`${STS}:443`]);
  },
);

describe('with another proxy in the environment of the process than in the one that is asked for', () => {
  beforeEach(() => {
    // what the libraries of the clouds would find by themselves
    stubEnv({ HTTPS_PROXY: NOBODY, HTTP_PROXY: NOBODY, GOOGLE_APPLICATION_CREDENTIALS: undefined });
  });

  test('Google is asked through ours, and its metadata server directly', async () => {
    const google = createFakeGoogle(makeKeys());
    await using front = await startCloudFront(authority, Object.keys(google.hosts));
    front.play(google.hosts);
    const env = { HTTPS_PROXY: front.proxy, HTTP_PROXY: NOBODY };
    const file = { name: 'file', read: () => Promise.resolve(new Secret(JSON.stringify(google.keyFile()))) };
    const byKey = await googleToken({ file }, ['x'], { env, now: Date.now });
    expect(google.issued).toContain(byKey.token.reveal());
    expect(front.requests.map(({ host }) => host)).toEqual(['oauth2.googleapis.com']);
    await using metadata = await startMetadataServer(google);
    stubEnv({ GCE_METADATA_HOST: metadata.host, CLOUDSDK_CONFIG: FOLDER, METADATA_SERVER_DETECTION: 'assume-present' });
    const byMachine = await googleToken({}, ['x'], { env, now: Date.now });
    expect(google.issued).toContain(byMachine.token.reveal());
    expect(front.requests).toHaveLength(1);
  });

  test('Azure is asked through ours', async () => {
    const azure = createFakeAzure();
    await using front = await startCloudFront(authority, Object.keys(azure.hosts));
    front.play(azure.hosts);
    const clientSecret = { name: 'secret', read: () => Promise.resolve(new Secret(azure.settings.clientSecret)) };
    const identity = { tenantId: TENANT, clientId: CLIENT, clientSecret };
    const { token } = await azureToken(identity, ['https://management.azure.com/.default'], {
      env: { HTTPS_PROXY: front.proxy },
    });
    expect(azure.issued).toContain(token.reveal());
    expect(front.requests.map(({ host }) => host)).toContain('login.microsoftonline.com');
  });
});
