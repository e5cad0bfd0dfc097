// An HTTP proxy on loopback that opens tunnels (CONNECT), by a login if it is told one, and passes on plain requests that name their host.
// What is not on loopback it only finds where a test says that it is. https://www.rfc-editor.org/rfc/rfc9110#section-9.3.6
import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import type { KeyPair } from './certificates.ts';

export type ConnectProxy = {
  /** `http://127.0.0.1:PORT`, with the login. */
  url: string;
  /** host:port of each tunnel, and what was asked without one: `GET http://…`. */
  targets: readonly string[];
  [Symbol.asyncDispose](): Promise<void>;
};

export type ConnectProxyOptions = {
  /** `user:password`, as it stands in a URL. */
  login?: string;
  /** Speaks TLS itself by this. */
  pair?: KeyPair;
  /** Where a host:port is to be found instead, and the certificate by which TLS for it ends here. */
  routes?: Readonly<Record<string, { to: string; pair?: KeyPair }>>;
};

export async function startConnectProxy({ login, pair, routes = {} }: ConnectProxyOptions = {}): Promise<ConnectProxy> {
  const targets: string[] = [];
  const sockets = new Set<Socket | Duplex>();
  const keep = (socket: Socket | Duplex): void => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => socket.destroy());
  };
  const mayPass = ({ headers }: http.IncomingMessage): boolean => {
    const [, sent = ''] = /^Basic (.*)$/.exec(headers['proxy-authorization'] ?? '') ?? [];
    return login === undefined || Buffer.from(sent, 'base64').toString() === decodeURIComponent(login);
  };
  const onRequest: http.RequestListener = (request, response) => {
    const { method = '', url = '' } = request;
    if (!url.startsWith('http://') || !mayPass(request)) {
      response.writeHead(mayPass(request) ? 405 : 407).end();
      return;
    }
    targets.push(`${method} ${url}`);
    const { 'proxy-authorization': _, ...headers } = request.headers;
    const { host, pathname, search } = new URL(url);
    const onward = http.request(
      `http://${routes[host]?.to ?? host}${pathname}${search}`,
      { method, headers },
      (answer) => {
        response.writeHead(answer.statusCode ?? 500, answer.headers);
        answer.pipe(response);
      },
    );
    onward.on('error', () => response.destroy());
    request.pipe(onward);
  };
  const server = pair === undefined ? http.createServer(onRequest) : https.createServer(filesOf(pair), onRequest);
  server.on('connect', (request, client) => {
    keep(client);
    if (!mayPass(request)) {
      client.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n');
      return;
    }
    const { url: target = '' } = request;
    targets.push(target);
    const route = routes[target] ?? { to: target };
    const { hostname, port } = new URL(`tcp://${route.to}`);
    const upstream = connect(Number(port), hostname, () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      const end = route.pair === undefined ? client : new TLSSocket(client, { isServer: true, ...filesOf(route.pair) });
      if (end !== client) keep(end);
      upstream.pipe(end).pipe(upstream);
    });
    keep(upstream);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `http${pair === undefined ? '' : 's'}://${login === undefined ? '' : `${login}@`}127.0.0.1:${port}`,
    targets,
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

function filesOf({ certificateFile, keyFile }: KeyPair): { cert: Buffer; key: Buffer } {
  return { cert: readFileSync(certificateFile), key: readFileSync(keyFile) };
}
