// A SOCKS5 proxy on loopback without a login: CONNECT to IPv4 addresses and names. https://www.rfc-editor.org/rfc/rfc1928
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

export type SocksProxy = {
  /** `socks5://127.0.0.1:PORT` */
  url: string;
  /** host:port of each connection that it made. */
  targets: readonly string[];
  [Symbol.asyncDispose](): Promise<void>;
};

const GREETING = Buffer.from([5, 0]);
const GRANTED = Buffer.from([5, 0, 0, 1, 0, 0, 0, 0, 0, 0]);

export async function startSocksProxy(): Promise<SocksProxy> {
  const targets: string[] = [];
  const sockets = new Set<Socket>();
  const keep = (socket: Socket): void => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => socket.destroy());
  };
  const server = createServer((client) => {
    keep(client);
    client.once('data', () => {
      client.write(GREETING);
      client.once('data', (request: Buffer) => {
        const { host, port } = readTarget(request);
        targets.push(`${host}:${port}`);
        const upstream = connect(port, host, () => {
          client.write(GRANTED);
          upstream.pipe(client).pipe(upstream);
        });
        keep(upstream);
      });
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `socks5://127.0.0.1:${port}`,
    targets,
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

/** Version, command, reserved, kind of address, address, port. */
function readTarget(request: Buffer): { host: string; port: number } {
  const isName = request[3] === 3;
  const host = isName ? request.subarray(5, -2).toString('latin1') : [...request.subarray(4, 8)].join('.');
  return { host, port: request.readUInt16BE(request.length - 2) };
}
