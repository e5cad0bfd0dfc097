// The registries of one process: a client per host, built on first use from the vendor's traits and the user's settings.
import type { CredentialSource } from '../oci/credential.ts';
import { createRegistryClient } from '../oci/registry-client.ts';
import type { RegistryClient } from '../oci/registry-client.ts';
import type { RegistryRuntime } from '../oci/registry-settings.ts';
import { DEFAULT_RETRIES } from '../oci/retry.ts';
import type { RetryPolicy } from '../oci/retry.ts';
import { isLoopbackHost } from '../oci/scheme-probe.ts';
import { DEFAULT_TIMEOUTS } from '../oci/timeouts.ts';
import type { Timeouts } from '../oci/timeouts.ts';
import { vendorOf } from './vendors.ts';

export type RegistriesOptions = {
  credentials: CredentialSource;
  /** PEM texts, each with one or more certificates, trusted beside the system's. */
  certificateAuthorities?: readonly string[];
  /** Registries, as references name them, that are spoken to without TLS. */
  plainHttpHosts?: readonly string[];
  /** Where `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY` stand. */
  env: NodeJS.ProcessEnv;
  userAgent?: string;
  timeouts?: Partial<Timeouts>;
  retries?: Partial<RetryPolicy>;
  onRetry?: NonNullable<RegistryRuntime['onRetry']>;
  onWarning?: NonNullable<RegistryRuntime['onWarning']>;
};

export type Registries = {
  /** The same client for the same host, for as long as the process lives. */
  client(host: string): RegistryClient;
  readonly timeouts: Timeouts;
  /** Cuts all connections. */
  close(): Promise<void>;
};

/** Opens nothing before the first request. */
export function openRegistries(options: RegistriesOptions): Registries {
  const clients = new Map<string, RegistryClient>();
  const runtime: RegistryRuntime = {
    userAgent: options.userAgent ?? 'transship',
    proxies: options.env,
    timeouts: { ...DEFAULT_TIMEOUTS, ...options.timeouts },
    retries: { ...DEFAULT_RETRIES, ...options.retries },
    now: Date.now,
    random: Math.random,
    ...(options.onRetry === undefined ? {} : { onRetry: options.onRetry }),
    ...(options.onWarning === undefined ? {} : { onWarning: options.onWarning }),
  };

  return {
    timeouts: runtime.timeouts,
    client(host) {
      let client = clients.get(host);
      if (client === undefined) {
        client = createRegistryClient(settingsFor(host, options), runtime);
        clients.set(host, client);
      }
      return client;
    },
    async close() {
      await Promise.all([...clients.values()].map((client) => client.close()));
    },
  };
}

function settingsFor(host: string, options: RegistriesOptions): Parameters<typeof createRegistryClient>[0] {
  const vendor = vendorOf(host);
  const apiHost = vendor.apiHost?.(host) ?? host;
  const plain = options.plainHttpHosts?.includes(host) ?? false;
  const local = isLoopbackHost(new URL(`http://${apiHost}`).hostname);
  return {
    host,
    apiHost,
    scheme: plain ? 'http:' : local ? 'detect' : 'https:',
    pathPrefix: '',
    traits: vendor.traits,
    trustedHosts: vendor.trustedHosts ?? [],
    credentials: options.credentials,
    certificateAuthorities: options.certificateAuthorities ?? [],
  };
}
