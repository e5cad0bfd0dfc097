// Which proxy a request takes: the environment variables as curl and Go read them, loopback never; and one request through a real proxy.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createTransport } from '../../../shared/oci/transport.ts';
import { proxyFor } from '../../../shared/oci/proxy.ts';
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
