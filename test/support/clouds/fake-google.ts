// Google as far as credentials need it, by the documented wire formats: the token endpoint, the security token service, impersonation,
// the metadata server and the API that knows where a GKE cluster is. No real Google was asked to make it.
// https://datatracker.ietf.org/doc/html/rfc7523 https://cloud.google.com/iam/docs/reference/sts/rest/v1/TopLevel/token
// https://cloud.google.com/iam/docs/reference/credentials/rest/v1/projects.serviceAccounts/generateAccessToken
import { createPublicKey, generateKeyPairSync, randomUUID, verify } from 'node:crypto';
import http from 'node:http';
import { once } from 'node:events';
import { answer, type CloudAnswer, type CloudHandler, type CloudRequest } from './cloud-front.ts';

export type FakeGoogle = {
  hosts: Readonly<Record<string, CloudHandler>>;
  /** Every token that was given out; a canary for those who look for leaks. */
  issued: string[];
  /** Key of a service account, as `gcloud iam service-accounts keys create` writes it. */
  keyFile(): Record<string, string>;
  settings: {
    expiresInSeconds: number | undefined;
    subjectToken: string;
    refreshToken: string;
    /** Service accounts that may be acted as. */
    impersonable: Set<string>;
    /** By how much its clock is ahead. */
    clockOffsetMs: number;
  };
};

export const AUDIENCE =
  '//iam.googleapis.com/projects/123/locations/global/workloadIdentityPools/pool/providers/cluster';
export const SERVICE_ACCOUNT = 'issuer@acme.iam.gserviceaccount.com';
const SUBJECT_TYPE = 'urn:ietf:params:oauth:token-type:jwt';

type Keys = { publicKey: string; privateKey: string };

/** Of the service account; made once, as it takes a while. */
export function makeKeys(): Keys {
  return generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
}

export function createFakeGoogle({ publicKey, privateKey }: Keys): FakeGoogle {
  const issued: string[] = [];
  const settings: FakeGoogle['settings'] = {
    expiresInSeconds: 3599,
    subjectToken: `subject-${randomUUID()}`,
    refreshToken: `1//refresh-${randomUUID()}`,
    impersonable: new Set<string>(),
    clockOffsetMs: 0,
  };
  const token = (): string => {
    const made = `ya29.canary-${randomUUID()}`;
    issued.push(made);
    return made;
  };
  const given = (more: Record<string, unknown> = {}): CloudAnswer => ({
    status: 200,
    body: {
      access_token: token(),
      token_type: 'Bearer',
      ...(settings.expiresInSeconds === undefined ? {} : { expires_in: settings.expiresInSeconds }),
      ...more,
    },
  });
  const isBearer = ({ headers }: CloudRequest): boolean =>
    issued.includes((headers.authorization ?? '').replace('Bearer ', ''));

  return {
    issued,
    settings,
    keyFile: () => ({
      type: 'service_account',
      project_id: 'acme',
      private_key_id: 'key-1',
      private_key: privateKey,
      client_email: SERVICE_ACCOUNT,
      client_id: '1',
      token_uri: 'https://oauth2.googleapis.com/token',
    }),
    hosts: {
      'oauth2.googleapis.com': ({ body }) => {
        const form = new URLSearchParams(body);
        if (form.get('grant_type') === 'refresh_token') {
          return form.get('refresh_token') === settings.refreshToken
            ? given()
            : refusedGrant('Token has been revoked.');
        }
        const assertion = form.get('assertion') ?? '';
        return isSigned(assertion, publicKey) ? given() : refusedGrant(`Invalid JWT Signature: ${assertion}`);
      },
      'sts.googleapis.com': ({ body }) => {
        const form = new URLSearchParams(body);
        const isRight =
          form.get('grant_type') === 'urn:ietf:params:oauth:grant-type:token-exchange' &&
          form.get('audience') === AUDIENCE &&
          form.get('subject_token_type') === SUBJECT_TYPE &&
          form.get('requested_token_type') === 'urn:ietf:params:oauth:token-type:access_token' &&
          form.get('subject_token') === settings.subjectToken;
        if (!isRight) return refusedGrant(`Invalid subject token ${form.get('subject_token')}`);
        return given({ issued_token_type: 'urn:ietf:params:oauth:token-type:access_token' });
      },
      'iamcredentials.googleapis.com': (request) => {
        const email = /serviceAccounts\/([^:]+):generateAccessToken$/.exec(decodeURIComponent(request.path))?.[1] ?? '';
        if (!isBearer(request)) return apiError(401, 'UNAUTHENTICATED', request);
        if (!settings.impersonable.has(email)) return apiError(403, 'PERMISSION_DENIED', request);
        const now = Date.now() + settings.clockOffsetMs;
        return {
          status: 200,
          headers: { date: new Date(now).toUTCString() },
          body: { accessToken: token(), expireTime: new Date(now + 3_600_000).toISOString().replace(/\.\d+Z/, 'Z') },
        };
      },
      'container.googleapis.com': (request) => {
        if (!isBearer(request)) return apiError(401, 'UNAUTHENTICATED', request);
        if (request.path !== '/v1/projects/acme/locations/europe-west1/clusters/prod') {
          return apiError(404, 'NOT_FOUND', request);
        }
        const clusterCaCertificate = Buffer.from('-----BEGIN CERTIFICATE-----\nGKE').toString('base64');
        return { status: 200, body: { name: 'prod', endpoint: '203.0.113.7', masterAuth: { clusterCaCertificate } } };
      },
    },
  };
}

/** https://cloud.google.com/compute/docs/metadata/predefined-metadata-keys */
export async function startMetadataServer(google: FakeGoogle) {
  const handle: CloudHandler = (request) => {
    const headers = { 'metadata-flavor': 'Google' };
    if (request.headers['metadata-flavor'] !== 'Google') return { status: 403, headers };
    if (!request.path.startsWith('/computeMetadata/v1/instance')) return { status: 404, headers };
    if (!request.path.includes('/service-accounts/default/token')) return { status: 200, headers, body: {} };
    const made = `ya29.canary-metadata-${randomUUID()}`;
    google.issued.push(made);
    // what the server still has in its cache, not a whole hour
    return { status: 200, headers, body: { access_token: made, expires_in: 1800, token_type: 'Bearer' } };
  };
  const server = http.createServer((request, response) => void answer(request, response, handle));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return {
    host: `127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`,
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

/** As Google does, it repeats what it got: errors of ours must not. */
function refusedGrant(description: string): CloudAnswer {
  return { status: 400, body: { error: 'invalid_grant', error_description: description } };
}

function apiError(code: number, status: string, { headers }: CloudRequest): CloudAnswer {
  return { status: code, body: { error: { code, status, message: `refused ${headers.authorization}` } } };
}

function isSigned(assertion: string, publicKey: string): boolean {
  const [header = '', payload = '', signature = ''] = assertion.split('.');
  const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString() || '{}');
  const { iss, aud, scope } =
    typeof claims === 'object' && claims !== null ? Object.fromEntries(Object.entries(claims)) : {};
  if (iss !== SERVICE_ACCOUNT || aud !== 'https://oauth2.googleapis.com/token' || typeof scope !== 'string')
    return false;
  const signed = Buffer.from(`${header}.${payload}`);
  return verify('sha256', signed, createPublicKey(publicKey), Buffer.from(signature, 'base64url'));
}
