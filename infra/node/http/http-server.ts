// An HTTP or HTTPS server with limits that keep slow and greedy clients from everybody else, and with an end that cuts nobody off.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, ListenOptions } from 'node:net';
import { listenError } from './listen-error.ts';
import { BOUNDS, boundConnections } from './bound-connections.ts';

/** PEM texts. */
export type TlsMaterial = {
  certificate: string;
  key: string;
  /** Nobody without a certificate of this authority gets in. */
  clientAuthority?: string;
};

export type HttpServerOptions = {
  listen: ListenOptions;
  tls?: TlsMaterial | undefined;
  /** The other end is a proxy: one address is many clients. */
  behindProxy?: boolean;
  /** The key of the configuration that says where to listen; `api.listen` by default. */
  key?: string;
  onRequest: (incoming: IncomingMessage, outgoing: ServerResponse) => unknown;
};

export type HttpServer = {
  /** The port that it got, 0 for a socket of the file system. */
  port: number;
  /** Connections from now on get this certificate; those that are there keep theirs. @throws Error for one that does not fit its key */
  useCertificate: (tls: TlsMaterial) => void;
  /** Takes no more connections; resolves when every answer under way is out. */
  drain: () => Promise<void>;
  /** Cuts what is left. */
  cut: () => void;
};

const LIMITS = {
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  /** Node looks after the two above only so often. https://nodejs.org/api/http.html#httpcreateserveroptions-requestlistener */
  connectionsCheckingInterval: 1000,
  /** Longer than the idle time of the usual load balancers, which else send a request into a connection that ends. */
  keepAliveTimeout: 65_000,
} as const;
const HANDSHAKE_TIMEOUT_MS = 10_000;

/** Resolves when it listens. @throws TransshipError invalid-config where the address cannot be had */
export async function startHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const { listen, tls, onRequest } = options;
  const secure =
    tls === undefined
      ? undefined
      : createTlsServer({
          ...LIMITS,
          ...secureContext(tls),
          handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
          requestCert: tls.clientAuthority !== undefined,
        });
  const server = secure ?? createServer(LIMITS);
  const connections = boundConnections(server, options.behindProxy ? { ...BOUNDS, mostOfOne: BOUNDS.most } : BOUNDS);
  server.on('request', onRequest);
  const { promise: listening, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', (error) => reject(listenError(listen, error, options.key)));
  server.listen(listen, resolve);
  await listening;
  // a connection that cannot be taken, for want of file descriptors say: its client sees it, the others go on
  server.on('error', () => undefined);
  return {
    port: portOf(server.address()),
    useCertificate: (material) => secure?.setSecureContext(secureContext(material)),
    async drain() {
      const closed = new Promise<void>((done) => void server.close(() => done()));
      connections.closeWhenAnswered();
      await closed;
    },
    cut: () => server.closeAllConnections(),
  };
}

function secureContext({ certificate, key, clientAuthority }: TlsMaterial): { cert: string; key: string; ca?: string } {
  return { cert: certificate, key, ...(clientAuthority === undefined ? {} : { ca: clientAuthority }) };
}

function portOf(address: AddressInfo | string | null): number {
  return typeof address === 'object' && address !== null ? address.port : 0;
}
