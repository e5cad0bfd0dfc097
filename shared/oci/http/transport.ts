// One HTTP exchange with one host: connection pools per origin, TLS, proxies, timeouts, bodies as streams.
// It follows no redirect, adds no credential and retries nothing; the client above it does.
import type { SecureContext } from 'node:tls';
import type { Secret } from '../../telemetry/secret.ts';
import { checkAddress } from '../egress/egress-guard.ts';
import type { Lookup } from '../egress/egress-guard.ts';
import type { EgressTrust } from '../egress/egress-policy.ts';
import type { HttpRequest, HttpResponse } from './http-exchange.ts';
import { isAddress, withoutBrackets } from '../egress/ip-address.ts';
import { networkError } from './network-errors.ts';
import type { ProxyEnvironment } from './proxy.ts';
import { proxyFor } from './proxy.ts';
import type { Timeouts } from './timeouts.ts';
import { openDirectly } from './transport-direct.ts';
import type { OriginConnections } from './transport-direct.ts';

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

/** Opens no connection before the first exchange. */
export function createTransport(options: TransportOptions): Transport {
  const origins = new Map<string, Promise<OriginConnections>>();
  let isClosed = false;

  function originOf(url: URL, trust: EgressTrust): Promise<OriginConnections> {
    // What is still under way behind a command that has ended must not open a connection anew.
    if (isClosed) throw Object.assign(new Error('the connections are closed'), { code: 'ERR_CLOSED' });
    const key = `${url.origin} ${trust.trusted} ${trust.publicOnly === true}`;
    let opened = origins.get(key);
    if (opened === undefined) {
      opened = openOrigin(url, trust, options);
      origins.set(key, opened);
    }
    return opened;
  }

  return {
    async exchange(call) {
      try {
        checkLiteral(call.url, call.trust);
        const origin = await originOf(call.url, call.trust);
        return await origin.exchange(call);
      } catch (error) {
        const proxy = proxyOf(call.url, options);
        const through = proxy === undefined ? {} : { proxy: new URL(proxy).host };
        throw networkError(error, { ...call, ...through }, call.signal);
      }
    },
    async close() {
      isClosed = true;
      const opened = await Promise.allSettled(origins.values());
      await Promise.all(opened.flatMap((result) => (result.status === 'fulfilled' ? [result.value.close()] : [])));
    },
  };
}

/** A socket asks nobody for an address that stands in the URL itself, so that the guarded lookup would not see it. */
function checkLiteral({ hostname }: URL, trust: EgressTrust): void {
  const host = withoutBrackets(hostname);
  if (isAddress(host)) checkAddress(host, trust, host);
}

async function openOrigin(url: URL, trust: EgressTrust, options: TransportOptions): Promise<OriginConnections> {
  const own = url.origin === options.origin;
  const tls = url.protocol === 'https:' ? tlsContext(options, own) : {};
  const { timeouts, lookup } = options;
  const proxy = proxyOf(url, options);
  if (proxy === undefined) return openDirectly({ url, trust, tls, timeouts, lookup });
  const { openThroughProxy } = await import('./transport-proxied.ts');
  return openThroughProxy(proxy, tls, timeouts);
}

function proxyOf(url: URL, { proxy, proxies }: TransportOptions): string | undefined {
  return proxy?.reveal() ?? proxyFor(url, proxies);
}

/** Made once per pool: a context with a private authority takes 17 ms to make, and by default each connection makes one of its own. */
function tlsContext(options: TransportOptions, own: boolean): { secureContext: SecureContext } {
  const { createSecureContext, getCACertificates } = process.getBuiltinModule('node:tls');
  const certificate = own ? options.clientCertificate : undefined;
  const identity = certificate === undefined ? {} : { cert: certificate.certificate, key: certificate.key.reveal() };
  const authorities = options.certificateAuthorities;
  const trusted = authorities.length === 0 ? {} : { ca: [...getCACertificates('default'), ...authorities] };
  return { secureContext: createSecureContext({ ...identity, ...trusted }) };
}
