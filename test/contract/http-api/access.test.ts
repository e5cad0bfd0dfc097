// Who may do what: every route of the OpenAPI document with no, junk, expired, revoked, too weak and right credentials. A route that is
// added later is in the matrix by itself.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Scope } from '../../../functions/http-api/api-token.ts';
import { configOf, CONFIG, openApiBed, type Ask } from '../../support/http-api/api-bed.ts';

type Route = { method: string; path: string; scope: Scope | undefined };

const bed = await openApiBed({}, configOf(CONFIG.replace('api:\n', 'api:\n  rateLimit: 100000\n')));
const routes = await readRoutes();

/** Those that need no token, on purpose. */
const PUBLIC = ['GET /livez', 'GET /readyz', 'GET /metrics', 'GET /openapi.json', 'GET /docs'];
const WITH_OWN_CREDENTIALS = [
  ...['', '/{token}'].map((tail) => `POST /hooks/{kind}/{receiver}${tail}`),
  ...['', '/{token}', '/{cluster}/{token}'].flatMap((tail) => [
    `POST /k8s/admission${tail}`,
    `POST /k8s/events${tail}`,
  ]),
  // its own logins, and public keys
  'GET /token',
  'POST /token',
  'GET /token/jwks',
];

const SCOPES = ['read', 'mirror', 'credentials', 'grants'] as const satisfies Scope[];

let tokens: Record<'read' | 'mirror' | 'credentials' | 'grants' | 'admin' | 'limited' | 'expired' | 'revoked', string>;

beforeAll(async () => {
  const expiresAt = new Date(bed.clock.now().getTime() + 1000);
  tokens = {
    read: await bed.token({ scopes: ['read'] }),
    mirror: await bed.token({ scopes: ['mirror'] }),
    credentials: await bed.token({ scopes: ['credentials'] }),
    grants: await bed.token({ scopes: ['grants'] }),
    admin: await bed.token({ scopes: ['admin'] }),
    limited: await bed.token({ scopes: ['admin'], rules: ['base'] }),
    expired: await bed.token({ scopes: ['admin'], expiresAt }),
    revoked: await bed.token({ scopes: ['admin'], id: 'revoked' }),
  };
  bed.clock.step(1000);
  await bed.store.apiTokens.revoke('revoked');
});

afterAll(() => bed.close());

it('leaves nothing open but what is meant to be', () => {
  const open = routes.filter(({ scope }) => scope === undefined).map(({ method, path }) => `${method} ${path}`);
  expect(open.sort()).toEqual([...PUBLIC, ...WITH_OWN_CREDENTIALS].sort());
});

it('has every route of the application in the document', () => {
  const known = new Set(routes.map(({ method, path }) => `${method} ${path.replaceAll(/\{(\w+)\}/g, ':$1')}`));
  const mounted = bed.app.routes
    .filter(({ method, path }) => method !== 'ALL' && !(method === 'OPTIONS' && path.startsWith('/hooks/')))
    .map(({ method, path }) => `${method} ${path}`);
  expect(mounted.filter((one) => !known.has(one))).toEqual([]);
  expect(mounted.length).toBe(known.size);
});

describe.each(
  routes.filter(({ scope }) => scope !== undefined).map((route) => [`${route.method} ${route.path}`, route] as const),
)('%s', (_, { method, path, scope }) => {
  const send = (ask: Ask = {}) => {
    const body = method === 'POST' ? { body: {} } : {};
    return bed.ask(path.replaceAll(/\{\w+\}/g, 'none'), { method, ...body, ...ask });
  };

  it('asks who it is', async () => {
    const answer = await send();
    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="transship"');
    expect(await answer.json()).toMatchObject({ status: 401, code: 'unauthorized' });
  });

  it.each([
    ['junk', 'Bearer junk'],
    ['another scheme', 'Basic dXNlcjpwYXNz'],
    ['nothing behind the scheme', 'Bearer '],
    ['a token that nobody made', `Bearer tsk_${'a'.repeat(43)}`],
    ['a JWT that nobody signed', `Bearer ${jwt({ alg: 'none' })}`],
    ['a JWT of another issuer', `Bearer ${jwt({ alg: 'RS256', kid: 'one' })}`],
  ])('refuses %s', async (_name, authorization) => {
    const answer = await send({ headers: { authorization } });
    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toContain('error="invalid_token"');
  });

  it.each(['expired', 'revoked'] as const)('refuses a token that is %s', async (name) => {
    expect((await send({ token: tokens[name] })).status).toBe(401);
  });

  it('refuses every token without its scope, and names it', async () => {
    const enough = ['admin', scope, ...(scope === 'read' ? ['mirror'] : [])];
    for (const weak of SCOPES.filter((one) => !enough.includes(one))) {
      const answer = await send({ token: tokens[weak] });
      expect([weak, answer.status]).toEqual([weak, 403]);
      expect(answer.headers.get('www-authenticate')).toContain(`scope="${scope}"`);
      expect(JSON.stringify(await answer.json())).toContain(scope);
    }
  });

  it('lets the right tokens in', async () => {
    const right = ['admin', scope, ...(scope === 'read' ? ['mirror'] : [])] as Scope[];
    for (const token of right) expect((await send({ token: tokens[token] })).status).not.toBeOneOf([401, 403]);
  });

  it('lets the owner of the data folder in without a token', async () => {
    const answer = await send({ peer: { address: '', isOwner: true } });
    expect(answer.status).not.toBeOneOf([401, 403]);
  });

  it('is for administrators without limits, if for administrators', async () => {
    expect((await send({ token: tokens.limited })).status === 403).toBe(scope === 'admin');
  });
});

it.each(PUBLIC.filter((one) => one !== 'GET /metrics'))('needs no token for %s', async (route) => {
  const [method = '', path = ''] = route.split(' ');
  expect((await bed.ask(path, { method })).status).toBe(200);
});

describe('GET /metrics', () => {
  const local = { address: '127.0.0.1', isOwner: false };

  it('is for this machine and for tokens', async () => {
    expect((await bed.ask('/metrics', { peer: local })).status).toBe(200);
    expect((await bed.ask('/metrics', { peer: { ...local, address: '::1' } })).status).toBe(200);
    expect((await bed.ask('/metrics')).status).toBe(401);
    expect((await bed.ask('/metrics', { token: tokens.grants })).status).toBe(403);
    expect((await bed.ask('/metrics', { token: tokens.read })).status).toBe(200);
  });

  it.each<[string, Record<string, string>, string?]>([
    ['a proxy that names the client', { 'x-forwarded-for': '203.0.113.7' }],
    ['a proxy of the standard', { forwarded: 'for=203.0.113.7' }],
    ['a proxy that names itself', { via: '1.1 front' }],
    ['another name', {}, 'http://transship.example.com/metrics'],
    ['a name that begins like this machine', {}, 'http://localhost.example.com/metrics'],
  ])('needs a token for who comes from here by %s', async (_, headers, url = '/metrics') => {
    expect((await bed.ask(url, { peer: local, headers })).status).toBe(401);
    expect((await bed.ask(url, { peer: local, headers, token: tokens.read })).status).toBe(200);
  });

  it('is for nobody without a token behind a proxy, whose every client seems to be here', async () => {
    const config = configOf(CONFIG.replace('api:\n', 'api:\n  trustProxy: true\n'));
    const proxied = await openApiBed({}, config);
    expect((await proxied.ask('/metrics', { peer: local })).status).toBe(401);
    expect((await proxied.ask('/metrics', { peer: local, headers: { 'x-forwarded-for': '127.0.0.1' } })).status).toBe(
      401,
    );
    await proxied.close();
  });
});

async function readRoutes(): Promise<Route[]> {
  const document = (await (await bed.ask('/openapi.json')).json()) as {
    paths: Record<string, Record<string, { security: Record<string, Scope[]>[] }>>;
  };
  return Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, { security }]) => ({
      method: method.toUpperCase(),
      path,
      scope: security[0]?.['bearer']?.[0],
    })),
  );
}

function jwt(header: object): string {
  const claims = { iss: 'https://elsewhere.example.com', aud: 'transship', sub: 'x', exp: 4_102_444_800 };
  const [head, body] = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'));
  return `${head}.${body}.c2ln`;
}
