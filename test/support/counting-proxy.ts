// A TCP proxy on loopback that counts what clients send through it.
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

export type CountingProxy = {
  /** host:port, for the place of the server behind it. */
  host: string;
  /** Bytes from clients to the server, since the start. */
  readonly sentBytes: number;
  /** Resolves when so many bytes were sent. */
  reached(bytes: number): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
};

/** @param to host:port of the server */
export async function startCountingProxy(to: string): Promise<CountingProxy> {
  const { hostname, port } = new URL(`tcp://${to}`);
  const sockets = new Set<Socket>();
  let sentBytes = 0;
  let waiting: { bytes: number; resolve: () => void }[] = [];

  const server = createServer((client) => {
    const upstream = connect(Number(port), hostname);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
      socket.on('error', () => {
        client.destroy();
        upstream.destroy();
      });
    }
    client.on('data', (piece) => {
      sentBytes += piece.length;
      const due = waiting.filter(({ bytes }) => sentBytes >= bytes);
      waiting = waiting.filter(({ bytes }) => sentBytes < bytes);
      for (const { resolve } of due) resolve();
    });
    client.pipe(upstream);
    upstream.pipe(client);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the proxy has no TCP address');
  return {
    host: `127.0.0.1:${address.port}`,
    get sentBytes() {
      return sentBytes;
    },
    reached: (bytes) =>
      new Promise((resolve) => {
        if (sentBytes >= bytes) resolve();
        else waiting.push({ bytes, resolve });
      }),
    async [Symbol.asyncDispose]() {
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, 'close').catch(() => undefined);
    },
  };
}
