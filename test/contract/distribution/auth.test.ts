// Logins of the in-process registry: Basic, and tokens by GET and POST, checked against what each operation needs.
// https://distribution.github.io/distribution/spec/auth/token/
import { describe, expect, test } from 'vitest';
import type { TokenAuth } from '../../../infra/demo/registry/options.ts';
import type { RunningRegistry } from '../../../infra/demo/registry.ts';
import { newBytes, send, startOn, type Answer } from './client.ts';

const users = { alice: 'open:sesame', bob: 'b' };
const basic = (user: string, password: string) => ({
  authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
});
const alice = basic('alice', 'open:sesame');

describe('Basic', () => {
  test('lets in a user with the right password, and challenges everyone else', async () => {
    await using registry = await startOn('memory', { auth: { kind: 'basic', users } });
    expect((await send(registry, 'GET', '/v2/', { headers: alice })).status).toBe(200);
    for (const headers of [{}, basic('alice', 'wrong'), basic('toString', ''), { authorization: 'Basic !' }]) {
      const answer = await send(registry, 'GET', '/v2/', { headers });
      expect([answer.status, answer.codes]).toEqual([401, ['UNAUTHORIZED']]);
      expect(answer.headers.get('www-authenticate')).toMatch(/^Basic realm="/);
    }
  });

  test('answers 403 to a known user without the right, 401 to an unknown one', async () => {
    const access = (user: string | undefined, _: string, action: string) => user === 'alice' || action === 'pull';
    await using registry = await startOn('memory', { auth: { kind: 'basic', users, access } });
    const push = (headers: Record<string, string>) => send(registry, 'POST', '/v2/app/blobs/uploads/', { headers });
    expect((await push(alice)).status).toBe(202);
    expect((await push(basic('bob', 'b'))).codes).toEqual(['DENIED']);
    expect((await push({})).codes).toEqual(['UNAUTHORIZED']);
  });

  test('lets anyone pull where that is allowed, and no more', async () => {
    await using registry = await startOn('memory', { auth: { kind: 'basic', users, anonymousPull: true } });
    const digest = await registry.plantBlob('app', newBytes());
    expect((await send(registry, 'GET', `/v2/app/blobs/${digest}`)).status).toBe(200);
    expect((await send(registry, 'DELETE', `/v2/app/blobs/${digest}`)).status).toBe(401);
    expect((await send(registry, 'GET', '/v2/_catalog')).status).toBe(401);
  });
});

describe('tokens', () => {
  const auth: TokenAuth = { kind: 'token', users };
  const fetchToken = (registry: RunningRegistry, scopes: string[], headers: Record<string, string> = alice) => {
    const query = scopes.map((scope) => `&scope=${encodeURIComponent(scope)}`).join('');
    return send(registry, 'GET', `/token?service=s${query}`, { headers });
  };
  const postForm = (registry: RunningRegistry, fields: Record<string, string>) =>
    send(registry, 'POST', '/token', { body: new URLSearchParams({ service: 's', client_id: 'test', ...fields }) });
  const bearer = (answer: Answer) => ({ authorization: `Bearer ${answer.json().token}` });
  const upload = (registry: RunningRegistry, repository: string, headers: Record<string, string>, query = '') =>
    send(registry, 'POST', `/v2/${repository}/blobs/uploads/${query}`, { headers });

  test('are asked for with realm, service and the scope of the operation', async () => {
    await using registry = await startOn('memory', { auth });
    const expected = (scope: string) =>
      `Bearer realm="${registry.url}/token",service="transship-demo-registry"${scope && `,scope="${scope}"`}`;
    for (const [method, path, scope] of [
      ['GET', '/v2/', ''],
      ['GET', '/v2/a/b/manifests/v1', 'repository:a/b:pull'],
      ['PUT', '/v2/a/b/manifests/v1', 'repository:a/b:pull,push'],
      ['DELETE', '/v2/a/b/manifests/v1', 'repository:a/b:delete'],
      ['POST', '/v2/a/blobs/uploads/?mount=x&from=b', 'repository:a:pull,push repository:b:pull'],
      ['GET', '/v2/_catalog', 'registry:catalog:*'],
    ] as const) {
      const answer = await send(registry, method, path);
      expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([401, expected(scope)]);
    }
  });

  test('open what they were granted and nothing else', async () => {
    await using registry = await startOn('memory', { auth });
    const token = await fetchToken(registry, ['repository:a:pull,push', 'repository:b:pull']);
    expect(token.json()).toMatchObject({ expires_in: 300, access_token: token.json().token });
    expect((await upload(registry, 'a', bearer(token))).status).toBe(202);
    const refused = await upload(registry, 'b', bearer(token));
    expect([refused.status, refused.headers.get('www-authenticate')]).toEqual([
      401,
      expect.stringContaining('error="insufficient_scope"'),
    ]);
    const invalid = await upload(registry, 'a', { authorization: 'Bearer made-up' });
    expect(invalid.headers.get('www-authenticate')).toContain('error="invalid_token"');
  });

  test('grant less than was asked where the user may do less, still with 200', async () => {
    const access = (user: string | undefined, repository: string) => user === 'alice' || repository === 'public';
    await using registry = await startOn('memory', { auth: { ...auth, access } });
    const token = await fetchToken(registry, ['repository:secret:pull,push'], basic('bob', 'b'));
    expect(token.status).toBe(200);
    expect((await upload(registry, 'secret', bearer(token))).status).toBe(401);
  });

  test('expire by the clock, and all at once on demand', async () => {
    let nowMs = 1_000_000;
    await using registry = await startOn('memory', { auth: { ...auth, expiresInSeconds: 60 }, now: () => nowMs });
    const token = await fetchToken(registry, ['repository:a:pull,push']);
    nowMs += 59_999;
    expect((await upload(registry, 'a', bearer(token))).status).toBe(202);
    nowMs += 1;
    expect((await upload(registry, 'a', bearer(token))).status).toBe(401);
    const fresh = await fetchToken(registry, ['repository:a:pull,push']);
    expect((await upload(registry, 'a', bearer(fresh))).status).toBe(202);
    registry.expireTokens();
    expect((await upload(registry, 'a', bearer(fresh))).status).toBe(401);
  });

  test('come by POST for a password, and for the refresh token that came with one', async () => {
    await using registry = await startOn('memory', { auth });
    const scope = 'repository:a:pull,push repository:b:pull';
    const login = { grant_type: 'password', username: 'alice', password: 'open:sesame', access_type: 'offline', scope };
    const first = await postForm(registry, login);
    expect((await upload(registry, 'a', bearer(first))).status).toBe(202);
    const refresh = { grant_type: 'refresh_token', refresh_token: first.json().refresh_token, scope };
    const second = await postForm(registry, refresh);
    expect((await upload(registry, 'a', bearer(second))).status).toBe(202);
    expect((await postForm(registry, { ...refresh, refresh_token: 'x' })).status).toBe(401);
    expect((await postForm(registry, { ...login, password: 'x' })).status).toBe(401);
    expect((await postForm(registry, { grant_type: 'other' })).status).toBe(400);
  });

  test('come by GET with a refresh token on demand', async () => {
    await using registry = await startOn('memory', { auth });
    const answer = await send(registry, 'GET', '/token?service=s&offline_token=true', { headers: alice });
    const form = {
      grant_type: 'refresh_token',
      refresh_token: answer.json().refresh_token,
      scope: 'repository:a:pull',
    };
    expect((await postForm(registry, form)).status).toBe(200);
  });

  test('are refused to a wrong password and, unless anyone may pull, to nobody', async () => {
    await using closed = await startOn('memory', { auth });
    expect((await fetchToken(closed, [], basic('alice', 'x'))).status).toBe(401);
    expect((await fetchToken(closed, [], {})).status).toBe(401);
    await using open = await startOn('memory', { auth: { ...auth, anonymousPull: true } });
    const digest = await open.plantBlob('a', newBytes());
    const token = await fetchToken(open, ['repository:a:pull,push'], {});
    expect((await send(open, 'GET', `/v2/a/blobs/${digest}`, { headers: bearer(token) })).status).toBe(200);
    expect((await upload(open, 'a', bearer(token))).status).toBe(401);
  });

  test('mount only from repositories they may pull from', async () => {
    await using registry = await startOn('memory', { auth });
    const digest = await registry.plantBlob('source', newBytes());
    const target = await fetchToken(registry, ['repository:target:pull,push']);
    const both = await fetchToken(registry, ['repository:target:pull,push', 'repository:source:pull']);
    expect((await upload(registry, 'target', bearer(target), `?mount=${digest}&from=source`)).status).toBe(401);
    expect((await upload(registry, 'target', bearer(target), `?mount=${digest}`)).status).toBe(202);
    expect((await upload(registry, 'target', bearer(both), `?mount=${digest}`)).status).toBe(201);
  });

  test('play servers that know no POST, honour one scope, or answer and challenge in other ways', async () => {
    const odd: TokenAuth = {
      ...auth,
      post: false,
      firstScopeOnly: true,
      realm: 'https://elsewhere.example/token',
      challenges: (own) => ['Negotiate', own],
      reply: ({ token }) => ({ access_token: token }),
    };
    await using registry = await startOn('memory', { auth: odd });
    expect((await postForm(registry, { grant_type: 'password' })).status).toBe(405);
    const challenge = (await send(registry, 'GET', '/v2/')).headers.get('www-authenticate');
    expect(challenge).toMatch(/^Negotiate, Bearer realm="https:\/\/elsewhere.example\/token"/);
    const answer = await fetchToken(registry, ['repository:a:pull,push', 'repository:b:pull,push']);
    expect(Object.keys(answer.json())).toEqual(['access_token']);
    const headers = { authorization: `Bearer ${answer.json().access_token}` };
    expect((await upload(registry, 'a', headers)).status).toBe(202);
    expect((await upload(registry, 'b', headers)).status).toBe(401);
  });
});
