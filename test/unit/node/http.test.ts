// The HTTP server around the application: who waits, who makes room, how it ends, and where its admin socket is.
import { chmodSync, chownSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { connect } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import path from 'node:path';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { adminSocketPath, asOwnerAlone, assertOwnSocket, preparePlace } from '../../../infra/node/http/admin-socket.ts';
import { boundConnections, type Bounds } from '../../../infra/node/http/bound-connections.ts';
import { startHttpServer } from '../../../infra/node/http/http-server.ts';
import { openSqliteStore } from '../../../infra/node/sqlite-store.ts';
import { waitingRoom } from '../../../infra/node/http/waiting-room.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'transship-http-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const LOOPBACK = { host: '127.0.0.1', port: 0 };

it('lets those in who came while it started, in their order', async () => {
  const room = waitingRoom();
  const server = await startHttpServer({ listen: LOOPBACK, onRequest: room.onRequest });
  const early = fetch(`http://127.0.0.1:${server.port}/early`, { method: 'POST', body: 'hello' });
  const socket = connect(server.port, '127.0.0.1');
  await once(socket, 'connect');
  room.letIn((incoming, outgoing) => {
    void text(incoming).then((body) => outgoing.end(`${incoming.url} ${body}`));
  });
  expect(await (await early).text()).toBe('/early hello');
  expect(await (await fetch(`http://127.0.0.1:${server.port}/late`)).text()).toBe('/late ');
  socket.destroy();
  server.cut();
  await server.drain();
});

it('finishes the answers under way when it ends, and takes nobody else', async () => {
  const { promise: asked, resolve: ask } = Promise.withResolvers<http.ServerResponse>();
  const server = await startHttpServer({ listen: LOOPBACK, onRequest: (_incoming, outgoing) => ask(outgoing) });
  const url = `http://127.0.0.1:${server.port}/`;
  const answer = fetch(url);
  const idle = connect(server.port, '127.0.0.1');
  await once(idle, 'connect');
  const outgoing = await asked;
  const drained = server.drain();
  await once(idle.resume(), 'close');
  await expect(fetch(url)).rejects.toThrow('fetch failed');
  outgoing.end('whole');
  expect(await (await answer).text()).toBe('whole');
  await drained;
});

it('makes room by ending the connection that is silent for longest, and never one that waits for its answer', async () => {
  const held: http.ServerResponse[] = [];
  const server = http.createServer((incoming, outgoing) => {
    if (incoming.url === '/hold') held.push(outgoing);
    else outgoing.end('ok');
  });
  boundConnections(server, { most: 3, mostOfOne: 3 });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const open = async () => {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    return socket.resume();
  };
  const busy = await open();
  busy.write('GET /hold HTTP/1.1\r\nhost: x\r\n\r\n');
  await expect.poll(() => held.length).toBe(1);
  const [oldest, younger] = [await open(), await open()];
  const ended = once(oldest, 'close');
  expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe('ok');
  await ended;
  expect(younger.readyState).toBe('open');
  const answered = once(busy, 'data');
  held[0]?.end('late');
  await answered;
  server.closeAllConnections();
  server.close();
});

/** A server that answers bodies and holds what asks for `/hold`. */
async function boundServer(bounds: Bounds, host = '127.0.0.1') {
  const held: http.ServerResponse[] = [];
  let begun = 0;
  const server = http.createServer((incoming, outgoing) => {
    begun += 1;
    if (incoming.url === '/hold') held.push(outgoing);
    else
      void text(incoming).then(
        (body) => outgoing.end(body),
        () => undefined,
      );
  });
  boundConnections(server, bounds);
  server.listen(0, host);
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    port,
    /** A connection on which this much of a request was sent, and was seen if it has a head. */
    async open(sent: string, to = host) {
      const expected = sent.includes('\r\n\r\n') ? begun + 1 : begun;
      const socket = connect(port, to).on('error', () => undefined);
      await once(socket, 'connect');
      socket.write(sent);
      await expect.poll(() => begun).toBe(expected);
      return socket.resume();
    },
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

const SLOW = 'POST /slow HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nabc';
const WHOLE = 'POST /hold HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\n\r\nabc';

it('makes room by ending requests that never get to their end, the oldest first, after all that are silent', async () => {
  const server = await boundServer({ most: 4, mostOfOne: 4 });
  const answered = await server.open(WHOLE);
  const [oldest, younger] = [await server.open(SLOW), await server.open(SLOW)];
  const silent = await server.open('');
  const gone: string[] = [];
  for (const [name, socket] of Object.entries({ answered, oldest, younger, silent })) {
    socket.once('close', () => gone.push(name));
  }
  const ask = () => fetch(`http://127.0.0.1:${server.port}/`, { headers: { connection: 'close' } });
  expect((await ask()).status).toBe(200);
  await expect.poll(() => gone).toEqual(['silent']);
  await server.open(SLOW);
  expect((await ask()).status).toBe(200);
  await expect.poll(() => gone).toEqual(['silent', 'oldest']);
  server.close();
});

const inner = Object.values(networkInterfaces())
  .flatMap((list) => list ?? [])
  .find(({ family, internal }) => family === 'IPv4' && !internal)?.address;

it('lets one address have its share of the connections and no more', async (context) => {
  if (inner === undefined) context.skip('this machine has no address but those of loopback');
  const server = await boundServer({ most: 10, mostOfOne: 2 }, '0.0.0.0');
  const here = await Promise.all(Array.from({ length: 4 }, () => server.open('', '127.0.0.1')));
  const [first, second] = [await server.open('', inner), await server.open(WHOLE, inner)];
  const ended = once(first, 'close');
  const third = await server.open(WHOLE, inner);
  await ended;
  // all that it has wait for their answers: nothing of theirs makes room
  const fourth = await server.open('', inner);
  await once(fourth, 'close');
  expect([...here, second, third].map(({ readyState }) => readyState)).toEqual(Array(6).fill('open'));
  server.close();
});

it('says in words why it cannot listen', async () => {
  const first = await startHttpServer({ listen: LOOPBACK, onRequest: () => undefined });
  const same = startHttpServer({ listen: { host: '127.0.0.1', port: first.port }, onRequest: () => undefined });
  await expect(same).rejects.toMatchObject({
    code: 'invalid-config',
    message: `cannot listen on 127.0.0.1:${first.port}: another program listens there`,
  });
  await expect(
    startHttpServer({ listen: { host: '192.0.2.1', port: 1 }, onRequest: () => undefined }),
  ).rejects.toMatchObject({ message: 'cannot listen on 192.0.2.1:1: this machine has no such address' });
  await first.drain();
});

it('puts the admin socket into the data folder, or where its name is short enough', () => {
  expect(adminSocketPath('/var/lib/transship', {})).toBe('/var/lib/transship/admin.sock');
  const long = `/${'x'.repeat(90)}`;
  expect(adminSocketPath(long, { XDG_RUNTIME_DIR: '/run/user/7' })).toMatch(
    /^\/run\/user\/7\/transship\/[0-9a-f]{16}\.sock$/,
  );
  expect(adminSocketPath(long, {})).toMatch(/^\/tmp\/transship-\d+\/[0-9a-f]{16}\.sock$/);
  // a variable that is no folder, or too long itself, does not count
  for (const XDG_RUNTIME_DIR of ['run', `/${'y'.repeat(90)}`]) {
    expect(adminSocketPath(long, { XDG_RUNTIME_DIR })).toMatch(/^\/tmp\//);
  }
  expect(adminSocketPath(long, {})).not.toBe(adminSocketPath(`${long}y`, {}));
});

it('removes a socket that a killed process left, and nothing else', async () => {
  const data = path.join(folder, 'data');
  const place = path.join(data, 'admin.sock');
  preparePlace(place, data);
  expect(statSync(data).mode & 0o777).toBe(0o700);
  const server = await asOwnerAlone(() => startHttpServer({ listen: { path: place }, onRequest: () => undefined }));
  expect(statSync(place).mode & 0o777).toBe(0o600);
  preparePlace(place, data);
  expect(statSync(place, { throwIfNoEntry: false })).toBeUndefined();
  await server.drain();

  writeFileSync(place, 'mine');
  expect(() => preparePlace(place, data)).toThrow('is in the way: it is no socket');
});

it('talks to no socket that somebody else put there', (context) => {
  if (process.getuid?.() !== 0) context.skip('only root can give a file to somebody else');
  const place = path.join(folder, 'admin.sock');
  expect(() => assertOwnSocket(place, folder)).not.toThrow();
  writeFileSync(place, '');
  expect(() => assertOwnSocket(place, folder)).not.toThrow();
  chownSync(place, 1234, 1234);
  expect(() => assertOwnSocket(place, folder)).toThrow('belongs to another user');
  // root asks the server of the user whose data it is
  chownSync(folder, 1234, 1234);
  expect(() => assertOwnSocket(place, folder)).not.toThrow();
});

it('keeps the store from everybody else, also in a folder that was open to them', async () => {
  chmodSync(folder, 0o755);
  writeFileSync(path.join(folder, 'jobs.sqlite'), '', { mode: 0o644 });
  const store = await openSqliteStore({ dataDir: folder, ballastBytes: 4096 });
  const modeOf = (name: string): number => statSync(path.join(folder, name)).mode & 0o777;
  const modes = ['', 'jobs.sqlite', 'jobs.sqlite-wal', 'ballast'].map(modeOf);
  await store.close();
  expect(modes).toEqual([0o700, 0o600, 0o600, 0o600]);
});
