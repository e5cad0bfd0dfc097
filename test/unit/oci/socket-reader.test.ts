// Bytes from a socket in memory that is used again: what was not read yet stays as it came, whatever becomes of the connection.
import { once } from 'node:events';
import net from 'node:net';
import { expect, test } from 'vitest';
import { createBufferPool } from '../../../shared/oci/http/buffer-pool.ts';
import type { BufferPool } from '../../../shared/oci/http/buffer-pool.ts';
import { createSocketReader } from '../../../shared/oci/http/socket-reader.ts';

/** Connects a reader to what `serve` does with its other end. */
async function startReader(buffers: BufferPool, serve: (socket: net.Socket) => void) {
  const server = net.createServer((socket) => {
    socket.on('error', () => undefined);
    serve(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const sockets: net.Socket[] = [];
  const reader = createSocketReader(buffers, (onread) => {
    const socket = net.connect({ host: '127.0.0.1', port, onread });
    sockets.push(socket);
    return socket;
  });
  await reader.connected;
  const [socket] = sockets;
  return {
    reader,
    isClosed: () => socket?.destroyed === true && socket.closed,
    async [Symbol.asyncDispose]() {
      reader.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

test.each([100, 150_000, 600_000])(
  '%i bytes that came before the end are read after it, out of memory of their own',
  async (size) => {
    const content = Buffer.alloc(size, 'content ');
    const buffers = createBufferPool();
    await using served = await startReader(buffers, (socket) => socket.end(content));
    const { reader } = served;
    const got: Uint8Array[] = [];
    // As far as they fit in one buffer, nobody reads before the connection is gone.
    await expect.poll(() => size > 190_000 || served.isClosed()).toBe(true);
    // Somebody else takes memory meanwhile.
    for (let taken = 0; taken < 3; taken += 1) buffers.take().fill(0xdb);
    for (let part = await reader.read(); part !== undefined; part = await reader.read()) {
      got.push(Uint8Array.from(part));
      buffers.release(part);
      buffers.take().fill(0xdb);
    }
    expect(Buffer.concat(got).equals(content)).toBe(true);
  },
);

test('bytes that came before a reset are read out of memory of their own', async () => {
  const buffers = createBufferPool();
  const connections: net.Socket[] = [];
  await using served = await startReader(buffers, (socket) => {
    connections.push(socket);
    socket.write('abc');
  });
  const { reader } = served;
  await expect.poll(() => reader.isQuiet()).toBe(false);
  connections[0]?.resetAndDestroy();
  await expect.poll(served.isClosed).toBe(true);
  buffers.take().fill(0xdb);
  const part = await reader.read();
  expect(Buffer.from(part ?? []).toString()).toBe('abc');
  await expect(reader.read()).rejects.toMatchObject({ code: 'ECONNRESET' });
});
