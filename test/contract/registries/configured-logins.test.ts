// Copies log in by every form of credential that a configuration has, at a registry that lets in nobody else.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { startRegistry } from '../../../infra/demo/registry.ts';
import { copyArtifact } from '../../../shared/mirror/copy.ts';
import { headManifest } from '../../../shared/oci/manifests.ts';
import { parseReference } from '../../../shared/oci/reference.ts';
import { listTags } from '../../../shared/oci/tags.ts';
import { Secret } from '../../../shared/telemetry/secret.ts';
import { startBareServer } from '../../support/bare-server.ts';
import { createAuthority } from '../../support/certificates.ts';
import { startCloudFront, type CloudHandler } from '../../support/clouds/cloud-front.ts';
import { CLIENT, createFakeAzure, REGISTRY, TENANT } from '../../support/clouds/fake-azure.ts';
import { createFakeGoogle, makeKeys } from '../../support/clouds/fake-google.ts';
import { startFront } from '../../support/front.ts';
import { startGithub } from '../../support/issuers/github.ts';
import { startQuay } from '../../support/issuers/quay.ts';
import { uniqueSecret } from '../../support/issuers/secrets.ts';
import { plantSimpleImage } from '../../support/planted-content.ts';
import { registriesOf } from '../../support/registries-of.ts';

const open: (() => unknown)[] = [];
afterEach(async () => {
  vi.unstubAllEnvs();
  for (const close of open.splice(0).toReversed()) await close();
});

/** One with an image, for the user whose password is what `password` gives at that time. */
async function registryFor(username: string, password: () => string, kind: 'token' | 'basic' = 'token') {
  const users: Record<string, string> = {};
  Object.defineProperty(users, username, { enumerable: true, get: password });
  const started = await startRegistry({ auth: { kind, users } });
  open.push(() => started.stop());
  await plantSimpleImage({ registry: started, repository: 'team/app' }, { tag: 'v1', layers: ['a'] });
  return started;
}

/** Copies the image to a registry that asks nobody. */
async function copyFrom(host: string, entry: string, options: Parameters<typeof registriesOf>[1] = {}) {
  const target = await startRegistry();
  open.push(() => target.stop());
  const registries = registriesOf(entry, options);
  open.push(() => registries.close());
  const { targets } = await copyArtifact(
    {
      source: parseReference(`${host}/team/app:v1`),
      targets: [parseReference(`${target.host}/team/app:v1`)],
      referrers: false,
      onConflict: 'overwrite',
      foreignLayers: false,
      dryRun: false,
    },
    { registries },
  );
  return targets[0];
}

test('a GitHub App', async () => {
  const github = await startGithub();
  open.push(() => github[Symbol.asyncDispose]());
  const registry = await registryFor('x-access-token', () => github.tokens.at(-1) ?? '');
  const app = `appId: ${github.appId}, installationId: ${github.installationId}, privateKey: { env: KEY }, api: "${github.url}"`;
  const entry = `"${registry.host}": { kind: ghcr, credential: { githubApp: { ${app} } } }`;
  expect(await copyFrom(registry.host, entry, { env: { KEY: github.privateKey } })).toMatchObject({ state: 'copied' });
  expect(github.calls).toHaveLength(1);
});

test('a federated robot of Quay, whose token server is the registry', async () => {
  const quay = await startQuay();
  open.push(() => quay[Symbol.asyncDispose]());
  const registry = await registryFor(quay.robot, () => quay.tokens.at(-1) ?? '');
  const front = await startFront(registry, async ({ url = '', headers }, response) => {
    if (!url.startsWith('/oauth2/federation')) return false;
    const answer = await fetch(quay.url + url, { headers: { authorization: headers.authorization ?? '' } });
    response.writeHead(answer.status, { 'content-type': 'application/json' }).end(await answer.text());
    return true;
  });
  open.push(() => front[Symbol.asyncDispose]());
  const robot = `robot: ${quay.robot}, token: { env: OIDC }`;
  const entry = `"${front.host}": { kind: quay, plainHttp: true, credential: { quayRobot: { ${robot} } } }`;
  expect(await copyFrom(front.host, entry, { env: { OIDC: quay.subject } })).toMatchObject({ state: 'copied' });
});

test('a ServiceAccount of a cluster', async () => {
  const token = uniqueSecret('service-account');
  const registry = await registryFor('<token>', () => token);
  const account = 'serviceAccount: { cluster: c1, namespace: ns, name: sa }';
  const entry = `"${registry.host}": { kind: openshift, credential: { ${account} } }\n`;
  const asked: string[] = [];
  const requestServiceAccountToken = (...about: (string | undefined)[]) => {
    asked.push(about.join(' ').trim());
    return Promise.resolve({ token: new Secret(token), expiresAt: new Date(Date.now() + 3_600_000) });
  };
  expect(await copyFrom(registry.host, entry, { requestServiceAccountToken })).toMatchObject({ state: 'copied' });
  expect(asked).toEqual(['c1 ns sa']);
});

test.each([
  [
    'harborRobots: the robots of the clusters stay as they are, the administrator logs in',
    'admin',
    'harbor, credential: { harborRobots: { robots: [a, b], admin: { username: admin, password: { env: P } }, key: { env: K } } }',
  ],
  [
    'gitlabDeployToken: no token is made, the one that makes them logs in',
    'transship',
    'gitlab, credential: { gitlabDeployToken: { group: g, token: { env: P }, api: "http://127.0.0.1:1" } }',
  ],
])('%s', async (_, username, fields) => {
  const password = uniqueSecret('maker');
  const registry = await registryFor(username, () => password);
  const entry = `"${registry.host}": { kind: ${fields} }`;
  expect(await copyFrom(registry.host, entry, { env: { P: password } })).toMatchObject({ state: 'copied' });
});

test('an identity of AWS, anew once ECR says that its token has ended, and not where it lacks a right', async () => {
  const tokens: string[] = [];
  const aws = await startBareServer((request, response) => {
    request.resume();
    tokens.push(uniqueSecret('ecr'));
    const authorizationToken = Buffer.from(`AWS:${tokens.at(-1)}`).toString('base64');
    const data = { authorizationToken, expiresAt: Date.now() / 1000 + 43_200 };
    response.writeHead(200, { 'content-type': 'application/x-amz-json-1.1' });
    response.end(JSON.stringify({ authorizationData: [data] }));
  });
  open.push(() => aws[Symbol.asyncDispose]());
  const variables = {
    AWS_ENDPOINT_URL: aws.url,
    AWS_ACCESS_KEY_ID: 'AKIATEST',
    AWS_SECRET_ACCESS_KEY: uniqueSecret('aws'),
  };
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
  const registry = await registryFor('AWS', () => tokens.at(-1) ?? '', 'basic');
  let ended = 0;
  const front = await startFront(registry, async ({ url = '', headers }, response) => {
    const isEnded = tokens.slice(0, ended).some((token) => headers.authorization === `Basic ${btoa(`AWS:${token}`)}`);
    if (!isEnded && !url.includes('/forbidden/')) return false;
    const message = isEnded ? 'Your authorization token has expired. Reauthenticate and try again.' : 'not allowed';
    // nothing of it is sent in answer to HEAD
    response.writeHead(403).end(JSON.stringify({ errors: [{ code: 'DENIED', message }] }));
    return true;
  });
  open.push(() => front[Symbol.asyncDispose]());
  const entry = `"${front.host}": { kind: ecr, plainHttp: true, credential: { aws: { region: eu-west-1 } } }`;
  const registries = registriesOf(entry, { env: variables });
  open.push(() => registries.close());
  const at = (name: string) => ({ registry: registries.client(front.host), name });
  expect(await headManifest(at('team/app'), 'v1')).toBeDefined();
  await expect(headManifest(at('team/forbidden/app'), 'v1')).rejects.toMatchObject({ code: 'denied' });
  expect(tokens).toHaveLength(1);
  ended = 1;
  expect(await headManifest(at('team/app'), 'v1')).toBeDefined();
  await expect(headManifest(at('team/forbidden/app'), 'v1')).rejects.toMatchObject({ code: 'denied' });
  expect(tokens).toHaveLength(2);
  expect((await copyFrom(front.host, entry, { env: variables }))?.state).toBe('copied');
});

test('an identity of Google', async () => {
  const google = createFakeGoogle(makeKeys());
  await withCloud(google.hosts);
  const registry = await registryFor('oauth2accesstoken', () => google.issued.at(-1) ?? '');
  const entry = `"${registry.host}": { kind: artifact-registry, credential: { google: { credentials: { env: KEY } } } }`;
  const env = { KEY: JSON.stringify(google.keyFile()) };
  expect(await copyFrom(registry.host, entry, { env })).toMatchObject({ state: 'copied' });
});

test('an identity of Azure, also where clusters get the passwords of a token', async () => {
  const azure = createFakeAzure();
  const proxy = await withCloud({ ...azure.hosts, [REGISTRY]: withPulls(azure.hosts[REGISTRY], azure.issued) });
  const token = 'registryToken: { id: /subscriptions/s/registries/acme/tokens/pull }';
  for (const more of ['', `, ${token}`]) {
    const identity = `tenantId: ${TENANT}, clientId: ${CLIENT}, clientSecret: { env: S }${more}`;
    const env = { S: azure.settings.clientSecret, HTTPS_PROXY: proxy };
    const registries = registriesOf(`${REGISTRY}: { credential: { azure: { ${identity} } } }`, { env });
    const tags: string[] = [];
    for await (const page of listTags({ registry: registries.client(REGISTRY), name: 'team/app' })) tags.push(...page);
    expect(tags).toEqual(['v1']);
    await registries.close();
  }
  expect(azure.settings.passwords).toEqual([]);
});

/** Stands in for the hosts of a cloud until the test is over. */
async function withCloud(hosts: Readonly<Record<string, CloudHandler>>): Promise<string> {
  const folder = mkdtempSync(path.join(tmpdir(), 'transship-logins-'));
  open.push(() => rmSync(folder, { recursive: true, force: true }));
  const front = await startCloudFront(createAuthority(folder), Object.keys(hosts));
  front.play(hosts);
  open.push(() => front[Symbol.asyncDispose]());
  vi.stubEnv('HTTPS_PROXY', front.proxy);
  for (const name of ['https_proxy', 'NO_PROXY', 'no_proxy']) vi.stubEnv(name, undefined);
  vi.stubEnv('METADATA_SERVER_DETECTION', 'none');
  vi.stubEnv('AZURE_TOKEN_CREDENTIALS', 'prod');
  return front.proxy;
}

/** The rest of a registry of Azure: its refresh tokens open it, under the user of zeros. */
function withPulls(rest: CloudHandler | undefined, issued: readonly string[]): CloudHandler {
  const access = uniqueSecret('acr-access');
  return async (request) => {
    const { path: target, headers } = request;
    if (target.startsWith('/oauth2/token')) {
      const [user, ...token] = Buffer.from((headers.authorization ?? '').replace('Basic ', ''), 'base64')
        .toString()
        .split(':');
      const isKnown = user === '00000000-0000-0000-0000-000000000000' && issued.includes(token.join(':'));
      return isKnown ? { status: 200, body: { access_token: access } } : { status: 401, body: {} };
    }
    if (!target.startsWith('/v2/')) return rest?.(request);
    if (headers.authorization === `Bearer ${access}`) return { status: 200, body: { name: 'team/app', tags: ['v1'] } };
    const challenge = `Bearer realm="https://${REGISTRY}/oauth2/token",service="${REGISTRY}"`;
    return { status: 401, headers: { 'www-authenticate': challenge }, body: {} };
  };
}
