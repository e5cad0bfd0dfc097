// Finding out whether a server on loopback speaks TLS, against servers that do, do not, or say nothing.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { isLoopbackHost, probeScheme } from '../../../shared/oci/http/scheme-probe.ts';
import { createAuthority } from '../../support/certificates.ts';

let folder: string;
let pair: { cert: Buffer; key: Buffer };

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'transship-probe-'));
  const { certificateFile, keyFile } = createAuthority(folder).issue('server');
  pair = { cert: readFileSync(certificateFile), key: readFileSync(keyFile) };
});
afterAll(() => rmSync(folder, { recursive: true }));

async function probe(server: net.Server): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const sockets = new Set<net.Socket>();
  server.on('connection', (socket: net.Socket) => sockets.add(socket));
  try {
    return await probeScheme('127.0.0.1', (server.address() as AddressInfo).port);
  } finally {
    for (const socket of sockets) socket.destroy();
    server.close();
  }
}

test.each([
  ['any version', {}],
  ['TLS 1.3 only', { minVersion: 'TLSv1.3' }],
  ['TLS 1.2 only', { maxVersion: 'TLSv1.2' }],
  ['client certificates', { requestCert: true }],
] as const)('a TLS server (%s) is https, and sees no request', async (_name, options) => {
  let requests = 0;
  expect(await probe(https.createServer({ ...pair, ...options }, () => (requests += 1)))).toBe('https:');
  expect(requests).toBe(0);
});

test('a plain HTTP server is http, and sees no request', async () => {
  let requests = 0;
  expect(await probe(http.createServer(() => (requests += 1)))).toBe('http:');
  expect(requests).toBe(0);
});

test('a server that closes at once is https: nothing may be sent in the clear', async () => {
  expect(await probe(net.createServer((socket) => void socket.destroy()))).toBe('https:');
});

test('a server that says nothing is https, after two seconds', async () => {
  expect(await probe(net.createServer((socket) => void socket.on('error', () => undefined).resume()))).toBe('https:');
});

test('no server at all is an error, because it tells nothing', async () => {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  await expect(probeScheme('127.0.0.1', port)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});

test.each([
  ['localhost', true],
  ['127.0.0.1', true],
  ['127.255.0.3', true],
  ['[::1]', true],
  ['localhost.evil.example', false],
  ['127.0.0.1.evil.example', false],
  ['evil-localhost', false],
  ['10.0.0.1', false],
  ['0.0.0.0', false],
])('%s is loopback: %s', (host, expected) => {
  expect(isLoopbackHost(host)).toBe(expected);
});
