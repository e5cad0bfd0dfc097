// What a registry client is built from: the configuration of one registry, and what all registries of a process share.
import type { ErrorCode } from '../errors.ts';
import type { Secret } from '../telemetry/secret.ts';
import type { CredentialSource } from './auth/credential.ts';
import type { Lookup } from './egress/egress-guard.ts';
import type { ProxyEnvironment } from './http/proxy.ts';
import type { RetryPolicy } from './http/retry.ts';
import type { Timeouts } from './http/timeouts.ts';
import type { Traits } from './traits.ts';

export type RegistrySettings = {
  /** The registry as references name it: `docker.io`, `localhost:5000`. */
  host: string;
  /** Where its API answers; may carry a port. */
  apiHost: string;
  /** `detect`: TLS is tried first; for hosts on loopback that nobody configured. */
  scheme: 'https:' | 'http:' | 'detect';
  /** Stands before `/v2/`; empty or "/prefix". */
  pathPrefix: string;
  traits: Traits;
  /** Hosts that its realm, redirects and Locations may use beside its own. */
  trustedHosts: readonly string[];
  /** Nobody configured it: only public addresses are connected to. */
  publicOnly?: true;
  credentials: CredentialSource;
  /** PEM certificates trusted beside the system's. */
  certificateAuthorities: readonly string[];
  /** What else a connection needs; asked for when the first one is opened. May throw TransshipError invalid-config. */
  material?: () => Promise<ConnectionMaterial>;
  /** An upper limit for all requests together, beside those of the traits. */
  requestsPerSecond?: number;
  /** For the content of blobs, both ways together. */
  bandwidthBytesPerSecond?: number;
};

/** What connections of one registry are made with, beside what all registries of a process share. */
export type ConnectionMaterial = {
  /** PEM certificates trusted too. */
  certificateAuthorities?: readonly string[];
  clientCertificate?: { certificate: string; key: Secret };
  /** The URL of the proxy for all that this registry leads to; the environment is not asked then. */
  proxy?: Secret;
};

export type RegistryRuntime = {
  userAgent: string;
  proxies: ProxyEnvironment;
  timeouts: Timeouts;
  retries: RetryPolicy;
  /** Milliseconds since the epoch. */
  now: () => number;
  /** In [0, 1). */
  random: () => number;
  /** Stands in for the system's resolver. */
  lookup?: Lookup;
  onRetry?: (retry: { registry: string; operation: string; delayMs: number; code: ErrorCode; reason: string }) => void;
  onWarning?: (warning: { registry: string; message: string }) => void;
};
