// Azure as far as credentials need it, by the documented wire formats: Entra ID, the token exchange of a Container Registry, and what
// the resource manager tells of its tokens and of AKS clusters. No real Azure was asked to make it.
// https://github.com/Azure/acr/blob/main/docs/AAD-OAuth.md
// https://learn.microsoft.com/en-us/entra/identity-platform/v2-oauth2-client-creds-grant-flow
// https://learn.microsoft.com/en-us/rest/api/containerregistry/registries/generate-credentials
import { randomUUID } from 'node:crypto';
import type { CloudAnswer, CloudHandler, CloudRequest } from './cloud-front.ts';

type Password = { name: string; creationTime: string; expiry?: string };

export type FakeAzure = {
  hosts: Readonly<Record<string, CloudHandler>>;
  /** Every token and password that was given out. */
  issued: string[];
  settings: {
    clientSecret: string;
    /** Accepted in `client_assertion`; with undefined every one of the right form is. */
    assertion: string | undefined;
    /** Audiences that the tenant knows. */
    audiences: Set<string>;
    passwords: Password[];
    /** Answers 202 so often before a password is told. */
    later: number;
    location: string | undefined;
    clockOffsetMs: number;
  };
};

export const TENANT = '11111111-2222-3333-4444-555555555555';
export const CLIENT = '99999999-8888-7777-6666-555555555555';
export const REGISTRY = 'acme.azurecr.io';
const REGISTRY_ID = '/subscriptions/sub-1/resourceGroups/rg-1/providers/Microsoft.ContainerRegistry/registries/acme';
export const TOKEN_ID = `${REGISTRY_ID}/tokens/pull`;
export const ACR_AUDIENCE = 'https://containerregistry.azure.net';
export const ARM_AUDIENCE = 'https://management.azure.com';
const AKS_AUDIENCE = '6dae42f8-4368-4678-94ff-3960e28e3630';
const LOGIN = 'login.microsoftonline.com';

export function createFakeAzure(): FakeAzure {
  const issued: string[] = [];
  const settings: FakeAzure['settings'] = {
    clientSecret: `app-secret-${randomUUID()}`,
    assertion: undefined,
    audiences: new Set([ACR_AUDIENCE, ARM_AUDIENCE, AKS_AUDIENCE]),
    passwords: [],
    later: 0,
    location: undefined,
    clockOffsetMs: 0,
  };
  const now = (): number => Date.now() + settings.clockOffsetMs;
  const jwt = (claims: Record<string, unknown>): string => {
    const made = [
      { alg: 'RS256', typ: 'JWT' },
      { ...claims, jti: randomUUID() },
    ]
      .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
      .join('.')
      .concat('.', Buffer.from(`canary-${randomUUID()}`).toString('base64url'));
    issued.push(made);
    return made;
  };
  const audienceOf = (token: string): unknown => {
    if (!issued.includes(token)) return undefined;
    const claims: unknown = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
    return typeof claims === 'object' && claims !== null && 'aud' in claims ? claims.aud : undefined;
  };
  const mayManage = ({ headers }: CloudRequest): boolean =>
    audienceOf((headers.authorization ?? '').replace('Bearer ', '')) === ARM_AUDIENCE;
  let pending: string | undefined;
  let waits = 0;

  const makePassword = (name: string, expiry: string | undefined): CloudAnswer => {
    const value = `acr-password-canary-${randomUUID()}`;
    issued.push(value);
    settings.passwords = [
      ...settings.passwords.filter((password) => password.name !== name),
      { name, creationTime: new Date(now()).toISOString(), ...(expiry === undefined ? {} : { expiry }) },
    ];
    const passwords = settings.passwords.map((password) =>
      password.name === name ? { ...password, value } : password,
    );
    return { status: 200, headers: { date: new Date(now()).toUTCString() }, body: { username: 'pull', passwords } };
  };

  const tokenEndpoint = (request: CloudRequest): CloudAnswer => {
    const form = new URLSearchParams(request.body);
    const proof = form.get('client_assertion');
    const isProven =
      proof === null
        ? form.get('client_secret') === settings.clientSecret
        : settings.assertion === undefined || proof === settings.assertion;
    if (form.get('client_id') !== CLIENT) return entraError(700016, 'unauthorized_client', request.body);
    if (!isProven) return entraError(proof === null ? 7000215 : 700213, 'invalid_client', request.body);
    const audience =
      (form.get('scope') ?? '')
        .split(' ')
        .find((scope) => scope.endsWith('/.default'))
        ?.replace('/.default', '') ?? '';
    if (!settings.audiences.has(audience)) return entraError(500011, 'invalid_resource', request.body);
    const iat = Math.floor(now() / 1000);
    const body = {
      token_type: 'Bearer',
      expires_in: 3599,
      ext_expires_in: 3599,
      access_token: jwt({ aud: audience, tid: TENANT, appid: CLIENT, iat, exp: iat + 3599 }),
    };
    return { status: 200, body };
  };

  const entra: CloudHandler = (request) => {
    if (request.path.includes('/discovery/instance')) {
      const metadata = [
        { preferred_network: LOGIN, preferred_cache: 'login.windows.net', aliases: [LOGIN, 'login.windows.net'] },
      ];
      return {
        status: 200,
        body: {
          tenant_discovery_endpoint: `https://${LOGIN}/${TENANT}/v2.0/.well-known/openid-configuration`,
          'api-version': '1.1',
          metadata,
        },
      };
    }
    if (request.path.includes('/.well-known/openid-configuration')) {
      const base = `https://${LOGIN}/${TENANT}`;
      return {
        status: 200,
        body: {
          issuer: `${base}/v2.0`,
          token_endpoint: `${base}/oauth2/v2.0/token`,
          authorization_endpoint: `${base}/oauth2/v2.0/authorize`,
          jwks_uri: `${base}/discovery/v2.0/keys`,
        },
      };
    }
    return request.path.startsWith(`/${TENANT}/oauth2/v2.0/token`)
      ? tokenEndpoint(request)
      : entraError(90002, 'invalid_request', request.path);
  };

  const registry: CloudHandler = (request) => {
    const form = new URLSearchParams(request.body);
    if (request.method !== 'POST' || request.path !== '/oauth2/exchange') return { status: 404 };
    const audience = audienceOf(form.get('access_token') ?? '');
    const isRight =
      form.get('grant_type') === 'access_token' && form.get('service') === REGISTRY && form.get('tenant') === TENANT;
    if (!isRight || (audience !== ACR_AUDIENCE && audience !== ARM_AUDIENCE)) {
      return { status: 401, body: { errors: [{ code: 'UNAUTHORIZED', message: `refused ${request.body}` }] } };
    }
    const iat = Math.floor(now() / 1000);
    return {
      status: 200,
      body: { refresh_token: jwt({ aud: REGISTRY, iat, exp: iat + 3 * 3600, grant_type: 'refresh_token' }) },
    };
  };

  const manager: CloudHandler = (request) => {
    const headers = { date: new Date(now()).toUTCString() };
    const [path = ''] = request.path.split('?');
    if (!mayManage(request)) return { status: 401, headers, body: { error: { code: 'InvalidAuthenticationToken' } } };
    if (path.endsWith('/listClusterUserCredential')) {
      return path.includes('/managedClusters/prod/')
        ? { status: 200, headers, body: kubeconfigs() }
        : notFound(request);
    }
    if (request.method === 'GET' && path === TOKEN_ID) {
      const credentials = { passwords: settings.passwords };
      return {
        status: 200,
        headers,
        body: { id: TOKEN_ID, name: 'pull', properties: { status: 'enabled', credentials } },
      };
    }
    if (request.method === 'GET' && path === '/operations/1' && pending !== undefined) {
      waits -= 1;
      const { name, expiry }: { name: string; expiry?: string } = JSON.parse(pending);
      return waits > 0
        ? { status: 202, headers: { ...headers, location: request.path, 'retry-after': '0' } }
        : makePassword(name, expiry);
    }
    if (request.method !== 'POST' || path !== `${REGISTRY_ID}/generateCredentials`) return notFound(request);
    const asked: { tokenId: string; name: string; expiry?: string } = JSON.parse(request.body);
    if (asked.tokenId !== TOKEN_ID) return notFound(request);
    if (settings.later === 0) return makePassword(asked.name, asked.expiry);
    pending = request.body;
    waits = settings.later;
    const location = settings.location ?? `https://${request.host}/operations/1?api-version=2023-07-01`;
    return { status: 202, headers: { ...headers, location, 'retry-after': '0' } };
  };

  return { issued, settings, hosts: { [LOGIN]: entra, [REGISTRY]: registry, 'management.azure.com': manager } };
}

/** As Entra ID does, with words about what it got: errors of ours must not have them. */
function entraError(code: number, error: string, echo: string): CloudAnswer {
  const description = `AADSTS${code}: it does not fit. Trace ID: ${randomUUID()} ${echo}`;
  return { status: code === 500011 ? 400 : 401, body: { error, error_description: description, error_codes: [code] } };
}

function notFound({ path, headers }: CloudRequest): CloudAnswer {
  return { status: 404, body: { error: { code: 'ResourceNotFound', message: `${path} ${headers.authorization}` } } };
}

function kubeconfigs() {
  const config = [
    'apiVersion: v1',
    'kind: Config',
    'clusters:',
    '- name: prod',
    '  cluster:',
    '    server: https://prod-1.hcp.westeurope.azmk8s.io:443',
    `    certificate-authority-data: ${Buffer.from('-----BEGIN CERTIFICATE-----\nAKS').toString('base64')}`,
  ].join('\n');
  return { kubeconfigs: [{ name: 'clusterUser', value: Buffer.from(config).toString('base64') }] };
}
