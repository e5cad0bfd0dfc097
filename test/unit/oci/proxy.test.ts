// Which proxy a request takes: the environment variables as curl and Go read them, loopback never; and one request through a real proxy.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { createTransport } from '../../../shared/oci/http/transport.ts';
import { proxyFor } from '../../../shared/oci/http/proxy.ts';
import { createAuthority } from '../../support/certificates.ts';
import { QUICK_TIMEOUTS } from '../../support/copy-run.ts';

const PROXY = 'http://proxy.acme.io:3128';
const at = (url: string, env: Record<string, string>) => proxyFor(new URL(url), env);

describe('the proxy', () => {
  test.each([
    ['https://registry.acme.io', { HTTPS_PROXY: PROXY }, PROXY],
    ['https://registry.acme.io', { https_proxy: PROXY }, PROXY],
    ['https://registry.acme.io', { https_proxy: PROXY, HTTPS_PROXY: 'http://other' }, PROXY],
    ['https://registry.acme.io', { HTTPS_PROXY: 'proxy.acme.io:3128' }, PROXY],
    ['https://registry.acme.io', { HTTP_PROXY: PROXY }, undefined],
    ['http://registry.acme.io', { HTTP_PROXY: PROXY }, PROXY],
    ['http://registry.acme.io', { HTTPS_PROXY: PROXY }, undefined],
    ['https://registry.acme.io', { HTTPS_PROXY: '' }, undefined],
    ['https://registry.acme.io', {}, undefined],
  ])('of %s with %j is %s', (url, env, expected) => {
    expect(at(url, env)).toBe(expected);
  });

  test.each([
    'https://localhost',
    'https://127.0.0.1:5000',
    'https://127.9.9.9',
    'https://[::1]:5000',
    'https://127.1',
  ])('never stands before %s', (url) => {
    expect(at(url, { HTTPS_PROXY: PROXY })).toBeUndefined();
  });
});

describe('a proxy that is none', () => {
  test.each([
    ['http://user:pa55word@:bad', 'HTTPS_PROXY'],
    ['http://user:pa55word@proxy:99999', 'https_proxy'],
    ['user:pa55word@', 'HTTPS_PROXY'],
    ['http://user:pa55word%zz@proxy.acme.io:3128', 'HTTPS_PROXY'],
    ['ftp://user:pa55word@proxy.acme.io', 'HTTPS_PROXY'],
    ['file:///pa55word', 'HTTPS_PROXY'],
  ])('%s is told by the name of %s, without its password', (value, variable) => {
    let thrown: unknown;
    try {
      at('https://registry.acme.io', { [variable]: value });
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject({ code: 'invalid-config', message: expect.stringContaining(variable) });
    expect(inspect(thrown, { depth: 9 })).not.toMatch(/pa55word/);
  });

  test('stops nothing that goes past it', () => {
    expect(at('https://localhost', { HTTPS_PROXY: 'http://:bad' })).toBeUndefined();
    expect(at('https://a.acme.io', { HTTPS_PROXY: 'http://:bad', NO_PROXY: 'acme.io' })).toBeUndefined();
  });
});

async function closedPort(): Promise<number> {
  const server = net.createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function failureThrough(proxy: string): Promise<unknown> {
  const transport = createTransport({
    origin: 'https://registry.example',
    certificateAuthorities: [],
    proxies: { HTTPS_PROXY: proxy },
    timeouts: QUICK_TIMEOUTS,
  });
  try {
    return await transport.exchange({
      method: 'GET',
      url: new URL('https://registry.example/v2/'),
      headers: {},
      wait: 'response',
      trust: { trusted: true },
      registry: 'registry.example',
      operation: 'read',
    });
  } catch (error) {
    return error;
  } finally {
    await transport.close();
  }
}

describe('what fails at the proxy', () => {
  test('a proxy that nobody listens at is named, and not the registry blamed', async () => {
    const place = `127.0.0.1:${await closedPort()}`;
    const failure = await failureThrough(`http://user:pa55word@${place}`);
    expect(failure).toMatchObject({
      code: 'connection-failed',
      retryable: true,
      message: `registry.example: read failed: the proxy ${place}: connection refused`,
      hint: expect.stringMatching(/HTTPS_PROXY.*NO_PROXY/),
    });
  });

  test('a proxy whose name nobody knows', async () => {
    expect(await failureThrough('http://user:pa55word@proxy.invalid:3128')).toMatchObject({
      code: 'connection-failed',
      message: expect.stringContaining('the proxy proxy.invalid:3128: no such host'),
    });
  });

  test.each([407, 502])('a proxy that answers %i instead of a tunnel is quoted', async (status) => {
    const proxy = http.createServer();
    proxy.on('connect', (_request, socket: net.Socket) => {
      socket.on('error', () => undefined);
      socket.end(`HTTP/1.1 ${status} No\r\ncontent-length: 0\r\n\r\n`);
    });
    proxy.listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    const place = `127.0.0.1:${(proxy.address() as AddressInfo).port}`;
    try {
      const failure = await failureThrough(`http://user:pa55word@${place}`);
      expect(failure).toMatchObject({
        code: 'connection-failed',
        message: expect.stringMatching(`the proxy ${place}: .*${status}`),
      });
    } finally {
      proxy.closeAllConnections();
      proxy.close();
    }
  });
});

describe('NO_PROXY', () => {
  test.each([
    ['*', true],
    ['acme.io', true],
    ['.acme.io', true],
    ['*.acme.io', true],
    ['ACME.IO', true],
    ['registry.acme.io', true],
    ['registry.acme.io:443', true],
    ['registry.acme.io:5000', false],
    ['other.io, acme.io', true],
    ['other.io acme.io', true],
    ['cme.io', false],
    ['io', true],
    ['registry', false],
    ['', false],
    ['acme.io.evil.example', false],
  ])('%j keeps registry.acme.io direct: %s', (entries, direct) => {
    expect(at('https://registry.acme.io', { HTTPS_PROXY: PROXY, NO_PROXY: entries })).toBe(direct ? undefined : PROXY);
  });

  test.each([
    ['https://10.0.0.5:5000', '10.0.0.5', true],
    ['https://10.0.0.5:5000', '10.0.0.5:5000', true],
    ['https://10.0.0.5:5000', '10.0.0.5:443', false],
    ['https://[fd00::5]:5000', 'fd00::5', true],
    ['https://[fd00::5]:5000', '[fd00::5]', true],
    ['https://[fd00::5]:5000', '[fd00::5]:5000', true],
    ['https://10.0.0.5', '10.0.0.0/8', true],
    ['https://11.0.0.5', '10.0.0.0/8', false],
    ['https://[fd00::5]', 'fd00::/8', true],
    ['https://[fd00::5]', '10.0.0.0/8', false],
    ['https://10.0.0.5', '10.0.0.0/33', false],
    ['https://10.0.0.5', '10.0.0.0/', false],
    ['https://acme.io', 'acme.io/8', false],
  ])('%s with %j is direct: %s', (url, entry, direct) => {
    expect(at(url, { HTTPS_PROXY: PROXY, no_proxy: entry })).toBe(direct ? undefined : PROXY);
  });
});

test('a request to a registry goes through a tunnel of the proxy, with TLS inside it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'transship-proxy-'));
  const authority = createAuthority(folder);
  const { certificateFile, keyFile } = authority.issue('registry', ['registry.example']);
  const registry = https.createServer(
    { cert: readFileSync(certificateFile), key: readFileSync(keyFile) },
    (request, response) => response.end(`${request.method} ${request.url} ${request.headers.authorization}`),
  );
  registry.listen(0, '127.0.0.1');
  await once(registry, 'listening');
  const { port } = registry.address() as AddressInfo;

  const tunnels: { target: string | undefined; seen: http.IncomingHttpHeaders }[] = [];
  const proxy = http.createServer();
  proxy.on('connect', (request, socket: net.Socket) => {
    tunnels.push({ target: request.url, seen: request.headers });
    const upstream = net.connect(port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      upstream.pipe(socket).pipe(upstream);
    });
    for (const end of [upstream, socket]) end.on('error', () => undefined);
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const transport = createTransport({
    origin: 'https://registry.example:5000',
    certificateAuthorities: [authority.ca],
    proxies: { HTTPS_PROXY: `http://user:word@127.0.0.1:${(proxy.address() as AddressInfo).port}` },
    timeouts: QUICK_TIMEOUTS,
  });
  try {
    const response = await transport.exchange({
      method: 'GET',
      url: new URL('https://registry.example:5000/v2/?x=~a%20b'),
      headers: { authorization: 'Basic canary' },
      wait: 'response',
      trust: { trusted: true },
      registry: 'registry.example:5000',
      operation: 'test',
    });
    expect(Buffer.concat(await response.body.toArray()).toString()).toBe('GET /v2/?x=~a%20b Basic canary');
    expect(tunnels.map(({ target }) => target)).toEqual(['registry.example:5000']);
    // The proxy gets its own login, and nothing of the registry's.
    expect(tunnels[0]?.seen['proxy-authorization']).toBe(`Basic ${Buffer.from('user:word').toString('base64')}`);
    expect(tunnels[0]?.seen.authorization).toBeUndefined();
  } finally {
    await transport.close();
    registry.closeAllConnections();
    proxy.closeAllConnections();
    registry.close();
    proxy.close();
    rmSync(folder, { recursive: true });
  }
});
