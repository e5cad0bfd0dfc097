// What the program works with: a configuration that was checked, with its texts read and its units in its names. Secrets are still
// references; they are resolved where they are used.
import type { MirrorRule } from '../mirror/rule.ts';
import type { ConfigFile } from './schema/schema.ts';

/** Where a secret is; certificates are referred to in the same way. */
export type SecretReference = NonNullable<ConfigFile['masterKey']>;

type RegistryFile = ConfigFile['registries'][string];

export type RegistryConfig = Omit<RegistryFile, 'limits' | 'aliases' | 'trustedHosts'> & {
  /** As references name it. */
  host: string;
  aliases: readonly string[];
  /** Exact, or `*.suffix`. */
  trustedHosts: readonly string[];
  limits: { concurrency?: number; requestsPerSecond?: number; bandwidthBytesPerSecond?: number };
};

type ReceiverConfig = ConfigFile['receivers'][number];

export type ApiConfig = Omit<ConfigFile['api'], 'listen' | 'rateLimit'> & {
  listen: { host: string; port: number };
  requestsPerMinute: number;
};

export type Config = {
  registries: readonly RegistryConfig[];
  rules: readonly MirrorRule[];
  receivers: readonly ReceiverConfig[];
  api: ApiConfig;
  /** An absolute path. */
  dataDir: string;
  instance: string;
  masterKey?: SecretReference;
};
