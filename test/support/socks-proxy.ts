// A SOCKS5 proxy on loopback, by a login if it is told one: CONNECT to IPv4 addresses and names.
// https://www.rfc-editor.org/rfc/rfc1928 https://www.rfc-editor.org/rfc/rfc1929
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

export type SocksProxy = {
  /** `socks5://127.0.0.1:PORT`, with the login. */
  url: string;
  /** host:port of each connection that it made. */
  targets: readonly string[];
  [Symbol.asyncDispose](): Promise<void>;
};

const GREETING = Buffer.from([5, 0]);
const WANTS_LOGIN = Buffer.from([5, 2]);
const LOGGED_IN = Buffer.from([1, 0]);
const WRONG_LOGIN = Buffer.from([1, 1]);
const GRANTED = Buffer.from([5, 0, 0, 1, 0, 0, 0, 0, 0, 0]);

type SocksProxyOptions = {
  /** `user:password`, as it stands in a URL. */
  login?: string;
  /** Where a host:port is to be found instead. */
  routes?: Readonly<Record<string, string>>;
};

export async function startSocksProxy({ login, routes = {} }: SocksProxyOptions = {}): Promise<SocksProxy> {
  const targets: string[] = [];
  const sockets = new Set<Socket>();
  const keep = (socket: Socket): void => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => socket.destroy());
  };
  const server = createServer((client) => {
    keep(client);
    const serve = (request: Buffer): void => {
      const target = readTarget(request);
      targets.push(target);
      const { hostname, port: at } = new URL(`tcp://${routes[target] ?? target}`);
      const upstream = connect(Number(at), hostname, () => {
        client.write(GRANTED);
        upstream.pipe(client).pipe(upstream);
      });
      keep(upstream);
    };
    client.once('data', () => {
      client.write(login === undefined ? GREETING : WANTS_LOGIN);
      client.once('data', (request: Buffer) => {
        if (login === undefined) return serve(request);
        if (readLogin(request) !== decodeURIComponent(login)) return void client.end(WRONG_LOGIN);
        client.write(LOGGED_IN);
        client.once('data', serve);
      });
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `socks5://${login === undefined ? '' : `${login}@`}127.0.0.1:${port}`,
    targets,
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

/** Version, length, user, length, password. */
function readLogin(request: Buffer): string {
  const behindUser = 2 + (request[1] ?? 0);
  return `${request.subarray(2, behindUser).toString()}:${request.subarray(behindUser + 1).toString()}`;
}

/** Version, command, reserved, kind of address, address, port. */
function readTarget(request: Buffer): string {
  const isName = request[3] === 3;
  const host = isName ? request.subarray(5, -2).toString('latin1') : [...request.subarray(4, 8)].join('.');
  return `${host}:${request.readUInt16BE(request.length - 2)}`;
}
