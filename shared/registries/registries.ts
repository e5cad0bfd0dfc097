// The registries of one process: a client per registry, built on first use from the vendor's traits and the user's settings.
// All names of a registry lead to the same client.
import { TransshipError } from '../errors.ts';
import type { CredentialSource } from '../oci/auth/credential.ts';
import { createRegistryClient } from '../oci/registry-client.ts';
import type { RegistryClient } from '../oci/registry-client.ts';
import type { RegistryRuntime, RegistrySettings } from '../oci/registry-settings.ts';
import { DEFAULT_RETRIES } from '../oci/http/retry.ts';
import type { RetryPolicy } from '../oci/http/retry.ts';
import { isLoopbackHost } from '../oci/http/scheme-probe.ts';
import { DEFAULT_TIMEOUTS } from '../oci/http/timeouts.ts';
import type { Timeouts } from '../oci/http/timeouts.ts';
import type { Traits } from '../oci/traits.ts';
import { cloudEnvironment } from './cloud-environment.ts';
import { creatingRepositories } from './missing-repositories.ts';
import type { RegistryLimits, RegistryOptions } from './registry-options.ts';
import type { PartsPlace, Vendor } from './vendor.ts';
import { vendorOf } from './vendors.ts';

export type RegistriesOptions = {
  /** For every registry that has none of its own. */
  credentials: CredentialSource;
  /** What is known of single registries; most need no entry. */
  registries?: readonly RegistryOptions[];
  /** PEM texts, each with one or more certificates, trusted beside the system's. */
  certificateAuthorities?: readonly string[];
  /** Registries, as references name them, that are spoken to without TLS. */
  plainHttpHosts?: readonly string[];
  /** Whether a registry is reached at public addresses only, since others may name it; no registry by default. */
  isPublicOnly?: (host: string) => boolean;
  /** Where `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY` stand. */
  env: NodeJS.ProcessEnv;
  userAgent?: string;
  timeouts?: Partial<Timeouts>;
  retries?: Partial<RetryPolicy>;
  onRetry?: NonNullable<RegistryRuntime['onRetry']>;
  onWarning?: NonNullable<RegistryRuntime['onWarning']>;
};

export type Registries = {
  /** The same client for every name of a registry, for as long as the process lives; its `host` is the first of these names. */
  client(host: string): RegistryClient;
  /** The vendor of a registry, by its configured kind or its host. */
  vendor(host: string): Vendor;
  readonly timeouts: Timeouts;
  /** Cuts all connections. */
  close(): Promise<void>;
};

/** Opens nothing before the first request. @throws TransshipError invalid-config where two registries have the same name */
export function openRegistries(options: RegistriesOptions): Registries {
  const clients = new Map<string, RegistryClient>();
  const known = byName(options.registries ?? []);
  const registryAt = (host: string): RegistryOptions => known.get(host) ?? { host };
  const runtime = registryRuntime(options);

  const clientFor = (registry: RegistryOptions): RegistryClient => {
    const { createRepository: settings, identity, material } = registry;
    const env = () => cloudEnvironment({ env: options.env, material });
    const vendor = vendorOf(registry.host, registry.kind);
    const client = createRegistryClient(registrySettings(registry, options), runtime);
    return creatingRepositories(
      identity === undefined ? client : withParts(client, vendor, { identity, env, runtime }),
      vendor,
      {
        env,
        ...(settings === undefined ? {} : { settings }),
        ...(identity === undefined ? {} : { identity }),
      },
    );
  };

  return {
    timeouts: runtime.timeouts,
    client(name) {
      const registry = registryAt(name);
      let client = clients.get(registry.host);
      if (client === undefined) {
        client = clientFor(registry);
        clients.set(registry.host, client);
      }
      return client;
    },
    vendor(name) {
      const { host, kind } = registryAt(name);
      return vendorOf(host, kind);
    },
    async close() {
      await Promise.all([...clients.values()].map((client) => client.close()));
    },
  };
}

/** Layers go by another way only where the configuration says who is to call it. */
function withParts(
  client: RegistryClient,
  vendor: Vendor,
  place: Pick<PartsPlace, 'identity' | 'env' | 'runtime'>,
): RegistryClient {
  const { host, throttle } = client;
  const parts = vendor.layerParts?.({ host, throttle, ...place });
  if (parts === undefined) return client;
  return {
    ...client,
    parts,
    async close() {
      parts.close();
      await client.close();
    },
  };
}

/** What all registries of a process share. */
export function registryRuntime(options: Omit<RegistriesOptions, 'credentials'>): RegistryRuntime {
  return {
    userAgent: options.userAgent ?? 'transship',
    proxies: options.env,
    timeouts: { ...DEFAULT_TIMEOUTS, ...options.timeouts },
    retries: { ...DEFAULT_RETRIES, ...options.retries },
    now: Date.now,
    random: Math.random,
    ...(options.onRetry === undefined ? {} : { onRetry: options.onRetry }),
    ...(options.onWarning === undefined ? {} : { onWarning: options.onWarning }),
  };
}

function byName(registries: readonly RegistryOptions[]): Map<string, RegistryOptions> {
  const known = new Map<string, RegistryOptions>();
  for (const registry of registries) {
    for (const name of [registry.host, ...(registry.aliases ?? [])]) {
      if (known.has(name)) {
        throw new TransshipError('invalid-config', `two registries have the name ${name}`, {
          hint: 'put both under one host',
        });
      }
      known.set(name, registry);
    }
  }
  return known;
}

/** What the client of one registry is built from: its vendor's traits and the user's settings. */
export function registrySettings(registry: RegistryOptions, options: RegistriesOptions): RegistrySettings {
  const { host, aliases = [], limits = {}, material } = registry;
  const { requestsPerSecond, bandwidthBytesPerSecond } = limits;
  const vendor = vendorOf(host, registry.kind);
  const apiHost = vendor.apiHost?.(host) ?? host;
  const isPlain = [host, ...aliases].some((name) => options.plainHttpHosts?.includes(name));
  const local = isLoopbackHost(new URL(`http://${apiHost}`).hostname);
  return {
    host,
    apiHost,
    scheme: isPlain || registry.plainHttp ? 'http:' : local ? 'detect' : 'https:',
    pathPrefix: registry.pathPrefix ?? '',
    traits: limitedTraits(vendor.traits, limits),
    // A registry may name itself by another of its names.
    trustedHosts: [...(vendor.trustedHosts ?? []), ...(registry.trustedHosts ?? []), ...aliases],
    credentials: registry.credentials ?? options.credentials,
    certificateAuthorities: options.certificateAuthorities ?? [],
    ...(options.isPublicOnly?.(host) ? { publicOnly: true } : {}),
    ...(material === undefined ? {} : { material }),
    ...(requestsPerSecond === undefined ? {} : { requestsPerSecond }),
    ...(bandwidthBytesPerSecond === undefined ? {} : { bandwidthBytesPerSecond }),
  };
}

/** Also a limit above the vendor's own: whoever sets it knows the registry better. */
function limitedTraits(traits: Traits, { concurrency }: RegistryLimits): Traits {
  if (concurrency === undefined) return traits;
  return { ...traits, concurrency: { start: Math.min(traits.concurrency.start, concurrency), max: concurrency } };
}
