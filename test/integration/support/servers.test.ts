// The test servers themselves: each kind of server, each way to log in, TLS, counting, killing and restarting.
import { mkdtempSync, rmSync } from 'node:fs';
import https from 'node:https';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAuthority, type Authority } from '../../support/certificates.ts';
import { isMissing, requireComponent } from '../../support/require-component.ts';
import { startServer } from '../../support/servers.ts';
import { startTokenServer } from '../../support/token-server.ts';

const USER = { username: 'alice', password: 'p:ä "x"' };
const basic = (password: string) => ({
  authorization: `Basic ${Buffer.from(`${USER.username}:${password}`).toString('base64')}`,
});

let folder: string;
let authority: Authority;

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'transship-certificates-'));
  authority = createAuthority(folder);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.each(['docker-registry', 'distribution'] as const)('%s', (kind) => {
  it('counts requests by method, path and status', async () => {
    await using server = await startServer({ program: requireComponent(kind) });
    expect((await fetch(`${server.url}/v2/`)).status).toBe(200);
    expect((await fetch(`${server.url}/v2/a/manifests/b`, { method: 'HEAD' })).status).toBe(404);
    expect(await server.requests()).toMatchObject([
      { method: 'GET', path: '/v2/', status: 200 },
      { method: 'HEAD', path: '/v2/a/manifests/b', status: 404 },
    ]);
    await server.forgetRequests();
    expect(await server.requests()).toEqual([]);
  });

  it('keeps port and data when it is killed and started again', async () => {
    await using server = await startServer({ program: requireComponent(kind) });
    const blob = new TextEncoder().encode('{}');
    const digest = 'sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a';
    const upload = await fetch(`${server.url}/v2/a/blobs/uploads/`, { method: 'POST' });
    const location = new URL(upload.headers.get('location') ?? '', server.url);
    location.searchParams.set('digest', digest);
    const headers = { 'content-type': 'application/octet-stream' };
    expect((await fetch(location, { method: 'PUT', body: blob, headers })).status).toBe(201);

    await server.kill();
    await expect(fetch(`${server.url}/v2/`)).rejects.toThrow('fetch failed');
    await server.restart();
    expect(await (await fetch(`${server.url}/v2/a/blobs/${digest}`)).text()).toBe('{}');
  });

  it('asks for a password', async () => {
    await using server = await startServer({ program: requireComponent(kind), auth: { kind: 'htpasswd', ...USER } });
    expect((await fetch(`${server.url}/v2/`)).status).toBe(401);
    expect((await fetch(`${server.url}/v2/`, { headers: basic('wrong') })).status).toBe(401);
    expect((await fetch(`${server.url}/v2/`, { headers: basic(USER.password) })).status).toBe(200);
  });

  it('takes a token of the token server, got with either form', async () => {
    const program = requireComponent(kind);
    await using tokens = await startTokenServer({ signer: authority.issue('signer'), user: USER });
    const { realm, service, issuer } = tokens;
    const auth = { kind: 'token' as const, realm, service, issuer, caFile: authority.caFile };
    await using server = await startServer({ program, auth });
    const refused = await fetch(`${server.url}/v2/a/tags/list`);
    expect(refused.headers.get('www-authenticate')).toBe(
      `Bearer realm="${realm}",service="${service}",scope="repository:a:pull"`,
    );
    const asked = { service, scope: 'repository:a:pull' };
    const got = await fetch(`${realm}?${new URLSearchParams(asked).toString()}`, { headers: basic(USER.password) });
    const form = new URLSearchParams({ ...asked, grant_type: 'password', ...USER });
    const posted = await fetch(realm, { method: 'POST', body: form });
    for (const response of [got, posted]) {
      const answer = await response.text();
      const headers = { authorization: `Bearer ${/"(?:access_)?token":"([^"]+)"/.exec(answer)?.[1]}` };
      expect((await fetch(`${server.url}/v2/a/tags/list`, { headers })).status).toBe(404);
      expect((await fetch(`${server.url}/v2/b/tags/list`, { headers })).status).toBe(401);
    }
    expect((await fetch(`${realm}?service=${service}`, { headers: basic('wrong') })).status).toBe(401);
    expect(tokens.requests.map(({ method, status }) => `${method} ${status}`)).toEqual([
      'GET 200',
      'POST 200',
      'GET 401',
    ]);
  });

  it('speaks TLS with a private authority and asks for a client certificate', async () => {
    const client = authority.issue('client', ['client.test']);
    const pair = authority.issue('server');
    await using server = await startServer({
      program: requireComponent(kind),
      tls: { ...pair, mutual: { caFile: authority.caFile, client } },
    });
    expect(await getTls(server.url, {})).toMatch(/SELF_SIGNED_CERT|UNABLE_TO_/);
    expect(await getTls(server.url, { ca: authority.ca })).toMatch(/ERR_SSL|ECONNRESET|EPIPE/);
    await server.stop();

    await using plain = await startServer({ program: requireComponent(kind), tls: pair });
    expect(await getTls(plain.url, { ca: authority.ca })).toBe('200');
    expect((await plain.requests()).map(({ status }) => status)).toEqual([200]);
  });
});

// a server that cannot start has to be there to try
it.skipIf(isMissing('docker-registry'))('says why a server did not start', async () => {
  const program = requireComponent('docker-registry');
  await expect(startServer({ program, configuration: { storage: { nonsense: {} } } })).rejects.toThrow(/nonsense/);
});

/** The status, or the error code. */
function getTls(url: string, options: https.RequestOptions): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const request = https.get(`${url}/v2/`, { agent: false, ...options }, (response) => {
    response.resume();
    resolve(String(response.statusCode));
  });
  request.on('error', (error) => resolve('code' in error ? String(error.code) : error.message));
  return promise;
}
