// Stands in for hosts of clouds on loopback: an HTTP proxy that opens tunnels to itself and answers there by TLS under their names, so
// that SDKs ask the addresses that they would ask anyway. What it answers is up to the fakes beside it.
import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import tls from 'node:tls';
import type { Authority } from '../certificates.ts';

export type CloudRequest = {
  host: string;
  method: string;
  /** With its query. */
  path: string;
  headers: http.IncomingHttpHeaders;
  body: string;
};

export type CloudAnswer = {
  status: number;
  headers?: Record<string, string>;
  /** Sent as JSON, but for text. */
  body?: unknown;
};

/** Undefined cuts the connection. */
export type CloudHandler = (request: CloudRequest) => CloudAnswer | undefined | Promise<CloudAnswer | undefined>;

export type CloudFront = {
  /** What `HTTPS_PROXY` is to be. */
  proxy: string;
  /** In order, since the last `play`. */
  readonly requests: readonly CloudRequest[];
  /** What is there for a host answers instead of the fake. */
  faults: Map<string, CloudHandler>;
  /** Forgets what was, and answers by these from now on. */
  play(hosts: Readonly<Record<string, CloudHandler>>): void;
  [Symbol.asyncDispose](): Promise<void>;
};

/** Stands for these hosts, and for nobody before `play`. Trusts `authority` in the whole process until it is closed. */
export async function startCloudFront(authority: Authority, names: readonly string[]): Promise<CloudFront> {
  let hosts: Readonly<Record<string, CloudHandler>> = {};
  let requests: CloudRequest[] = [];
  const faults = new Map<string, CloudHandler>();
  const pair = authority.issue('clouds', names);
  const inner = https.createServer(
    { cert: readFileSync(pair.certificateFile), key: readFileSync(pair.keyFile) },
    (request, response) => {
      void answer(request, response, async (asked) => {
        requests.push(asked);
        return (faults.get(asked.host) ?? hosts[asked.host] ?? unknownHost)(asked);
      });
    },
  );
  const proxy = http.createServer((_, response) => response.writeHead(501).end());
  const sockets = new Set<{ destroy(): void }>();
  proxy.on('connect', (_, socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
    socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
    inner.emit('connection', socket);
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const address = proxy.address();
  const trusted = tls.getCACertificates('default');
  tls.setDefaultCACertificates([...trusted, authority.ca]);
  return {
    proxy: `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`,
    get requests() {
      return requests;
    },
    faults,
    play(fakes) {
      hosts = fakes;
      requests = [];
      faults.clear();
    },
    async [Symbol.asyncDispose]() {
      tls.setDefaultCACertificates(trusted);
      for (const socket of sockets) socket.destroy();
      const closed = once(proxy, 'close');
      proxy.close();
      proxy.closeAllConnections();
      await closed;
    },
  };
}

function unknownHost({ host }: CloudRequest): CloudAnswer {
  return { status: 421, body: `nobody here is ${host}` };
}

export async function answer(
  request: http.IncomingMessage,
  response: http.ServerResponse,
  handle: CloudHandler,
): Promise<void> {
  const { method = '', url = '', headers } = request;
  const host = (headers.host ?? '').replace(/:443$/, '');
  const found = await handle({ host, method, path: url, headers, body: await text(request) });
  if (found === undefined) {
    request.socket.destroy();
    return;
  }
  const { status, headers: sent = {}, body } = found;
  const isText = typeof body === 'string';
  response.writeHead(status, { 'content-type': isText ? 'text/plain' : 'application/json', ...sent });
  response.end(body === undefined ? '' : isText ? body : JSON.stringify(body));
}
