// Bodies of blobs beside the HTTP client: the same bytes and the same errors, whatever the other side does to the connection.
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import net from 'node:net';
import { expect, test } from 'vitest';
import { createBufferPool } from '../../../shared/oci/http/buffer-pool.ts';
import type { HttpRequest } from '../../../shared/oci/http/http-exchange.ts';
import { createTransport } from '../../../shared/oci/http/transport.ts';
import { startBareServer } from '../../support/bare-server.ts';

const TIMEOUTS = { connectMs: 1_000, responseMs: 300, commitMs: 300, stallMs: 300 };
const CONTENT = randomBytes(1_500_000);

function transportTo(url: string) {
  const transport = createTransport({ origin: url, certificateAuthorities: [], proxies: {}, timeouts: TIMEOUTS });
  const place = { trust: { trusted: true }, registry: 'registry.acme.io', operation: 'read' } as const;
  const buffers = createBufferPool();
  return {
    buffers,
    get: async (path: string, more: Partial<HttpRequest> = {}) => {
      const call = { method: 'GET', headers: { accept: '*/*' }, wait: 'response', buffers, ...place, ...more } as const;
      return transport.exchange({ ...call, url: new URL(path, url) });
    },
    getWhole: async (path: string) => {
      const call = { method: 'GET', headers: {}, wait: 'response', ...place } as const;
      return transport.exchange({ ...call, url: new URL(path, url) });
    },
    put: async (path: string, body: AsyncIterable<Uint8Array>, sizeBytes: number, more: Partial<HttpRequest> = {}) => {
      const headers = { 'content-length': String(sizeBytes) };
      const call = { method: 'PUT', headers, body, lends: true, wait: 'commit', ...place, ...more } as const;
      return transport.exchange({ ...call, url: new URL(path, url) });
    },
    [Symbol.asyncDispose]: () => transport.close(),
  };
}

/** Takes the body as a reader should: every part copied, then released. */
async function read(body: AsyncIterable<Uint8Array>, release: (part: Uint8Array) => void = () => undefined) {
  const parts: Uint8Array[] = [];
  for await (const part of body) {
    parts.push(Uint8Array.from(part));
    release(part);
  }
  return Buffer.concat(parts);
}

/** Answers each connection with the given text, piece by piece, as it stands; "cut" ends it. */
async function startRawServer(...pieces: string[]) {
  const connections: net.Socket[] = [];
  const asked: string[] = [];
  const server = net.createServer((socket) => {
    connections.push(socket);
    socket.on('error', () => undefined);
    socket.on('data', (text) => {
      asked.push(text.toString());
      for (const piece of pieces) {
        if (piece === 'cut') socket.destroySoon();
        else socket.write(piece);
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return {
    url: `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`,
    connections,
    asked,
    async [Symbol.asyncDispose]() {
      for (const socket of connections) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

test('one connection serves one blob after the other, into memory that is used again', async () => {
  const ports = new Set<number | undefined>();
  await using server = await startBareServer((request, response) => {
    ports.add(request.socket.remotePort);
    response.setHeader('content-length', CONTENT.length).end(CONTENT);
  });
  await using transport = transportTo(server.url);
  const memory = new Set<ArrayBufferLike>();
  for (let round = 0; round < 5; round += 1) {
    const { status, body } = await transport.get('/blob');
    expect(status).toBe(200);
    const got = await read(body as AsyncIterable<Uint8Array>, (part) => {
      memory.add(part.buffer);
      transport.buffers.release(part);
    });
    expect(got.equals(CONTENT)).toBe(true);
  }
  expect(ports.size).toBe(1);
  expect(memory.size).toBeLessThan(8);
});

test('parts that are not released stay as they are', async () => {
  await using server = await startBareServer((_request, response) =>
    response.setHeader('content-length', CONTENT.length).end(CONTENT),
  );
  await using transport = transportTo(server.url);
  const { body } = await transport.get('/blob');
  const parts: Uint8Array[] = await Array.fromAsync(body);
  expect(Buffer.concat(parts).equals(CONTENT)).toBe(true);
});

test('an answer in chunks is read all the same, and its origin is not asked twice again', async () => {
  await using server = await startBareServer((_request, response) => {
    response.write(CONTENT);
    response.end();
  });
  await using transport = transportTo(server.url);
  for (const requests of [2, 3]) {
    const { body } = await transport.get('/blob');
    expect((await read(body as AsyncIterable<Uint8Array>)).equals(CONTENT)).toBe(true);
    expect(server.requests).toHaveLength(requests);
  }
});

test('interim answers are skipped, pieces of a head joined', async () => {
  await using server = await startRawServer(
    'HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\nHTTP/1.',
    '1 200 OK\r\ncontent-length: 5\r\n',
    '\r\nhel',
    'lo',
  );
  await using transport = transportTo(server.url);
  const { headers, body } = await transport.get('/blob?a=b');
  expect(headers['link']).toBeUndefined();
  expect((await read(body as AsyncIterable<Uint8Array>)).toString()).toBe('hello');
  expect(server.asked[0]).toMatch(/^GET \/blob\?a=b HTTP\/1\.1\r\nhost: 127\.0\.0\.1:\d+\r\naccept: \*\/\*\r\n/);
});

test('bytes beyond the length never stand before the next answer', async () => {
  await using server = await startRawServer(
    'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nokHTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil',
  );
  await using transport = transportTo(server.url);
  for (let round = 1; round <= 2; round += 1) {
    const { body } = await transport.get('/blob');
    expect((await read(body as AsyncIterable<Uint8Array>)).toString()).toBe('ok');
    expect(server.connections).toHaveLength(round);
  }
});

test('a connection that was closed while it waited is replaced', async () => {
  await using server = await startRawServer('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok', 'cut');
  await using transport = transportTo(server.url);
  for (let round = 1; round <= 3; round += 1) {
    const { body } = await transport.get('/blob');
    expect((await read(body as AsyncIterable<Uint8Array>)).toString()).toBe('ok');
  }
});

test.each([
  ['nothing at all', ['cut'], 'connection-failed'],
  ['half a head', ['HTTP/1.1 200', 'cut'], 'connection-failed'],
  ['no HTTP', ['SSH-2.0\r\n\r\n'], 'connection-failed'],
  ['a head without end', [`HTTP/1.1 200 OK\r\na: ${'x'.repeat(100_000)}`], 'connection-failed'],
  ['another protocol', ['HTTP/1.1 101 Switching\r\nupgrade: x\r\n\r\n'], 'connection-failed'],
  ['silence', [], 'timeout'],
] as const)('an answer of %s fails', async (_what, pieces, code) => {
  await using server = await startRawServer(...pieces);
  await using transport = transportTo(server.url);
  await expect(transport.get('/blob')).rejects.toMatchObject({ code, retryable: true });
});

test.each([
  ['cut', ['HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc', 'cut'], 'ECONNRESET'],
  ['stuck', ['HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc'], 'UND_ERR_BODY_TIMEOUT'],
] as const)('a body that is %s fails after what came', async (_what, pieces, code) => {
  await using server = await startRawServer(...pieces);
  await using transport = transportTo(server.url);
  const { body } = await transport.get('/blob');
  const got: string[] = [];
  const reading = (async () => {
    for await (const part of body as AsyncIterable<Uint8Array>) got.push(Buffer.from(part).toString());
  })();
  await expect(reading).rejects.toMatchObject({ code });
  expect(got).toEqual(['abc']);
});

test('an interruption cuts a read that waits', async () => {
  await using server = await startRawServer();
  await using transport = transportTo(server.url);
  const interrupt = new AbortController();
  const reading = transport.get('/blob', { signal: interrupt.signal });
  interrupt.abort();
  await expect(reading).rejects.toMatchObject({ code: 'interrupted' });
});

test.each([false, true])('what is closed opens no connection again, blobs: %s', async (blobs) => {
  await using server = await startRawServer('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n');
  const transport = transportTo(server.url);
  const get = blobs ? transport.get : transport.getWhole;
  await get('/a');
  await transport[Symbol.asyncDispose]();
  await expect(get('/b')).rejects.toMatchObject({ code: 'connection-failed' });
  expect(server.asked).toHaveLength(1);
});

test('no header can bring a line of its own', async () => {
  await using server = await startRawServer('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n');
  await using transport = transportTo(server.url);
  const headers = { authorization: 'Bearer x\r\nhost: evil' };
  await expect(transport.get('/blob', { headers })).rejects.toThrow(/authorization/);
  expect(server.asked).toEqual([]);
});

test('an upload may use the memory of a part again when the next is asked for', async () => {
  const digests: string[] = [];
  await using server = await startBareServer(async (request, response) => {
    const hash = createHash('sha256');
    for await (const part of request) hash.update(part);
    digests.push(hash.digest('hex'));
    response.writeHead(201).end();
  });
  await using transport = transportTo(server.url);
  const lent = new Uint8Array(100_000);
  const all = createHash('sha256');
  const body = (async function* () {
    for (let part = 0; part < 50; part += 1) {
      lent.fill(part);
      all.update(lent);
      yield lent;
    }
  })();
  expect(await transport.put('/upload', body, 5_000_000)).toMatchObject({ status: 201 });
  expect(digests).toEqual([all.digest('hex')]);
});

test('an answer before the end of an upload stops it', async () => {
  await using server = await startRawServer('HTTP/1.1 413 Too Large\r\ncontent-length: 2\r\n\r\nno');
  await using transport = transportTo(server.url);
  let stopped = false;
  const body = (async function* () {
    try {
      for (;;) {
        yield new Uint8Array(1000);
        await new Promise(setImmediate);
      }
    } finally {
      stopped = true;
    }
  })();
  const answer = await transport.put('/upload', body, 1e12);
  expect(answer.status).toBe(413);
  expect((await read(answer.body as AsyncIterable<Uint8Array>)).toString()).toBe('no');
  await expect.poll(() => stopped).toBe(true);
});

test('a source that fails on the way fails the upload with its own error', async () => {
  await using server = await startBareServer((request) => request.resume());
  await using transport = transportTo(server.url);
  const body = (async function* () {
    yield new Uint8Array(1000);
    throw new Error('the source broke');
  })();
  await expect(transport.put('/upload', body, 5_000)).rejects.toMatchObject({
    cause: expect.objectContaining({ message: 'the source broke' }),
  });
});

test('an upload that is not answered ends in time', async () => {
  await using server = await startBareServer((request) => request.resume());
  await using transport = transportTo(server.url);
  const body = (async function* () {
    yield new Uint8Array(1000);
  })();
  await expect(transport.put('/upload', body, 1000)).rejects.toMatchObject({ code: 'timeout' });
});

test('memory is used again, too, where the head of an answer comes alone', async () => {
  await using server = await startRawServer('HTTP/1.1 200 OK\r\ncontent-length: 5\r\nconnection: close\r\n\r\n');
  await using transport = transportTo(server.url);
  const memory = new Set<ArrayBufferLike>();
  for (let round = 0; round < 3; round += 1) {
    const { body } = await transport.get('/blob');
    server.connections[round]?.end('hello');
    for await (const part of body as AsyncIterable<Uint8Array>) {
      expect(Buffer.from(part).toString()).toBe('hello');
      memory.add(part.buffer);
      transport.buffers.release(part);
    }
    await expect.poll(() => server.connections[round]?.closed).toBe(true);
  }
  expect(memory.size).toBe(1);
});

test('a registry that does not answer on a connection that waited is not asked again', async () => {
  let requests = 0;
  await using server = await startBareServer((_request, response) => {
    requests += 1;
    if (requests === 1) response.setHeader('content-length', 2).end('ok');
  });
  await using transport = transportTo(server.url);
  const { body } = await transport.get('/blob');
  await read(body as AsyncIterable<Uint8Array>);
  await expect(transport.get('/blob')).rejects.toMatchObject({ code: 'timeout' });
  expect(requests).toBe(2);
});

test('a redirect in chunks is not asked for twice again', async () => {
  await using server = await startBareServer((_request, response) => {
    response.writeHead(307, { location: '/elsewhere' });
    response.write('moved');
    response.end();
  });
  await using transport = transportTo(server.url);
  for (const requests of [2, 3]) {
    const { status, body } = await transport.get('/blob');
    expect(status).toBe(307);
    await body.dump();
    expect(server.requests).toHaveLength(requests);
  }
});

test.each([
  ['a stream', false],
  ['bytes', true],
])('an upload of %s to a registry that takes nothing ends in time', async (_what, whole) => {
  const server = net.createServer((socket) => void socket.pause().on('error', () => undefined));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  try {
    await using transport = transportTo(url);
    const sizeBytes = 64_000_000;
    const body = (async function* () {
      for (let part = 0; part < 64; part += 1) yield new Uint8Array(1_000_000);
    })();
    const sent = whole
      ? transport.put('/upload', body, sizeBytes, { body: new Uint8Array(sizeBytes) })
      : transport.put('/upload', body, sizeBytes);
    await expect(sent).rejects.toMatchObject({ code: 'timeout', cause: { code: 'UND_ERR_BODY_TIMEOUT' } });
  } finally {
    server.close();
  }
});

test('an upload may rest as long as its source does', async () => {
  await using server = await startBareServer(async (request, response) => {
    await request.resume().toArray();
    response.writeHead(201).end();
  });
  await using transport = transportTo(server.url);
  const { promise, resolve } = Promise.withResolvers<void>();
  setTimeout(resolve, 3 * TIMEOUTS.stallMs);
  const body = (async function* () {
    yield new Uint8Array(1000);
    await promise;
    yield new Uint8Array(1000);
  })();
  expect(await transport.put('/upload', body, 2000)).toMatchObject({ status: 201 });
});

test.each([
  ['shorter', 500],
  ['longer', 1500],
])('a body that is %s than announced ends its connection, and the next request gets another', async (_how, size) => {
  const received: string[] = [];
  await using server = await startRawServer();
  await using transport = transportTo(server.url);
  const body = (async function* () {
    yield new Uint8Array(400);
    yield new Uint8Array(size - 400);
  })();
  await expect(transport.put('/upload', body, 1000)).rejects.toMatchObject({
    code: 'connection-failed',
    cause: { message: 'the body has another length than was announced' },
  });
  await expect.poll(() => server.connections[0]?.destroyed).toBe(true);
  received.push(...server.asked);
  expect(received.join('').replace(/^.*?\r\n\r\n/s, '').length).toBeLessThan(1000);
});

test('what is closed opens no connection to another origin either', async () => {
  await using server = await startRawServer('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n');
  const transport = transportTo(server.url);
  await transport[Symbol.asyncDispose]();
  await expect(transport.get('/never')).rejects.toMatchObject({ code: 'connection-failed' });
  expect(server.connections).toEqual([]);
});

test.each([{ trusted: false }, { trusted: true, publicOnly: true } as const])(
  'an inner address in the URL itself is not connected to: %j',
  async (trust) => {
    await using server = await startRawServer('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n');
    await using transport = transportTo(server.url);
    await transport.get('/configured');
    for (const get of [transport.get, async (path: string) => transport.get(path, { method: 'HEAD', trust })]) {
      await expect(get('/blob', { trust })).rejects.toMatchObject({ code: 'egress-denied' });
    }
    expect(server.asked).toHaveLength(1);
  },
);
