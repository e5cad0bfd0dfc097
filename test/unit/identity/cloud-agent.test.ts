// Connections through every kind of proxy that registries know, by real proxies on loopback, to names that only these proxies can resolve.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import path from 'node:path';
import tls from 'node:tls';
import { inspect } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { callJson } from '../../../shared/identity/json-call.ts';
import { createAuthority, type Authority } from '../../support/certificates.ts';
import { startConnectProxy, type ConnectProxyOptions } from '../../support/connect-proxy.ts';
import { rejectionOf } from '../../support/rejection.ts';
import { startSocksProxy } from '../../support/socks-proxy.ts';

const LOGIN = 'some%40one:pa55%2Fword';
const CLOUD = 'api.cloud.test';
const FOLDER = mkdtempSync(path.join(tmpdir(), 'transship-agents-'));
const trusted = tls.getCACertificates('default');
let authority: Authority;
let server: http.Server;
let behind: string;
let seen: http.IncomingHttpHeaders[] = [];

beforeAll(async () => {
  authority = createAuthority(FOLDER);
  tls.setDefaultCACertificates([...trusted, authority.ca]);
  server = http.createServer(({ headers }, response) => {
    seen.push(headers);
    response.end(JSON.stringify({ host: headers.host }));
  });
  behind = await addressOf(server);
});
afterAll(() => {
  tls.setDefaultCACertificates(trusted);
  server.close();
  server.closeAllConnections();
  rmSync(FOLDER, { recursive: true });
});

async function addressOf(listener: http.Server | https.Server): Promise<string> {
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const address = listener.address();
  return `127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
}

/** TLS for the cloud's name ends in the proxy, and goes on to the server. */
function routes(name = CLOUD): NonNullable<ConnectProxyOptions['routes']> {
  const pair = authority.issue(name, [name]);
  return { [`${CLOUD}:443`]: { to: behind, pair }, [CLOUD]: { to: behind } };
}

function ask(url: string, env: Record<string, string>) {
  seen = [];
  return callJson({ method: 'POST', url: new URL(url), headers: {}, body: 'x'.repeat(100_000), what: 'ask', env });
}

test.each<[string, () => Omit<ConnectProxyOptions, 'routes'>]>([
  ['HTTP', () => ({})],
  ['HTTP, with a login', () => ({ login: LOGIN })],
  ['TLS, with a login', () => ({ login: LOGIN, pair: authority.issue('proxy', ['127.0.0.1']) })],
])('a tunnel through a proxy by %s leads to the cloud, which sees nothing of the login', async (_, options) => {
  await using proxy = await startConnectProxy({ ...options(), routes: routes() });
  expect(await ask(`https://${CLOUD}/`, { HTTPS_PROXY: proxy.url })).toMatchObject({
    status: 200,
    body: { host: CLOUD },
  });
  expect(proxy.targets).toEqual([`${CLOUD}:443`]);
  expect(Object.keys(seen[0] ?? {})).not.toContain('proxy-authorization');
});

test('a request without TLS is given to the proxy whole', async () => {
  await using proxy = await startConnectProxy({ login: LOGIN, routes: routes() });
  const answer = await ask(`http://${CLOUD}/v1/things?page=2`, { HTTP_PROXY: proxy.url });
  expect(answer).toMatchObject({ status: 200, body: { host: CLOUD } });
  expect(proxy.targets).toEqual([`POST http://${CLOUD}/v1/things?page=2`]);
});

test.each([undefined, LOGIN])(
  'a SOCKS proxy resolves the name and makes the connection, with the login %s',
  async (login) => {
    const pair = authority.issue(CLOUD, [CLOUD]);
    const files = { cert: readFileSync(pair.certificateFile), key: readFileSync(pair.keyFile) };
    const secure = https.createServer(files, (_, response) => response.end('{"is":"there"}'));
    const socksRoutes = { [`${CLOUD}:443`]: await addressOf(secure) };
    await using proxy = await startSocksProxy({ routes: socksRoutes, ...(login === undefined ? {} : { login }) });
    expect(await ask(`https://${CLOUD}/`, { HTTPS_PROXY: proxy.url })).toMatchObject({
      status: 200,
      body: { is: 'there' },
    });
    expect(proxy.targets).toEqual([`${CLOUD}:443`]);
    secure.close();
  },
);

test('a host that NO_PROXY names is not asked through the proxy', async () => {
  await using proxy = await startConnectProxy({ routes: routes() });
  const error = await rejectionOf(ask(`https://${CLOUD}/`, { HTTPS_PROXY: proxy.url, NO_PROXY: '.cloud.test' }));
  expect(error).toMatchObject({ code: 'connection-failed', message: expect.stringMatching(/ENOTFOUND|EAI_AGAIN/) });
  expect(proxy.targets).toEqual([]);
});

test('who answers in the tunnel with the certificate of another name gets nothing', async () => {
  await using proxy = await startConnectProxy({ routes: routes('other.cloud.test') });
  const error = await rejectionOf(ask(`https://${CLOUD}/`, { HTTPS_PROXY: proxy.url }));
  expect(error).toMatchObject({
    code: 'connection-failed',
    message: expect.stringContaining('ERR_TLS_CERT_ALTNAME_INVALID'),
  });
  expect(seen).toEqual([]);
});

test.each<[string, () => Promise<{ url: string } & AsyncDisposable>, RegExp]>([
  ['an HTTP proxy', () => startConnectProxy({ login: 'some:body' }), /it answered 407/],
  ['a SOCKS proxy', () => startSocksProxy({ login: 'some:body' }), /it does not take this login/],
])('%s that does not take the login is told, and no word of the login', async (_, start, message) => {
  await using proxy = await start();
  const url = new URL(proxy.url);
  Object.assign(url, { username: 'mallory', password: 'pa55word' });
  const error = await rejectionOf(ask(`https://${CLOUD}/`, { HTTPS_PROXY: url.href }));
  expect(error).toMatchObject({ code: 'connection-failed', hint: expect.stringContaining('wants a login') });
  expect(error.message).toMatch(message);
  expect(inspect(error, { depth: 9 })).not.toMatch(/mallory|pa55word/);
});

test('a proxy that is not there is told with its host', async () => {
  await using proxy = await startConnectProxy();
  const { url } = proxy;
  await proxy[Symbol.asyncDispose]();
  const error = await rejectionOf(ask(`https://${CLOUD}/`, { HTTPS_PROXY: url }));
  expect(error.message).toBe(`ask: ${CLOUD} cannot be reached: the proxy ${new URL(url).host}: connection refused`);
});
