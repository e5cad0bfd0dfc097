// Token requests as token servers want them, and every kind of answer.
import { expect, test } from 'vitest';
import type { TokenRequest, TokenResponse } from '../../../shared/oci/auth/authorization.ts';
import type { Credential } from '../../../shared/oci/auth/credential.ts';
import { createTokenExchange } from '../../../shared/oci/auth/token-exchange.ts';
import { Secret } from '../../../shared/telemetry/secret.ts';

const basic = { kind: 'basic', username: 'alice', password: new Secret('pässword&') } satisfies Credential;
const identity = { kind: 'identityToken', token: new Secret('refresh-canary') } satisfies Credential;
const anonymous = { kind: 'anonymous' } satisfies Credential;
const SCOPES = ['repository:a:pull,push', 'repository:b:pull'];

function challengeAt(realm = 'https://auth.acme.io/token') {
  return { scheme: 'bearer' as const, realm: new URL(realm), service: 'registry.acme.io' };
}

type Answer = { status: number; body?: unknown; headers?: Record<string, string> };

function serverOf(answer: (request: TokenRequest) => Answer) {
  const requests: TokenRequest[] = [];
  const exchange = createTokenExchange({
    registry: 'registry.acme.io',
    now: () => 5000,
    exchange: async (request): Promise<TokenResponse> => {
      requests.push(request);
      const { status, body = {}, headers = {} } = answer(request);
      const text = typeof body === 'string' ? body : JSON.stringify(body);
      return { status, headers, body: new TextEncoder().encode(text) };
    },
  });
  return { requests, exchange };
}

const granting = (): Answer => ({ status: 200, body: { token: 'T' } });

test('GET repeats the scope parameter and logs in by Basic', async () => {
  const server = serverOf(granting);
  await server.exchange(challengeAt(), SCOPES, basic);
  const [request] = server.requests;
  expect(request?.method).toBe('GET');
  expect(request?.url.searchParams.getAll('scope')).toEqual(SCOPES);
  expect(request?.url.searchParams.get('service')).toBe('registry.acme.io');
  const [scheme, code] = request?.headers['authorization']?.split(' ') ?? [];
  expect([scheme, Buffer.from(code ?? '', 'base64').toString()]).toEqual(['Basic', 'alice:pässword&']);
});

test('keeps the own query of a realm byte for byte', async () => {
  const server = serverOf(granting);
  await server.exchange(challengeAt('https://auth.acme.io/token?state=a~b%20c'), [], anonymous);
  expect(server.requests[0]?.url.search).toBe('?state=a~b%20c&service=registry.acme.io');
});

test('an anonymous request carries no Authorization', async () => {
  const server = serverOf(granting);
  await server.exchange(challengeAt(), SCOPES, anonymous);
  expect(server.requests[0]?.headers).toEqual({});
});

test('POST trades an identity token with one scope parameter, and never in the URL', async () => {
  const server = serverOf(() => ({ status: 200, body: { access_token: 'T' } }));
  const grant = await server.exchange(challengeAt(), SCOPES, identity);
  const [request] = server.requests;
  expect(grant.token.reveal()).toBe('T');
  expect(request?.method).toBe('POST');
  expect(Object.fromEntries(new URLSearchParams(request?.form))).toEqual({
    grant_type: 'refresh_token',
    refresh_token: 'refresh-canary',
    service: 'registry.acme.io',
    client_id: 'transship',
    scope: SCOPES.join(' '),
  });
  expect(request?.url.href).toBe('https://auth.acme.io/token');
  expect(request?.headers['authorization']).toBeUndefined();
});

test.each([404, 405, 401])('falls back to GET where POST is answered %i, and remembers it', async (status) => {
  const server = serverOf(({ method }) => (method === 'POST' ? { status } : granting()));
  await server.exchange(challengeAt(), SCOPES, identity);
  await server.exchange(challengeAt(), SCOPES, identity);
  expect(server.requests.map(({ method }) => method)).toEqual(['POST', 'GET', 'GET']);
  const code = server.requests[1]?.headers['authorization']?.slice('Basic '.length) ?? '';
  expect(Buffer.from(code, 'base64').toString()).toBe('<token>:refresh-canary');
});

test.each([404, 405])('falls back to the password form of POST where GET is answered %i', async (status) => {
  const server = serverOf(({ method }) => (method === 'GET' ? { status } : granting()));
  await server.exchange(challengeAt(), SCOPES, basic);
  expect(server.requests.map(({ method }) => method)).toEqual(['GET', 'POST']);
  expect(Object.fromEntries(new URLSearchParams(server.requests[1]?.form))).toMatchObject({
    grant_type: 'password',
    username: 'alice',
    password: 'pässword&',
  });
});

test('a refused identity token stays a refusal where the server does not know GET', async () => {
  const server = serverOf(({ method }) => ({ status: method === 'POST' ? 401 : 404 }));
  await expect(server.exchange(challengeAt(), SCOPES, identity)).rejects.toMatchObject({ code: 'unauthorized' });
});

test('a token server that knows neither form is told as such, after two requests', async () => {
  const server = serverOf(() => ({ status: 404 }));
  await expect(server.exchange(challengeAt(), SCOPES, basic)).rejects.toMatchObject({
    code: 'registry-error',
    details: { status: 404 },
  });
  expect(server.requests).toHaveLength(2);
});

test.each<[string, unknown, string, number]>([
  ['token', { token: 'T', expires_in: 300 }, 'T', 300_000],
  ['access_token', { access_token: 'A', expires_in: 300 }, 'A', 300_000],
  ['an empty token beside an access_token', { token: '', access_token: 'A' }, 'A', 60_000],
  ['no expires_in', { token: 'T' }, 'T', 60_000],
  ['a short expires_in', { token: 'T', expires_in: 1 }, 'T', 60_000],
  ['a negative expires_in', { token: 'T', expires_in: -5 }, 'T', 60_000],
  ['expires_in as text', { token: 'T', expires_in: '120' }, 'T', 120_000],
  ['expires_in as nonsense', { token: 'T', expires_in: {} }, 'T', 60_000],
  ['an endless expires_in', { token: 'T', expires_in: 1e300 }, 'T', 86_400_000],
  ['a skewed issued_at', { token: 'T', expires_in: 300, issued_at: '1999-01-01T00:00:00Z' }, 'T', 300_000],
])('reads an answer with %s', async (_name, body, token, lifeMs) => {
  const server = serverOf(() => ({ status: 200, body }));
  const grant = await server.exchange(challengeAt(), SCOPES, anonymous);
  expect({ ...grant, token: grant.token.reveal() }).toEqual({ token, lifeMs, receivedAt: 5000 });
});

test.each<[string, unknown]>([
  ['no token', {}],
  ['a token that is no text', { token: 1 }],
  ['a token with a line break', { token: 'a\r\nx: y' }],
  ['a token with a space', { token: 'a b' }],
  ['an array', []],
  ['null', 'null'],
  ['HTML', '<html>'],
  ['more than 64 KiB', { token: 'T', pad: 'x'.repeat(70_000) }],
])('refuses an answer with %s', async (_name, body) => {
  const server = serverOf(() => ({ status: 200, body }));
  await expect(server.exchange(challengeAt(), SCOPES, anonymous)).rejects.toMatchObject({
    code: 'invalid-response',
    hint: expect.stringContaining('token server'),
  });
});

test.each<[number, string, boolean, number | undefined]>([
  [401, 'unauthorized', false, undefined],
  [403, 'unauthorized', false, undefined],
  [400, 'registry-error', false, undefined],
  [302, 'invalid-response', false, undefined],
  [429, 'too-many-requests', true, 7000],
  [503, 'registry-unavailable', true, 7000],
])('status %i of the token server is %s', async (status, code, retryable, retryAfterMs) => {
  const server = serverOf(() => ({ status, headers: { 'retry-after': '7' } }));
  await expect(server.exchange(challengeAt(), SCOPES, basic)).rejects.toMatchObject({
    code,
    retryable,
    retryAfterMs,
  });
});

test('reads a Retry-After that names a date', async () => {
  const headers = { 'retry-after': new Date(65_000).toUTCString() };
  const server = serverOf(() => ({ status: 429, headers }));
  await expect(server.exchange(challengeAt(), [], basic)).rejects.toMatchObject({ retryAfterMs: 60_000 });
});

test('a wrong password names the realm host and the login, but no query, secret or body', async () => {
  const server = serverOf(() => ({ status: 401, body: { echo: 'body-canary' } }));
  const failure: unknown = await server
    .exchange(challengeAt('https://auth.acme.io/token?q=query-canary'), SCOPES, basic)
    .catch((error: unknown) => error);
  expect(failure).toMatchObject({
    message: 'the token server auth.acme.io of registry.acme.io refused the login of "alice" (401)',
    hint: expect.stringContaining('docker login registry.acme.io'),
    details: { anonymous: false, realm: 'auth.acme.io' },
  });
  expect(JSON.stringify(failure) + String(failure)).not.toMatch(/canary|pässword|YWxpY2U/);
});
