// Which configurations let the server take its address before they were checked.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { takeEarlyDoor } from '../../../infra/cli/early-door.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'transship-door-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function doorOf(text: string, files: readonly string[] = ['a.yaml']): ReturnType<typeof takeEarlyDoor> {
  await writeFile(join(folder, 'a.yaml'), text);
  return takeEarlyDoor(files, folder);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}

test('takes a plain address of this machine at once, and a request waits there until it is opened', async () => {
  const port = await freePort();
  const early = await doorOf(`version: 1\napi: { listen: "127.0.0.1:${port}" }`);
  const answer = fetch(`http://127.0.0.1:${port}/livez`);
  expect(early?.listen).toEqual({ host: '127.0.0.1', port });
  await early?.door.listening;
  early?.door.open((_, outgoing) => outgoing.end('late'));
  expect(await (await answer).text()).toBe('late');
  await early?.door.close();
});

test.each([
  ['no address', 'version: 1'],
  ['an address that others reach', 'api: { listen: "0.0.0.0:18080" }'],
  ['a variable', 'api: { listen: "127.0.0.1:${PORT}" }'],
  ['TLS', 'api: { listen: "127.0.0.1:18080", tls: { certificate: { file: c }, key: { file: k } } }'],
  ['a proxy in front', 'api: { listen: "127.0.0.1:18080", trustProxy: true }'],
  ['an impossible port', 'api: { listen: "127.0.0.1:70000" }'],
  ['no YAML', 'api: ['],
])('leaves %s to the checked configuration', async (_, text) => {
  expect(await doorOf(text)).toBeUndefined();
});

test('leaves several files, and one that is not there, to the checked configuration', async () => {
  expect(await doorOf('api: { listen: "127.0.0.1:18080" }', ['a.yaml', 'a.yaml'])).toBeUndefined();
  expect(await takeEarlyDoor(['nothing.yaml'], folder)).toBeUndefined();
});
