// The demo's way to the server: JSON and event streams over a Unix socket.
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { fetchJson, serverEvents } from '../../../infra/demo/server/admin-client.ts';

const { signal } = new AbortController();
let folder: string;
let socket: string;
let server: Server;
let answer: (...exchange: Parameters<RequestListener>) => void | Promise<void>;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'transship-admin-'));
  socket = join(folder, 'admin.sock');
  server = createServer((request, response) => void answer(request, response)).listen(socket);
  await once(server, 'listening');
});

afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await rm(folder, { recursive: true });
});

test('reads JSON, and tells what was answered instead', async () => {
  answer = (_, response) => void response.end('{"items":[1]}');
  expect(await fetchJson(socket, '/v1/jobs', signal)).toEqual({ items: [1] });
  answer = (_, response) => void response.writeHead(503).end('{"title":"not now"}');
  await expect(fetchJson(socket, '/v1/jobs', signal)).rejects.toThrow('GET /v1/jobs: 503 {"title":"not now"}');
});

test('reads events however they are cut, and ends with the stream', async () => {
  const text = 'retry: 2000\n\nid: 1\nevent: accepted\ndata: {"a":1}\n\n: still here\n\ndata: 2\n\n';
  answer = async (_, response) => {
    // each in a packet of its own
    for (const piece of text.match(/[^]{1,7}/g) ?? []) {
      response.write(piece);
      await setImmediate();
    }
    response.end();
  };
  expect(await Array.fromAsync(serverEvents(socket, '/v1/jobs/x/events', signal))).toEqual([
    { type: 'accepted', data: { a: 1 } },
    { type: 'message', data: 2 },
  ]);
});

test('a server that is killed in the middle of a stream is an error', async () => {
  answer = (_, response) => void response.write('data: 1\n\n', () => response.destroy());
  await expect(Array.fromAsync(serverEvents(socket, '/v1/jobs/x/events', signal))).rejects.toThrow(/aborted|hang up/);
});
