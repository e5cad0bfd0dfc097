// Tokens of OIDC issuers: only of those that are configured, for us, in time, signed by their keys, with the claims that must match.
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWTPayload } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openApiBed, type ApiBed } from '../../support/http-api/api-bed.ts';
import type { ManualClock } from '../../support/jobs/manual-clock.ts';

const ISSUER = 'https://issuer.example.com';
const JWKS_URL = `${ISSUER}/keys`;

type Key = { privateKey: CryptoKey; publicKey: CryptoKey };

let bed: ApiBed<ManualClock>;
let rsa: Key;
let curve: Key;
let stranger: Key;
let fetched: string[] = [];
let isDown = false;

beforeAll(async () => {
  [rsa, curve, stranger] = await Promise.all([
    generateKeyPair('RS256'),
    generateKeyPair('ES256'),
    generateKeyPair('RS256'),
  ]);
  const keys = [
    { ...(await exportJWK(rsa.publicKey)), kid: 'rsa' },
    { ...(await exportJWK(curve.publicKey)), kid: 'curve' },
  ];
  const documents: Record<string, unknown> = {
    [`${ISSUER}/.well-known/openid-configuration`]: { issuer: ISSUER, jwks_uri: JWKS_URL },
    [JWKS_URL]: { keys },
  };
  bed = await openApiBed({
    fetchJson: async (url) => {
      fetched.push(url.href);
      if (isDown) throw new Error('down');
      return documents[url.href];
    },
  });
});

beforeEach(() => {
  bed.clock.step(60_000);
  isDown = false;
  fetched = [];
});

afterAll(() => bed.close());

type Forgery = { claims?: JWTPayload; alg?: string; kid?: string; key?: CryptoKey };

async function tokenOf({
  claims = {},
  alg = 'RS256',
  kid = 'rsa',
  key = rsa.privateKey,
}: Forgery = {}): Promise<string> {
  const now = bed.clock.now().getTime() / 1000;
  const good = {
    iss: ISSUER,
    aud: 'transship',
    sub: 'repo:acme/app',
    exp: now + 300,
    iat: now,
    repository: 'acme/app',
  };
  return new SignJWT({ ...good, ...claims }).setProtectedHeader({ alg, kid }).sign(key);
}

async function statusOf(token: string): Promise<number> {
  return (await bed.ask('/v1/jobs', { token })).status;
}

it('lets a good token in, with the scopes and rules of its entry', async () => {
  const token = await tokenOf();
  expect(await statusOf(token)).toBe(200);
  const body = { source: 'src.example.com/team/app:1', rule: 'base' };
  expect((await bed.ask('/v1/mirrors', { method: 'POST', token, body })).status).toBe(202);
  expect((await bed.ask('/v1/rules/tools/sync', { method: 'POST', token })).status).toBe(404);
  expect((await bed.ask('/v1/api-tokens', { token })).status).toBe(403);
  expect(bed.lines.findLast(({ message }) => message === 'request')?.fields['client']).toBe(
    `oidc:${ISSUER} repo:acme/app`,
  );
});

it('lets one in that is signed with ES256', async () => {
  expect(await statusOf(await tokenOf({ alg: 'ES256', kid: 'curve', key: curve.privateKey }))).toBe(200);
});

describe('refuses a token', () => {
  const now = (): number => bed.clock.now().getTime() / 1000;

  it.each<[string, () => Forgery]>([
    ['of another issuer', () => ({ claims: { iss: 'https://evil.example.com' } })],
    ['of an issuer with another spelling', () => ({ claims: { iss: `${ISSUER}/` } })],
    ['for somebody else', () => ({ claims: { aud: 'others' } })],
    ['that has expired', () => ({ claims: { exp: now() - 61 } })],
    ['without an end', () => ({ claims: { exp: undefined as never } })],
    ['that is not valid yet', () => ({ claims: { nbf: now() + 120 } })],
    ['issued in the future', () => ({ claims: { iat: now() + 120 } })],
    ['without a subject', () => ({ claims: { sub: undefined as never } })],
    ['of another repository', () => ({ claims: { repository: 'evil/app' } })],
    ['whose claim goes past a "/"', () => ({ claims: { repository: 'acme/app/evil' } })],
    ['whose claim only begins like it', () => ({ claims: { repository: 'xacme/app' } })],
    ['without the claim', () => ({ claims: { repository: undefined } })],
    ['whose claim is an object', () => ({ claims: { repository: { toString: 'acme/app' } } })],
    ['signed by somebody else', () => ({ key: stranger.privateKey })],
    ['signed with a key that is not published', () => ({ kid: 'other' })],
    ['signed with the key of another algorithm', () => ({ alg: 'ES256', kid: 'rsa', key: curve.privateKey })],
  ])('%s', async (_, forgery) => {
    const token = await tokenOf(forgery());
    const answer = await bed.ask('/v1/jobs', { token });
    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toContain('error="invalid_token"');
  });

  it('with no algorithm, or with a public key as a shared secret', async () => {
    const [, claims] = (await tokenOf()).split('.');
    const head = (header: object) => Buffer.from(JSON.stringify(header)).toString('base64url');
    expect(await statusOf(`${head({ alg: 'none', kid: 'rsa' })}.${claims}.x`)).toBe(401);
    const secret = new TextEncoder().encode(JSON.stringify(await exportJWK(rsa.publicKey)));
    const forged = await new SignJWT({
      iss: ISSUER,
      aud: 'transship',
      sub: 'x',
      exp: now() + 300,
      repository: 'acme/app',
    })
      .setProtectedHeader({ alg: 'HS256', kid: 'rsa' })
      .sign(secret);
    expect(await statusOf(forged)).toBe(401);
  });
});

it('asks nobody for the keys of an issuer that is not configured', async () => {
  await statusOf(await tokenOf({ claims: { iss: 'https://evil.example.com' } }));
  expect(fetched).toEqual([]);
});

it('says 503 while the keys cannot be had', async () => {
  isDown = true;
  const fresh = await openApiBed({ fetchJson: () => Promise.reject(new Error('down')) });
  const answer = await fresh.ask('/v1/jobs', { token: await tokenOf() });
  expect([answer.status, Number(answer.headers.get('retry-after')) > 0]).toEqual([503, true]);
  await fresh.close();
});
