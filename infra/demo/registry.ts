// An OCI registry in this process, for the demo and for tests: it implements the distribution specification 1.1 in full, in memory or on disk,
// and plays on request what real registries do differently or wrong. It is not made to face a network.
import { createServer as createHttpServer, type RequestListener, type Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { Catalog } from './registry/catalog.ts';
import { faultTable, type FaultRule } from './registry/faults.ts';
import { openLibrary } from './registry/library.ts';
import { startNotifier } from './registry/notifications.ts';
import type { NotificationEndpoint, RegistryOptions } from './registry/options.ts';
import { planting, type Planting } from './registry/planting.ts';
import { requestLog, type ExchangeEntry, type RequestEntry } from './registry/request-log.ts';
import { serve, type Service } from './registry/serve.ts';
import { tokenTable } from './registry/token-table.ts';
import { dropSession } from './registry/upload-session.ts';

export type RunningRegistry = Planting & {
  /** Root of the API, without a trailing slash; includes the path prefix. */
  readonly url: string;
  /** `127.0.0.1:<port>`, as references name the registry. */
  readonly host: string;
  /** Every request since the start; tests may empty it. */
  readonly requests: RequestEntry[];
  /** The same with headers and byte counts, if `recordHeaders` is on. */
  readonly exchanges: ExchangeEntry[];
  /** Fault rules in force; push to it or empty it at any time. */
  readonly faults: FaultRule[];
  /** Where notifications go; push to it or empty it at any time. */
  readonly notifications: NotificationEndpoint[];
  /** What the repositories hold; to be read only. */
  readonly catalog: Catalog;
  /** Number of upload sessions that are neither closed nor cancelled. */
  openUploads(): number;
  /** Ends all access tokens issued so far. */
  expireTokens(): void;
  /** Resolves when every notification so far was taken. */
  notified(): Promise<void>;
  /** Closes all connections at once; content on disk stays. */
  stop(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
};

/** Starts a registry on 127.0.0.1. */
export async function startRegistry(options: RegistryOptions = {}): Promise<RunningRegistry> {
  const now = options.now ?? Date.now;
  const stopping = new AbortController();
  const service: Service = {
    options,
    now,
    library: await openLibrary(options.dataDir),
    uploads: new Map(),
    tokens: tokenTable(options.auth?.kind === 'token' ? (options.auth.refreshTokens ?? {}) : {}, now),
    faults: faultTable(options.faults ?? []),
    log: requestLog(options.recordHeaders ?? false),
    notifier: startNotifier(options.notifications ?? [], randomUUID()),
    stopping: stopping.signal,
    scheme: options.tls === undefined ? 'http' : 'https',
  };
  const server = createServer(options, (request, response) => void serve(service, request, response));
  const host = `127.0.0.1:${await listen(server, options.port ?? 0)}`;
  const stop = async (): Promise<void> => {
    stopping.abort();
    service.notifier.stop();
    await close(server);
    for (const session of service.uploads.values()) await dropSession(service.uploads, session);
  };
  return {
    ...planting(service.library),
    url: `${service.scheme}://${host}${options.pathPrefix ?? ''}`,
    host,
    requests: service.log.requests,
    exchanges: service.log.exchanges,
    faults: service.faults.rules,
    notifications: service.notifier.endpoints,
    catalog: service.library.catalog,
    openUploads: () => service.uploads.size,
    expireTokens: service.tokens.expireAll,
    notified: service.notifier.settled,
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

function createServer({ tls }: RegistryOptions, listener: RequestListener): Server {
  // Clients keep connections; a server that closes them first makes their next request fail.
  const settings = { keepAliveTimeout: 60_000, requestTimeout: 0 };
  if (tls === undefined) return createHttpServer(settings, listener);
  const mutual = tls.clientCa === undefined ? {} : { ca: tls.clientCa, requestCert: true, rejectUnauthorized: true };
  return createHttpsServer({ ...settings, cert: tls.certificate, key: tls.key, ...mutual }, listener);
}

async function listen(server: Server, port: number): Promise<number> {
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no TCP address');
  return address.port;
}

async function close(server: Server): Promise<void> {
  if (!server.listening) return;
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await closed;
}
