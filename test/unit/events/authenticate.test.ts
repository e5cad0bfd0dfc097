// Who is let in: the signatures, headers and tokens of every sender, two secrets while one is changed, and nothing else.
import { createHmac, generateKeyPairSync } from 'node:crypto';
import { exportJWK, type JSONWebKeySet, SignJWT } from 'jose';
import { describe, expect, it } from 'vitest';
import type { AuthContext } from '../../../shared/events/authenticate.ts';
import { PUSH_SOURCES, isReceiverKind, receivePush } from '../../../shared/events/index.ts';
import type { ReceiverKind } from '../../../shared/events/push-event.ts';
import type { ReceiverAuth } from '../../../shared/events/receiver.ts';
import { createSigningKeys } from '../../../shared/events/signing-keys.ts';
import { TransshipError } from '../../../shared/errors.ts';
import { Secret } from '../../../shared/telemetry/secret.ts';
import { AUTH_VECTORS } from './fixtures.ts';

const REFUSED = { code: 'webhook-unauthorized', retryable: false };

const vectors = (outcome: 'accept' | 'reject') =>
  AUTH_VECTORS.requests.filter((vector) => vector.expect === outcome).map((vector) => [vector.name, vector] as const);

it.each(vectors('accept'))('accepts %s', async (_, { kind, auth, headers, body }) => {
  await expect(receive(kind, auth, headers, body)).resolves.toBeInstanceOf(Array);
});

it.each(vectors('reject'))('refuses %s', async (_, { kind, auth, headers, body }) => {
  await expect(receive(kind, auth, headers, body)).rejects.toMatchObject(REFUSED);
});

describe('a secret', () => {
  const auth = { mode: 'header', name: 'X-Transship-Token', secrets: ['new', new Secret('old')] } as const;

  it('may be given as a Secret or as text, under a header name of any case', async () => {
    await expect(receive('acr', auth, { 'x-transship-token': 'old' })).resolves.toEqual([]);
    await expect(receive('acr', auth, { 'x-transship-token': 'new' })).resolves.toEqual([]);
    await expect(receive('acr', auth, { 'x-transship-token': '[redacted]' })).rejects.toMatchObject(REFUSED);
  });

  it('is told by its place, so that an old one can be retired', async () => {
    const used: number[] = [];
    const context = { onSecret: (index: number) => used.push(index) };
    await receive('acr', auth, { 'x-transship-token': 'old' }, '{}', context);
    await receive('acr', auth, { 'x-transship-token': 'new' }, '{}', context);
    await receive('acr', auth, { 'x-transship-token': 'none' }, '{}', context).catch(() => undefined);
    expect(used).toEqual([1, 0]);
  });

  it('that is empty lets nobody in, with and without the header', async () => {
    const empty = { ...auth, secrets: [''] };
    await expect(receive('acr', empty, { 'x-transship-token': '' })).rejects.toMatchObject(REFUSED);
    await expect(receive('acr', empty, {})).rejects.toMatchObject(REFUSED);
    await expect(receive('acr', { ...auth, secrets: [] }, { 'x-transship-token': '' })).rejects.toMatchObject(REFUSED);
  });

  it('is not found among the inherited properties of the headers', async () => {
    const inherited = { ...auth, name: 'constructor', secrets: [String(Object)] };
    await expect(receive('acr', inherited, {})).rejects.toMatchObject(REFUSED);
    const strange = { 'x-transship-token': ['old'] } as unknown as Record<string, string>;
    await expect(receive('acr', auth, strange)).rejects.toMatchObject(REFUSED);
  });

  it('does not appear in the refusal', async () => {
    const secret = 'very-secret-value';
    const refused = receive('acr', { ...auth, secrets: [secret] }, { 'x-transship-token': 'given-value' });
    const error: unknown = await refused.catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(TransshipError);
    const shown = JSON.stringify(error, Object.getOwnPropertyNames(error)) + String((error as Error).cause);
    expect(shown).not.toMatch(/very-secret-value|given-value/);
  });
});

it('takes an upper-case signature for a wrong one', async () => {
  const signature = createHmac('sha256', 's').update('{}').digest('hex');
  const auth = { mode: 'hmac', secrets: ['s'] } as const;
  await expect(receive('gitea', auth, { 'x-gitea-signature': signature })).resolves.toEqual([]);
  await expect(receive('gitea', auth, { 'x-gitea-signature': signature.toUpperCase() })).rejects.toMatchObject(REFUSED);
});

it('refuses the modes that a kind does not have', async () => {
  const auths: ReceiverAuth[] = [
    { mode: 'path' },
    { mode: 'platform' },
    { mode: 'hmac', secrets: ['s'] },
    { mode: 'header', name: 'authorization', secrets: ['s'] },
  ];
  for (const kind of Object.keys(PUSH_SOURCES).filter(isReceiverKind)) {
    for (const auth of auths.filter(({ mode }) => !PUSH_SOURCES[kind].modes.includes(mode))) {
      await expect(receive(kind, auth, { authorization: 's' })).rejects.toMatchObject(REFUSED);
    }
  }
});

it('refuses over HTTP what only a platform can prove', async () => {
  const platform = { mode: 'platform' } as const;
  await expect(receive('ecr', platform, {})).resolves.toEqual([]);
  await expect(receive('ecr', platform, {}, '{}', { overHttp: true })).rejects.toMatchObject(REFUSED);
  await expect(receive('quay', { mode: 'path' }, {}, '{}', { overHttp: true })).resolves.toEqual([]);
});

it.each(['__proto__', 'constructor', 'toString', '', 'HARBOR'])('refuses the kind %j, which is none', async (kind) => {
  expect(isReceiverKind(kind)).toBe(false);
  await expect(receive(kind as ReceiverKind, { mode: 'path' }, {})).rejects.toMatchObject(REFUSED);
});

describe('a token', () => {
  const issuer = 'https://issuer.example.test';
  const auth = { mode: 'chainguard-oidc', subject: 'webhook:team', issuer } as const;
  const now = new Date('2030-01-01T00:00:00Z');
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });

  const sign = (claims: Record<string, unknown> = {}, header: Record<string, unknown> = {}) =>
    new SignJWT({ iss: issuer, aud: 'customer', sub: 'webhook:team', exp: at(600), ...claims })
      .setProtectedHeader({ alg: 'RS256', kid: 'one', ...header })
      .sign(privateKey);
  const at = (seconds: number) => now.getTime() / 1000 + seconds;
  const keySet = async (kid: string): Promise<JSONWebKeySet> => ({ keys: [{ ...(await exportJWK(publicKey)), kid }] });

  it('is believed for a minute before and after its time, and no longer', async () => {
    const given = { ...auth, jwks: await keySet('one') };
    const context = { now: () => now };
    const accepted = [{ exp: at(-59) }, { nbf: at(59) }, { iat: at(59) }, { iat: at(-10_000_000) }];
    const rejected = [{ exp: at(-61) }, { nbf: at(61) }, { iat: at(61) }];
    for (const claims of accepted) await expect(present(await sign(claims), given, context)).resolves.toEqual([]);
    for (const claims of rejected)
      await expect(present(await sign(claims), given, context)).rejects.toMatchObject(REFUSED);
  });

  it('must name its key, even if there is only one', async () => {
    const given = { ...auth, jwks: await keySet('one') };
    const context = { now: () => now };
    await expect(present(await sign({}, { kid: undefined }), given, context)).rejects.toMatchObject(REFUSED);
    await expect(present(await sign({}, { kid: 'two' }), given, context)).rejects.toMatchObject(REFUSED);
  });

  it('is refused where no receiver with a whole configuration waits for it', async () => {
    const jwks = await keySet('one');
    const token = await sign({ sub: '', aud: '' });
    await expect(present(token, { ...auth, jwks, subject: '', audience: '' })).rejects.toMatchObject(REFUSED);
    const entra = { mode: 'entra', tenantId: 'common', audience: 'customer', jwks } as const;
    const azp = '4962773b-9cdb-44cf-a8bf-237846a00ab7';
    const common = await sign({ iss: 'https://login.microsoftonline.com/common/v2.0', azp, exp: 4_000_000_000 });
    const headers = { authorization: `Bearer ${common}` };
    await expect(receive('acr-event-grid', entra, headers)).rejects.toMatchObject(REFUSED);
  });

  it('is checked with keys that the issuer publishes, fetched once', async () => {
    const fetched: string[] = [];
    const context = await contextWith(fetched, () => keySet('one'));
    const token = await sign();
    await Promise.all([present(token, auth, context), present(token, auth, context)]);
    await present(token, auth, context);
    expect(fetched).toEqual([`${issuer}/.well-known/openid-configuration`, `${issuer}/keys`]);
  });

  it('is refused without a word to its issuer when it has no key id, another algorithm or no form', async () => {
    const fetched: string[] = [];
    const context = await contextWith(fetched, () => keySet('one'));
    const huge = (await sign()).replace('.', `.${'a'.repeat(20_000)}`);
    const hmac = new SignJWT({}).setProtectedHeader({ alg: 'HS256', kid: 'one' }).sign(new Uint8Array(32));
    for (const token of ['', 'x', 'a.b.c', huge, await hmac, await sign({}, { kid: undefined })]) {
      await expect(present(token, auth, context)).rejects.toMatchObject(REFUSED);
    }
    expect(fetched).toEqual([]);
  });

  it('of an unknown key has the keys fetched again, but not more often than every five minutes', async () => {
    const fetched: string[] = [];
    const clock = { ms: now.getTime() };
    let kid = 'zero';
    const context = await contextWith(fetched, () => keySet(kid), clock);
    await expect(present(await sign(), auth, context)).rejects.toMatchObject(REFUSED);
    kid = 'one';
    clock.ms += 5 * 60_000 - 1;
    await expect(present(await sign(), auth, context)).rejects.toMatchObject(REFUSED);
    expect(fetched).toHaveLength(2);
    clock.ms += 1;
    await expect(present(await sign(), auth, context)).resolves.toEqual([]);
    expect(fetched).toHaveLength(4);
  });

  it('of a key that the issuer has withdrawn is refused within the hour', async () => {
    const clock = { ms: now.getTime() };
    let kid = 'one';
    const context = await contextWith([], () => keySet(kid), clock);
    await expect(present(await sign(), auth, context)).resolves.toEqual([]);
    kid = 'two';
    clock.ms += 60 * 60_000;
    await expect(present(await sign(), auth, context)).rejects.toMatchObject(REFUSED);
  });

  it('asks for a retry while the keys cannot be fetched, and is believed with old ones afterwards', async () => {
    const clock = { ms: now.getTime() };
    let [isUp, kid] = [false, 'one'];
    const context = await contextWith([], () => (isUp ? keySet(kid) : Promise.reject(new Error('down'))), clock);
    const unavailable = { code: 'connection-failed', retryable: true };
    await expect(present(await sign(), auth, context)).rejects.toMatchObject(unavailable);
    isUp = true;
    await expect(present(await sign(), auth, context)).rejects.toMatchObject(unavailable);
    clock.ms += 5_000;
    await expect(present(await sign(), auth, context)).resolves.toEqual([]);
    isUp = false;
    clock.ms += 60 * 60_000;
    await expect(present(await sign(), auth, context)).resolves.toEqual([]);
    // and asked for again before the next hour
    [isUp, kid] = [true, 'two'];
    clock.ms += 5 * 60_000;
    await expect(present(await sign(), auth, context)).rejects.toMatchObject(REFUSED);
  });

  it('is refused where keys would have to be fetched and nobody can', async () => {
    await expect(present(await sign(), auth, { now: () => now })).rejects.toMatchObject(REFUSED);
  });

  it.each([
    ['of another issuer', { issuer: 'https://other.example.test', jwks_uri: `${issuer}/keys` }],
    ['with keys in clear text', { issuer, jwks_uri: 'http://issuer.example.test/keys' }],
    ['without keys', { issuer }],
  ])('is not checked by a discovery document %s', async (_, document) => {
    const fetchJson = async (url: URL) => (url.pathname === '/keys' ? keySet('one') : document);
    const context = { now: () => now, keys: createSigningKeys(fetchJson, () => 0) };
    await expect(present(await sign(), auth, context)).rejects.toMatchObject({ code: 'connection-failed' });
  });

  async function contextWith(
    fetched: string[],
    keys: () => Promise<JSONWebKeySet>,
    clock = { ms: now.getTime() },
  ): Promise<AuthContext> {
    const fetchJson = async (url: URL) => {
      fetched.push(url.href);
      return url.pathname === '/keys' ? keys() : { issuer, jwks_uri: `${issuer}/keys` };
    };
    return { now: () => now, keys: createSigningKeys(fetchJson, () => clock.ms) };
  }
});

function present(token: string, auth: ReceiverAuth, context: AuthContext = {}) {
  return receive('chainguard', auth, { authorization: `Bearer ${token}` }, '{}', context);
}

function receive(
  kind: ReceiverKind,
  auth: ReceiverAuth,
  headers: Record<string, string>,
  body = '{}',
  context: AuthContext = {},
) {
  const receiver = { id: 'test', registry: { id: 'main', hosts: ['registry.example.test'] }, auth };
  return receivePush(kind, { headers, rawBody: Buffer.from(body) }, receiver, context);
}
