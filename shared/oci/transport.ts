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
import type { HttpRequest, HttpResponse } from './http-exchange.ts';
import { joined } from './joined-headers.ts';
import { networkError } from './network-errors.ts';
import type { ProxyEnvironment } from './proxy.ts';
import { proxyFor } from './proxy.ts';
import type { Timeouts } from './timeouts.ts';
import { createDirectConnections } from './transport-direct.ts';
import type { DirectConnections } from './transport-direct.ts';

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
  const pools = new Map<string, Promise<Origin>>();

  function pool(url: URL, trust: EgressTrust): Promise<Origin> {
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
      const { dispatcher, direct } = await pool(call.url, call.trust);
      try {
        const straight = direct === undefined ? undefined : await exchangeDirectly(call, direct);
        if (straight !== undefined) return straight;
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
      await Promise.all(
        opened.map(async (result) => {
          if (result.status === 'rejected') return;
          await Promise.all([result.value.dispatcher.destroy(), result.value.direct?.close()]);
        }),
      );
    },
  };
}

type Origin = { dispatcher: Dispatcher; direct?: DirectConnections };

/** Undefined for what is the HTTP client's. */
async function exchangeDirectly(call: HttpRequest, direct: DirectConnections): Promise<HttpResponse | undefined> {
  const { body, buffers } = call;
  if (buffers !== undefined && call.method === 'GET') return direct.read(call, buffers);
  if (call.lends === true && body !== undefined && !(body instanceof Uint8Array))
    return direct.upload({ ...call, body });
  return undefined;
}

/** The HTTP client keeps parts for a while. */
async function* copied(parts: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const part of parts) yield Uint8Array.from(part);
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
    body: (bodyOf(call) ?? null) as Uint8Array | Readable | null,
    headersTimeout: call.wait === 'commit' ? timeouts.commitMs : timeouts.responseMs,
    bodyTimeout: timeouts.stallMs,
    highWaterMark: BUFFERED_BYTES,
    signal: call.signal ?? null,
  };
}

function bodyOf({ body, lends }: HttpRequest): HttpRequest['body'] {
  return lends === true && body !== undefined && !(body instanceof Uint8Array) ? copied(body) : body;
}

async function openPool(url: URL, trust: EgressTrust, options: TransportOptions): Promise<Origin> {
  const own = url.origin === options.origin;
  const tls = url.protocol === 'https:' ? await tlsContext(options, own) : {};
  const proxy = proxyOf(url, options);
  if (proxy !== undefined) {
    // By the package's index: it adds CONNECT to all dispatchers, which the agent needs.
    const { ProxyAgent } = await import('undici');
    return {
      dispatcher: new ProxyAgent({
        uri: proxy,
        requestTls: { ...tls, timeout: options.timeouts.connectMs },
        allowH2: false,
      }),
    };
  }
  const dispatcher = new Pool(url.origin, {
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
  const { timeouts, lookup } = options;
  return { dispatcher, direct: createDirectConnections({ url, trust, tls, timeouts, lookup }) };
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
