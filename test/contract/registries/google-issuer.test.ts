// Credentials for Google's registries by every way of logging in to Google, against a fake that follows the documented wire formats.
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { inspect } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { cloudLogins } from '../../../infra/host/cloud-logins.ts';
import { gkeLogin } from '../../../shared/identity/google-gke.ts';
import type { GoogleIdentity } from '../../../shared/identity/google.ts';
import type { SecretSource } from '../../../shared/identity/secret-source.ts';
import { artifactRegistryIssuer } from '../../../shared/registries/artifact-registry-issuer.ts';
import { Secret } from '../../../shared/telemetry/secret.ts';
import { createAuthority, type Authority } from '../../support/certificates.ts';
import { startCloudFront, type CloudAnswer, type CloudFront } from '../../support/clouds/cloud-front.ts';
import {
  AUDIENCE,
  createFakeGoogle,
  makeKeys,
  SERVICE_ACCOUNT,
  startMetadataServer,
  type FakeGoogle,
} from '../../support/clouds/fake-google.ts';
import { rejectionOf } from '../../support/clouds/rejection.ts';

const HOST = 'europe-docker.pkg.dev';
const TARGET = 'pull@acme.iam.gserviceaccount.com';
const KEYS = makeKeys();
const FOLDER = mkdtempSync(path.join(tmpdir(), 'transship-google-'));
let authority: Authority;
let google: FakeGoogle;
let front: CloudFront;

beforeAll(async () => {
  authority = createAuthority(FOLDER);
  front = await startCloudFront(authority, Object.keys(createFakeGoogle(KEYS).hosts));
});
afterAll(async () => {
  await front[Symbol.asyncDispose]();
  rmSync(FOLDER, { recursive: true });
});
beforeEach(() => {
  google = createFakeGoogle(KEYS);
  front.play(google.hosts);
  vi.stubEnv('HTTPS_PROXY', front.proxy);
  for (const name of [
    'https_proxy',
    'NO_PROXY',
    'no_proxy',
    'GOOGLE_APPLICATION_CREDENTIALS',
    'GCE_METADATA_HOST',
    'GCE_METADATA_IP',
  ])
    vi.stubEnv(name, undefined);
  vi.stubEnv('METADATA_SERVER_DETECTION', 'none');
  vi.stubEnv('CLOUDSDK_CONFIG', FOLDER);
});
afterEach(() => {
  vi.unstubAllEnvs();
});

function source(json: unknown): SecretSource {
  return { name: 'env GOOGLE_KEY', read: () => Promise.resolve(new Secret(JSON.stringify(json))) };
}

function issuer(identity: GoogleIdentity, now?: () => number) {
  return artifactRegistryIssuer({ host: HOST, aliases: ['gcr.io'], env: process.env }, identity, now);
}

/** The configuration that `gcloud iam workload-identity-pools create-cred-config` writes. */
function federation(more: Record<string, unknown> = {}) {
  const file = path.join(FOLDER, `subject-${randomUUID()}`);
  writeFileSync(file, google.settings.subjectToken);
  return {
    type: 'external_account',
    audience: AUDIENCE,
    subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
    token_url: 'https://sts.googleapis.com/v1/token',
    credential_source: { file },
    ...more,
  };
}

function impersonationUrl(email: string): string {
  return `https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/${email}:generateAccessToken`;
}

const MINUTE = 60_000;

function minutesLeft({ issuedAt, expiresAt }: { issuedAt: Date; expiresAt?: Date }): number {
  return Math.round(((expiresAt?.getTime() ?? 0) - issuedAt.getTime()) / MINUTE);
}

describe('a credential for Artifact Registry', () => {
  test('by the key of a service account', async () => {
    const made = issuer({ file: source(google.keyFile()) });
    expect(made).toMatchObject({ hosts: [HOST, 'gcr.io'], id: 'google: the Google credentials in env GOOGLE_KEY' });
    const issued = await made.issue();
    expect(issued).toMatchObject({ username: 'oauth2accesstoken', identity: SERVICE_ACCOUNT });
    expect([issued.secret.reveal()]).toEqual(google.issued);
    expect(minutesLeft(issued)).toBe(60);
    expect(front.requests.map(({ host, path: at }) => host + at)).toEqual(['oauth2.googleapis.com/token']);
  });

  test('is asked for anew at each call', async () => {
    const made = issuer({ file: source(google.keyFile()) });
    const [first, second] = [await made.issue(), await made.issue()];
    expect(first.secret.reveal()).not.toBe(second.secret.reveal());
  });

  test('by a user', async () => {
    const { refreshToken } = google.settings;
    const json = {
      type: 'authorized_user',
      client_id: 'c',
      client_secret: `s-${randomUUID()}`,
      refresh_token: refreshToken,
    };
    expect(minutesLeft(await issuer({ file: source(json) }).issue())).toBe(60);
  });

  test('by federation lives as its subject token, whatever is said of it, and says so', async () => {
    const exp = Math.floor(Date.now() / 1000) + 15 * 60;
    const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
    google.settings.subjectToken = `${part({ alg: 'RS256' })}.${part({ exp, sub: randomUUID() })}.c2ln`;
    const issued = await issuer({ file: source(federation()) }).issue();
    expect(minutesLeft(issued)).toBe(15);
    expect(issued.identity).toBe(
      'principal of projects/123/locations/global/workloadIdentityPools/pool/providers/cluster',
    );
    expect(issued.warnings).toEqual([expect.stringMatching(/15 min: impersonate a service account/)]);
  });

  test('by federation without an end that is told is not kept', async () => {
    google.settings.expiresInSeconds = undefined;
    expect(minutesLeft(await issuer({ file: source(federation()) }).issue())).toBe(5);
  });

  test('by federation with impersonation lives for an hour', async () => {
    google.settings.impersonable.add(TARGET);
    const json = federation({ service_account_impersonation_url: impersonationUrl(TARGET) });
    const issued = await issuer({ file: source(json) }).issue();
    expect(issued.identity).toBe(TARGET);
    expect(issued.warnings).toBeUndefined();
    expect(minutesLeft(issued)).toBe(60);
    expect(issued.secret.reveal()).toBe(google.issued.at(-1));
  });

  test('by the service account that the configuration wants, through the one that the credentials act as', async () => {
    google.settings.impersonable.add(TARGET);
    const json = federation({ service_account_impersonation_url: impersonationUrl(SERVICE_ACCOUNT) });
    const issued = await issuer({ impersonate: TARGET, file: source(json) }).issue();
    expect(issued.identity).toBe(TARGET);
    const [, asked] = front.requests;
    expect(JSON.parse(asked?.body ?? '')).toEqual({
      scope: ['https://www.googleapis.com/auth/cloud-platform'],
      lifetime: '3600s',
      delegates: [`projects/-/serviceAccounts/${SERVICE_ACCOUNT}`],
    });
  });

  test.each([3_600_000, -3_600_000])(
    "by impersonation ends on our clock, with Google's %d ms off",
    async (offsetMs) => {
      google.settings.clockOffsetMs = offsetMs;
      google.settings.impersonable.add(TARGET);
      const issued = await issuer({ impersonate: TARGET, file: source(google.keyFile()) }).issue();
      expect(minutesLeft(issued)).toBe(60);
    },
  );

  test('by the default credentials in a file', async () => {
    const file = path.join(FOLDER, `adc-${randomUUID()}.json`);
    writeFileSync(file, JSON.stringify(google.keyFile()));
    vi.stubEnv('GOOGLE_APPLICATION_CREDENTIALS', file);
    const issued = await issuer({}).issue();
    expect(issued.identity).toBe(SERVICE_ACCOUNT);
    expect(front.requests).toHaveLength(1);
  });

  test('by the metadata server, with what is left of its life', async () => {
    await using metadata = await startMetadataServer(google);
    vi.stubEnv('GCE_METADATA_HOST', metadata.host);
    vi.stubEnv('NO_PROXY', '127.0.0.1');
    vi.stubEnv('METADATA_SERVER_DETECTION', 'assume-present');
    const issued = await issuer({}).issue();
    expect(minutesLeft(issued)).toBe(30);
    expect([issued.secret.reveal()]).toEqual(google.issued);
  });
});

describe('a cluster of GKE', () => {
  test('is found by its API, and takes a token that says who asks', async () => {
    google.settings.impersonable.add(TARGET);
    const login = await gkeLogin(
      { project: 'acme', location: 'europe-west1', cluster: 'prod' },
      { env: process.env, now: Date.now },
      { file: source(google.keyFile()) },
    );
    expect(login).toMatchObject({
      server: 'https://203.0.113.7',
      certificateAuthority: expect.stringContaining('BEGIN CERTIFICATE'),
    });
    const { token, expiresAt } = await login.token();
    expect(token.reveal()).toBe(google.issued.at(-1));
    expect(expiresAt.getTime()).toBeGreaterThan(Date.now() + 55 * MINUTE);
    const claims = new URLSearchParams(front.requests[0]?.body).get('assertion')?.split('.')[1] ?? '';
    expect(Buffer.from(claims, 'base64url').toString()).toContain('userinfo.email');
  });

  test('takes the credentials that the configuration refers to, as functions have them', async () => {
    const keyFile = new Secret(JSON.stringify(google.keyFile()));
    const logins = cloudLogins({ env: process.env, readSecret: () => Promise.resolve(keyFile) });
    const cluster = { project: 'acme', location: 'europe-west1', cluster: 'prod' };
    const login = await logins.gke?.({ ...cluster, credentials: { awsSecret: { id: 'transship/google' } } });
    expect((await login?.token())?.token.reveal()).toBe(google.issued.at(-1));
  });

  test('that is not there says what to check', async () => {
    const settings = { project: 'acme', location: 'europe-west1', cluster: 'gone' };
    const login = gkeLogin(settings, { env: process.env, now: Date.now }, { file: source(google.keyFile()) });
    await expect(login).rejects.toMatchObject({ code: 'not-found', hint: expect.stringContaining('clusterViewer') });
  });
});

type Refusal = {
  name: string;
  identity: () => GoogleIdentity;
  fault?: [string, CloudAnswer | undefined];
  code: string;
  hint: RegExp;
};

const key = (): GoogleIdentity => ({ file: source(google.keyFile()) });
const acting = (): GoogleIdentity => ({ ...key(), impersonate: TARGET });
const TOKEN = 'oauth2.googleapis.com';

const REFUSALS: Refusal[] = [
  {
    name: 'no credentials at all',
    identity: () => ({}),
    code: 'unauthorized',
    hint: /gcloud auth application-default login/,
  },
  {
    name: 'a key that Google does not know any more',
    identity: () => ({ file: source({ ...createFakeGoogle(makeKeys()).keyFile() }) }),
    code: 'unauthorized',
    hint: /key deleted.*clock of this machine/,
  },
  {
    name: 'credentials that are no JSON',
    identity: () => ({ file: { name: 'env X', read: () => Promise.resolve(new Secret('{"private_key": secret')) } }),
    code: 'invalid-config',
    hint: /download the JSON anew/,
  },
  {
    name: 'credentials without a key',
    identity: () => ({ file: source({ type: 'service_account', client_email: 'a@b' }) }),
    code: 'invalid-config',
    hint: /download/,
  },
  {
    name: 'credentials of an unknown type',
    identity: () => ({ file: source({ type: 'gdch_service_account' }) }),
    code: 'invalid-config',
    hint: /download/,
  },
  {
    name: 'a key that is none',
    identity: () => ({ file: source({ ...google.keyFile(), private_key: 'nonsense' }) }),
    code: 'invalid-config',
    hint: /whole/,
  },
  {
    name: 'a federation that would send tokens elsewhere',
    identity: () => ({ file: source(federation({ token_url: 'https://sts.googleapis.com.evil.example/token' })) }),
    code: 'invalid-config',
    hint: /create-cred-config/,
  },
  {
    name: 'an impersonation that would send tokens elsewhere',
    identity: () => ({
      file: source(
        federation({
          service_account_impersonation_url: 'https://evil.example/serviceAccounts/a@b:generateAccessToken',
        }),
      ),
    }),
    code: 'invalid-config',
    hint: /download/,
  },
  {
    name: 'a subject token that is not there',
    identity: () => ({ file: source(federation({ credential_source: { file: '/nonexistent/token' } })) }),
    code: 'invalid-config',
    hint: /subject token/,
  },
  {
    name: 'a subject token that Google refuses',
    identity: () => {
      const file = source(federation());
      google.settings.subjectToken = 'other';
      return { file };
    },
    code: 'unauthorized',
    hint: /subject token over/,
  },
  {
    name: 'an account that may not be acted as',
    identity: acting,
    code: 'denied',
    hint: /serviceAccountTokenCreator on pull@acme/,
  },
  {
    name: 'an answer of 500',
    identity: acting,
    fault: ['iamcredentials.googleapis.com', { status: 503 }],
    code: 'registry-unavailable',
    hint: /later/,
  },
  {
    name: 'an answer of 429',
    identity: acting,
    fault: ['iamcredentials.googleapis.com', { status: 429 }],
    code: 'too-many-requests',
    hint: /later/,
  },
  {
    name: 'garbage',
    identity: acting,
    fault: ['iamcredentials.googleapis.com', { status: 200, body: '<html>' }],
    code: 'invalid-response',
    hint: /proxy/,
  },
  {
    name: 'an impersonation without a token',
    identity: acting,
    fault: [
      'iamcredentials.googleapis.com',
      { status: 200, body: { accessToken: '', expireTime: '2030-01-01T00:00:00Z' } },
    ],
    code: 'invalid-response',
    hint: /proxy/,
  },
  {
    name: 'a redirect',
    identity: acting,
    fault: ['iamcredentials.googleapis.com', { status: 302, headers: { location: 'https://evil.example/' } }],
    code: 'invalid-response',
    hint: /address/,
  },
  {
    name: 'an empty token',
    identity: key,
    fault: [TOKEN, { status: 200, body: { access_token: '', expires_in: 3599 } }],
    code: 'invalid-response',
    hint: /proxy/,
  },
  {
    name: 'a token endpoint that refuses',
    identity: key,
    fault: [TOKEN, { status: 403, body: { error: 'access_denied' } }],
    code: 'denied',
    hint: /valid/,
  },
  {
    name: 'a connection that is cut',
    identity: acting,
    fault: ['iamcredentials.googleapis.com', undefined],
    code: 'connection-failed',
    hint: /network/,
  },
];

test.each(REFUSALS)(
  'says what is wrong and what to do, and no secret: $name',
  async ({ identity, fault, code, hint }) => {
    if (fault !== undefined) front.faults.set(fault[0], () => fault[1]);
    const warn = vi.spyOn(console, 'warn');
    const failure = await rejectionOf(issuer(identity()).issue());
    expect(failure).toMatchObject({ code, hint: expect.stringMatching(hint) });
    const shown = inspect(failure, { depth: 10, showHidden: true });
    for (const secret of [
      ...google.issued,
      google.settings.subjectToken,
      google.keyFile()['private_key'] ?? '',
      'secret',
    ])
      expect(shown).not.toContain(secret);
    expect(shown).not.toMatch(/eyJ|BEGIN PRIVATE/);
    expect(warn).not.toHaveBeenCalled();
    warn.mockRestore();
  },
);

test('what a key signed for the token server follows no redirect of it', async () => {
  const location = 'https://iamcredentials.googleapis.com/elsewhere';
  front.faults.set(TOKEN, () => ({ status: 307, headers: { location } }));
  expect(await rejectionOf(issuer(key()).issue())).toMatchObject({ code: 'invalid-response' });
  expect(new Set(front.requests.map(({ host }) => host))).toEqual(new Set([TOKEN]));
});

test('an issue that is called off ends at once', async () => {
  const waiting = Promise.withResolvers<CloudAnswer>();
  front.faults.set(TOKEN, () => waiting.promise);
  const caller = new AbortController();
  const failure = rejectionOf(issuer(key()).issue({ signal: caller.signal }));
  await vi.waitUntil(() => front.requests.length > 0);
  caller.abort();
  expect(await failure).toMatchObject({ code: 'interrupted' });
  waiting.resolve({ status: 500 });
});
