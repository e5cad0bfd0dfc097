// One HTTP exchange with one host: connection pools per origin, TLS, proxies, timeouts, bodies as streams.
// It follows no redirect, adds no credential and retries nothing; the client above it does.
import type { Readable } from 'node:stream';
import type { SecureContext } from 'node:tls';
import type { Dispatcher } from 'undici';
import request from 'undici/lib/api/api-request.js';
import Pool from 'undici/lib/dispatcher/pool.js';
import type { Secret } from '../telemetry/secret.ts';
import type { Lookup } from './egress-guard.ts';
import { guardedLookup } from './egress-guard.ts';
import type { EgressTrust } from './egress-policy.ts';
import { networkError } from './network-errors.ts';
import type { ProxyEnvironment } from './proxy.ts';
import { proxyFor } from './proxy.ts';
import type { Timeouts } from './timeouts.ts';

export type HttpRequest = {
  method: Dispatcher.HttpMethod;
  url: URL;
  headers: Record<string, string>;
  /** Bytes or a stream; a stream's length stands in the content-length header. */
  body?: Uint8Array | AsyncIterable<Uint8Array>;
  /** Which limit holds for the wait for the response's headers. */
  wait: 'response' | 'commit';
  /** Whether the host was configured, which decides what its name may resolve to; see egress-guard.ts. */
  trust: EgressTrust;
  /** What to call this in an error. */
  registry: string;
  repository?: string;
  operation: string;
  signal?: AbortSignal;
};

export type HttpResponse = {
  status: number;
  headers: Record<string, string | undefined>;
  body: Readable & { dump(options?: { limit: number }): Promise<void> };
};

export type TransportOptions = {
  /** The registry's own origin: only it gets the client certificate. */
  origin: string;
  /** PEM certificates trusted beside the system's. */
  certificateAuthorities: readonly string[];
  clientCertificate?: { certificate: string; key: Secret };
  proxies: ProxyEnvironment;
  /** The URL of the one proxy for everything, in place of those in the environment. */
  proxy?: Secret;
  timeouts: Timeouts;
  /** Stands in for the system's resolver. */
  lookup?: Lookup;
};

export type Transport = {
  /** @throws TransshipError invalid-config, connection-failed, tls-failed, timeout, interrupted */
  exchange(request: HttpRequest): Promise<HttpResponse>;
  close(): Promise<void>;
};

/** Bytes of a response held ahead of the reader, and of a request ahead of the socket. */
const BUFFERED_BYTES = 256 * 1024;

/** An option of the socket that undici passes on, although its types do not name it. */
const SOCKET_BUFFER = { highWaterMark: BUFFERED_BYTES };

/** Opens no connection before the first exchange. */
export function createTransport(options: TransportOptions): Transport {
  const pools = new Map<string, Promise<Dispatcher>>();

  function pool(url: URL, trust: EgressTrust): Promise<Dispatcher> {
    const key = `${url.origin} ${trust.trusted}`;
    let opened = pools.get(key);
    if (opened === undefined) {
      opened = openPool(url, trust, options);
      pools.set(key, opened);
    }
    return opened;
  }

  return {
    async exchange(call) {
      const dispatcher = await pool(call.url, call.trust);
      try {
        const response = await request.call(dispatcher, dispatchOptions(call, options.timeouts));
        return { status: response.statusCode, headers: joined(response.headers), body: response.body };
      } catch (error) {
        const proxy = proxyOf(call.url, options);
        const through = proxy === undefined ? {} : { proxy: new URL(proxy).host };
        throw networkError(error, { ...call, ...through }, call.signal);
      }
    },
    async close() {
      const opened = await Promise.allSettled(pools.values());
      await Promise.all(opened.flatMap((result) => (result.status === 'fulfilled' ? [result.value.destroy()] : [])));
    },
  };
}

function dispatchOptions(call: HttpRequest, timeouts: Timeouts): Dispatcher.RequestOptions {
  return {
    origin: call.url.origin,
    path: call.url.pathname + call.url.search,
    method: call.method,
    // undici ends the connection after a HEAD unless told otherwise: a new handshake for each of hundreds of tags.
    ...(call.method === 'HEAD' ? { reset: false } : {}),
    headers: call.headers,
    // undici takes any async iterable, as its documentation says; its types name Readable only.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    body: (call.body ?? null) as Uint8Array | Readable | null,
    headersTimeout: call.wait === 'commit' ? timeouts.commitMs : timeouts.responseMs,
    bodyTimeout: timeouts.stallMs,
    highWaterMark: BUFFERED_BYTES,
    signal: call.signal ?? null,
  };
}

async function openPool(url: URL, trust: EgressTrust, options: TransportOptions): Promise<Dispatcher> {
  const own = url.origin === options.origin;
  const tls = url.protocol === 'https:' ? await tlsContext(options, own) : {};
  const proxy = proxyOf(url, options);
  if (proxy !== undefined) {
    // By the package's index: it adds CONNECT to all dispatchers, which the agent needs.
    const { ProxyAgent } = await import('undici');
    return new ProxyAgent({ uri: proxy, requestTls: { ...tls, timeout: options.timeouts.connectMs }, allowH2: false });
  }
  return new Pool(url.origin, {
    // HTTP/2 would put all blobs of a copy into one TCP window.
    allowH2: false,
    keepAliveTimeout: 15_000,
    connect: {
      ...tls,
      ...SOCKET_BUFFER,
      timeout: options.timeouts.connectMs,
      lookup: guardedLookup(trust, options.lookup),
    },
  });
}

function proxyOf(url: URL, { proxy, proxies }: TransportOptions): string | undefined {
  return proxy?.reveal() ?? proxyFor(url, proxies);
}

/** Made once per pool: a context with a private authority takes 17 ms to make, and by default each connection makes one of its own. */
async function tlsContext(options: TransportOptions, own: boolean): Promise<{ secureContext: SecureContext }> {
  const { createSecureContext, getCACertificates } = await import('node:tls');
  const certificate = own ? options.clientCertificate : undefined;
  const identity = certificate === undefined ? {} : { cert: certificate.certificate, key: certificate.key.reveal() };
  const authorities = options.certificateAuthorities;
  const trusted = authorities.length === 0 ? {} : { ca: [...getCACertificates('default'), ...authorities] };
  return { secureContext: createSecureContext({ ...identity, ...trusted }) };
}

function joined(headers: Record<string, string | string[] | undefined>): Record<string, string | undefined> {
  const result: Record<string, string | undefined> = {};
  for (const [name, value] of Object.entries(headers)) {
    result[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  return result;
}
