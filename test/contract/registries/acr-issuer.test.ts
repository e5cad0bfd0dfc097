// Credentials for Azure Container Registry by the ways of logging in to Azure, against a fake that follows the documented wire formats.
import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { inspect } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { cloudLogins } from '../../../infra/host/cloud-logins.ts';
import { aksLogin } from '../../../shared/identity/azure-aks.ts';
import type { AzureIdentity } from '../../../shared/identity/azure.ts';
import type { SecretSource } from '../../../shared/identity/secret-source.ts';
import { acrIssuer } from '../../../shared/registries/acr-issuer.ts';
import { Secret } from '../../../shared/telemetry/secret.ts';
import { createAuthority, type Authority } from '../../support/certificates.ts';
import { answer, startCloudFront, type CloudAnswer, type CloudFront } from '../../support/clouds/cloud-front.ts';
import {
  ACR_AUDIENCE,
  ARM_AUDIENCE,
  CLIENT,
  createFakeAzure,
  REGISTRY,
  TENANT,
  TOKEN_ID,
  type FakeAzure,
} from '../../support/clouds/fake-azure.ts';
import { rejectionOf } from '../../support/clouds/rejection.ts';

const FOLDER = mkdtempSync(path.join(tmpdir(), 'transship-azure-'));
const MINUTE = 60_000;
const DAY = 24 * 3_600_000;
const LOGIN = 'login.microsoftonline.com';
let authority: Authority;
let azure: FakeAzure;
let front: CloudFront;

beforeAll(async () => {
  authority = createAuthority(FOLDER);
  front = await startCloudFront(authority, Object.keys(createFakeAzure().hosts));
});
afterAll(async () => {
  await front[Symbol.asyncDispose]();
  rmSync(FOLDER, { recursive: true });
});
beforeEach(() => {
  azure = createFakeAzure();
  front.play(azure.hosts);
  vi.stubEnv('HTTPS_PROXY', front.proxy);
  const others = [
    'https_proxy',
    'no_proxy',
    'AZURE_TENANT_ID',
    'AZURE_CLIENT_ID',
    'AZURE_CLIENT_SECRET',
    'AZURE_AUTHORITY_HOST',
    'AZURE_FEDERATED_TOKEN_FILE',
    'IDENTITY_ENDPOINT',
    'IDENTITY_HEADER',
    'MSI_ENDPOINT',
  ];
  for (const name of others) vi.stubEnv(name, undefined);
  // its library reads it once for all
  vi.stubEnv('NO_PROXY', '127.0.0.1');
  vi.stubEnv('AZURE_TOKEN_CREDENTIALS', 'prod');
});
afterEach(() => {
  vi.unstubAllEnvs();
});

function source(text: string, name = 'env AZURE_SECRET'): SecretSource {
  return { name, read: () => Promise.resolve(new Secret(text)) };
}

const application = (): AzureIdentity => ({
  tenantId: TENANT,
  clientId: CLIENT,
  clientSecret: source(azure.settings.clientSecret),
});

function issuer(identity: AzureIdentity, now?: () => number) {
  const place = {
    host: REGISTRY,
    aliases: ['acme.westeurope.geo.azurecr.io'],
    env: process.env,
    certificateAuthorities: [authority.ca],
  };
  return acrIssuer(place, identity, now);
}

function minutesLeft({ issuedAt, expiresAt }: { issuedAt: Date; expiresAt?: Date }): number {
  return Math.round(((expiresAt?.getTime() ?? 0) - issuedAt.getTime()) / MINUTE);
}

const asked = () =>
  front.requests.filter(({ host }) => host !== LOGIN).map(({ host, path: at }) => host + at.split('?')[0]);

describe('a credential for a registry', () => {
  test('is the refresh token of its exchange, with the end that stands in it', async () => {
    const made = issuer(application());
    expect(made.hosts).toEqual([REGISTRY, 'acme.westeurope.geo.azurecr.io']);
    const issued = await made.issue();
    expect(issued).toMatchObject({
      username: '00000000-0000-0000-0000-000000000000',
      identity: `the Azure identity ${CLIENT} by env AZURE_SECRET of tenant ${TENANT}`,
    });
    expect(issued.secret.reveal()).toBe(azure.issued.at(-1));
    expect(minutesLeft(issued)).toBe(180);
    expect(asked()).toEqual([`${REGISTRY}/oauth2/exchange`]);
  });

  test.each([3_600_000, -3_600_000])("ends on our clock, with the registry's %d ms off", async (offsetMs) => {
    azure.settings.clockOffsetMs = offsetMs;
    front.faults.set(REGISTRY, async (request) => {
      const found = await azure.hosts[REGISTRY]?.(request);
      return found && { ...found, headers: { date: new Date(Date.now() + offsetMs).toUTCString() } };
    });
    expect(minutesLeft(await issuer(application()).issue())).toBe(180);
  });

  test('by a certificate', async () => {
    const files = ['key', 'pem'].map((suffix) => path.join(FOLDER, `application.${suffix}`));
    const [keyFile = '', certificateFile = ''] = files;
    const subject = ['-subj', '/CN=application', '-days', '2', '-nodes'];
    execFileSync(
      'openssl',
      ['req', '-x509', '-newkey', 'rsa:2048', '-keyout', keyFile, '-out', certificateFile, ...subject],
      { stdio: 'pipe' },
    );
    const pem = readFileSync(certificateFile, 'utf8') + readFileSync(keyFile, 'utf8');
    const issued = await issuer({ tenantId: TENANT, clientId: CLIENT, certificate: source(pem) }).issue();
    expect(minutesLeft(issued)).toBe(180);
    const { body } = front.requests.find((request) => request.path.includes('/oauth2/v2.0/token')) ?? { body: '' };
    expect(new URLSearchParams(body).get('client_assertion_type')).toContain('jwt-bearer');
  });

  test('by a federated token in a file, read anew each time', async () => {
    const file = path.join(FOLDER, `token-${randomUUID()}`);
    for (const assertion of [`first-${randomUUID()}`, `second-${randomUUID()}`]) {
      writeFileSync(file, assertion);
      azure.settings.assertion = assertion;
      const issued = await issuer({ tenantId: TENANT, clientId: CLIENT, federatedTokenFile: file }).issue();
      expect(issued.secret.reveal()).toBe(azure.issued.at(-1));
    }
  });

  test("by the workload identity of the process' surroundings", async () => {
    const file = path.join(FOLDER, `token-${randomUUID()}`);
    writeFileSync(file, 'assertion');
    vi.stubEnv('AZURE_TENANT_ID', TENANT);
    vi.stubEnv('AZURE_CLIENT_ID', CLIENT);
    vi.stubEnv('AZURE_FEDERATED_TOKEN_FILE', file);
    expect(minutesLeft(await issuer({}).issue())).toBe(180);
  });

  test('by a managed identity', async () => {
    await using service = await startManagedIdentity();
    vi.stubEnv('IDENTITY_ENDPOINT', `${service.url}/msi/token`);
    vi.stubEnv('IDENTITY_HEADER', 'header-1');
    expect(minutesLeft(await issuer({ clientId: CLIENT }).issue())).toBe(180);
    expect(service.asked[0]).toContain(`client_id=${CLIENT}`);
  });

  test("by the resource manager's audience where the tenant does not know the registry's", async () => {
    azure.settings.audiences.delete(ACR_AUDIENCE);
    expect(minutesLeft(await issuer(application()).issue())).toBe(180);
  });
});

async function startManagedIdentity() {
  const requests: string[] = [];
  const tokens = azure.hosts[LOGIN];
  const server = http.createServer(
    (request, response) =>
      void answer(request, response, async (question) => {
        requests.push(question.path);
        const resource = new URL(question.path, 'http://x').searchParams.get('resource') ?? '';
        // the token of the same tenant, in the shape of App Service
        const body = new URLSearchParams({
          client_id: CLIENT,
          client_secret: azure.settings.clientSecret,
          scope: `${resource}/.default`,
        });
        const found = await tokens?.({ ...question, path: `/${TENANT}/oauth2/v2.0/token`, body: body.toString() });
        const issued: unknown = found?.body;
        const token =
          typeof issued === 'object' && issued !== null && 'access_token' in issued ? issued.access_token : '';
        const expires = Math.floor(Date.now() / 1000) + 3600;
        return {
          status: 200,
          body: { access_token: token, expires_on: String(expires), resource, token_type: 'Bearer' },
        };
      }),
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return {
    url: `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`,
    asked: requests,
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

describe('a password of a token of the registry', () => {
  const ofToken = (lifeMs?: number): AzureIdentity => ({ ...application(), registryToken: { id: TOKEN_ID, lifeMs } });

  test.each([0, 2])('is made in a free slot, told after %d answers of "later"', async (later) => {
    azure.settings.later = later;
    const issued = await issuer(ofToken()).issue();
    expect(issued).toMatchObject({ username: 'pull', identity: 'token pull (password1)' });
    expect(issued.secret.reveal()).toBe(azure.issued.at(-1));
    expect(minutesLeft(issued)).toBe((30 * DAY) / MINUTE);
  });

  test('goes by turns, and never over one that clusters hold', async () => {
    const made = issuer(ofToken(10 * DAY));
    const first = await made.issue({ inUse: () => Promise.resolve([]) });
    const second = await made.issue({ inUse: () => Promise.resolve(ends(first)) });
    expect([first.identity, second.identity]).toEqual(['token pull (password1)', 'token pull (password2)']);
    azure.settings.passwords = azure.settings.passwords.map((password) => ({
      ...password,
      ...(password.name === 'password1' ? aged(5 * DAY, password) : {}),
    }));
    const [older, newer] = azure.settings.passwords.map(({ expiry }) => new Date(expiry ?? 0));
    if (older === undefined || newer === undefined) throw new Error('both are there');
    await expect(made.issue({ inUse: () => Promise.resolve([older, newer]) })).rejects.toMatchObject({
      code: 'conflict-refused',
      retryable: true,
      message: expect.stringContaining('both passwords'),
    });
    expect((await made.issue({ inUse: () => Promise.resolve([newer]) })).identity).toBe('token pull (password1)');
  });

  test('that was made and lost is made again, not the one that clusters may hold', async () => {
    const made = issuer(ofToken());
    await made.issue();
    azure.settings.passwords = azure.settings.passwords.map((password) => ({
      ...password,
      ...aged(15 * DAY, password),
    }));
    // whoever asked for this one died before it was stored
    await made.issue();
    expect((await made.issue()).identity).toBe('token pull (password2)');
  });

  test.each([3_600_000, -3_600_000])("ends on our clock, with Azure's %d ms off", async (offsetMs) => {
    azure.settings.clockOffsetMs = offsetMs;
    const issued = await issuer(ofToken()).issue();
    expect(Math.abs(minutesLeft(issued) - (30 * DAY) / MINUTE)).toBeLessThanOrEqual(1);
  });

  test('is not fetched from another origin than that of the resource manager', async () => {
    azure.settings.later = 1;
    azure.settings.location = 'https://evil.example/operations/1';
    await expect(issuer(ofToken()).issue()).rejects.toMatchObject({ code: 'egress-denied' });
    expect(front.requests.map(({ host }) => host)).not.toContain('evil.example');
  });

  test.each([
    ['no token of a registry', '/subscriptions/s/x', 'invalid-config', /az acr token show/],
    ['a token that is not there', `${TOKEN_ID}-gone`, 'not-found', /tokens\/read/],
    ['an id with a query', `${TOKEN_ID}?x`, 'invalid-config', /az acr token show/],
  ])('is refused for %s', async (_, id, code, hint) => {
    const failure = issuer({ ...application(), registryToken: { id } }).issue();
    await expect(failure).rejects.toMatchObject({ code, hint: expect.stringMatching(hint) });
  });
});

function ends({ expiresAt }: { expiresAt?: Date }): Date[] {
  return expiresAt === undefined ? [] : [expiresAt];
}

function aged(byMs: number, { creationTime, expiry }: { creationTime: string; expiry?: string }) {
  const shift = (text: string) => new Date(Date.parse(text) - byMs).toISOString();
  return { creationTime: shift(creationTime), ...(expiry === undefined ? {} : { expiry: shift(expiry) }) };
}

describe('a cluster of AKS', () => {
  const settings = { subscription: 'sub-1', resourceGroup: 'rg-1', cluster: 'prod' };

  test('is found by its kubeconfig, and takes a token of Entra ID for clusters', async () => {
    const login = await aksLogin({ ...settings, ...application() }, { env: process.env, now: Date.now });
    expect(login).toMatchObject({
      server: 'https://prod-1.hcp.westeurope.azmk8s.io:443',
      certificateAuthority: expect.stringContaining('BEGIN CERTIFICATE'),
    });
    const { token, expiresAt } = await login.token();
    const claims = Buffer.from(token.reveal().split('.')[1] ?? '', 'base64url').toString();
    expect(claims).toContain('6dae42f8-4368-4678-94ff-3960e28e3630');
    expect(expiresAt.getTime()).toBeGreaterThan(Date.now() + 50 * MINUTE);
  });

  test('takes the secret that the configuration refers to, as functions have it', async () => {
    const secret = new Secret(azure.settings.clientSecret);
    const logins = cloudLogins({ env: process.env, readSecret: () => Promise.resolve(secret) });
    const reference = { awsSecret: { id: 'transship/azure' } };
    const login = await logins.aks?.({ ...settings, tenantId: TENANT, clientId: CLIENT, clientSecret: reference });
    expect((await login?.token())?.expiresAt?.getTime()).toBeGreaterThan(Date.now() + 50 * MINUTE);
  });

  test('that is not there says what to check', async () => {
    const login = aksLogin({ ...settings, cluster: 'gone', ...application() }, { env: process.env, now: Date.now });
    await expect(login).rejects.toMatchObject({
      code: 'not-found',
      hint: expect.stringContaining('Cluster User Role'),
    });
  });
});

type Refusal = {
  name: string;
  identity?: () => AzureIdentity;
  fault?: [string, CloudAnswer | undefined];
  code: string;
  hint: RegExp;
};

const REFUSALS: Refusal[] = [
  { name: 'no identity at all', identity: () => ({}), code: 'unauthorized', hint: /az login/ },
  {
    name: 'a wrong secret',
    identity: () => ({ ...application(), clientSecret: source(`wrong-${randomUUID()}`) }),
    code: 'unauthorized',
    hint: /its value, not its ID/,
  },
  {
    name: 'an unknown application',
    identity: () => ({ ...application(), clientId: randomUUID() }),
    code: 'unauthorized',
    hint: /not in this tenant/,
  },
  {
    name: 'an application without a tenant',
    identity: () => ({ ...application(), tenantId: undefined }),
    code: 'invalid-config',
    hint: /tenantId and clientId/,
  },
  {
    name: 'a certificate without its key',
    identity: () => ({ tenantId: TENANT, clientId: CLIENT, certificate: source('-----BEGIN CERTIFICATE-----') }),
    code: 'invalid-config',
    hint: /one after the other/,
  },
  {
    name: 'a certificate with a key that Entra ID does not take',
    identity: () => {
      const pair = authority.issue('elliptic');
      const pem = readFileSync(pair.certificateFile, 'utf8') + readFileSync(pair.keyFile, 'utf8');
      return { tenantId: TENANT, clientId: CLIENT, certificate: source(pem) };
    },
    code: 'invalid-config',
    hint: /RSA/,
  },
  {
    name: 'a token file that is not there',
    identity: () => ({ tenantId: TENANT, clientId: CLIENT, federatedTokenFile: '/nonexistent/token' }),
    code: 'invalid-config',
    hint: /file is there/,
  },
  {
    name: 'a federated token that nobody trusts',
    identity: () => {
      const file = path.join(FOLDER, `token-${randomUUID()}`);
      writeFileSync(file, `untrusted-${randomUUID()}`);
      azure.settings.assertion = 'other';
      return { tenantId: TENANT, clientId: CLIENT, federatedTokenFile: file };
    },
    code: 'unauthorized',
    hint: /subject of this token/,
  },
  {
    name: 'a tenant that knows no audience',
    identity: () => {
      for (const audience of [ACR_AUDIENCE, ARM_AUDIENCE]) azure.settings.audiences.delete(audience);
      return application();
    },
    code: 'unauthorized',
    hint: /tenantId and cloud/,
  },
  { name: 'Entra ID with status 503', fault: [LOGIN, { status: 503 }], code: 'registry-unavailable', hint: /later/ },
  {
    name: 'Entra ID that answers garbage',
    fault: [LOGIN, { status: 200, body: '<html>' }],
    code: 'invalid-response',
    hint: /proxy/,
  },
  { name: 'Entra ID that cuts the connection', fault: [LOGIN, undefined], code: 'connection-failed', hint: /network/ },
  {
    name: 'an exchange that is refused',
    fault: [REGISTRY, { status: 401, body: { errors: [{ code: 'UNAUTHORIZED' }] } }],
    code: 'unauthorized',
    hint: /AcrPull/,
  },
  { name: 'a registry whose firewall refuses', fault: [REGISTRY, { status: 403 }], code: 'denied', hint: /firewall/ },
  {
    name: 'a registry that is none',
    fault: [REGISTRY, { status: 404 }],
    code: 'not-found',
    hint: /is an Azure Container Registry/,
  },
  {
    name: 'an exchange without a token',
    fault: [REGISTRY, { status: 200, body: { refresh_token: '' } }],
    code: 'invalid-response',
    hint: /proxy/,
  },
  {
    name: 'an exchange that answers garbage',
    fault: [REGISTRY, { status: 200, body: '<html>' }],
    code: 'invalid-response',
    hint: /proxy/,
  },
  {
    name: 'an exchange that redirects',
    fault: [REGISTRY, { status: 302, headers: { location: 'https://evil.example/' } }],
    code: 'registry-error',
    hint: /./,
  },
  {
    name: 'a registry that is busy',
    fault: [REGISTRY, { status: 429, headers: { 'retry-after': '120' } }],
    code: 'too-many-requests',
    hint: /later/,
  },
];

test.each(REFUSALS)(
  'says what is wrong and what to do, and no secret: $name',
  async ({ identity = application, fault, code, hint }) => {
    if (fault !== undefined) front.faults.set(fault[0], () => fault[1]);
    const failure = await rejectionOf(issuer(identity()).issue());
    expect(failure).toMatchObject({ code, hint: expect.stringMatching(hint) });
    const shown = inspect(failure, { depth: 10, showHidden: true });
    for (const secret of [...azure.issued, azure.settings.clientSecret, 'wrong-', 'untrusted-'])
      expect(shown).not.toContain(secret);
    expect(shown).not.toMatch(/eyJ|Trace ID/);
  },
);
