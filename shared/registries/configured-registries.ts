// The registries of a process as its configuration file and its command line describe them. The command line wins.
import type { Config, RegistryConfig } from '../config/config.ts';
import type { CredentialSource } from '../oci/auth/credential.ts';
import { connectionMaterial, type ReadSecret } from './connection-material.ts';
import { configuredCredentials } from './configured-credentials.ts';
import { credentialSource } from './credentials.ts';
import { openRegistries, type Registries, type RegistriesOptions } from './registries.ts';
import type { RegistryOptions } from './registry-options.ts';
import type { RequestServiceAccountToken } from './service-account-issuer.ts';

export type ConfiguredRegistriesOptions = Omit<RegistriesOptions, 'credentials' | 'registries'> & {
  homeDir: string;
  /** A credential file that was named for this process; what it has an entry for wins over the configuration. */
  authfile?: string;
  readSecret: ReadSecret;
  /** Absent where this process reaches no clusters. */
  requestServiceAccountToken?: RequestServiceAccountToken;
};

/**
 * Opens nothing and reads no secret before a request needs it.
 * @throws TransshipError invalid-config where two registries have the same name
 */
export function openConfiguredRegistries(
  registries: Config['registries'],
  options: ConfiguredRegistriesOptions,
): Registries {
  const { authfile, homeDir } = options;
  const named = authfile === undefined ? {} : { authfile };
  const credentials = credentialSource({ env: options.env, homeDir, ...named });
  return openRegistries({
    ...options,
    credentials,
    registries: registries.map((registry) => registryOptions(registry, options, credentials)),
  });
}

/** One registry of the configuration; `common` are the credentials of those without their own. */
export function registryOptions(
  registry: RegistryConfig,
  options: ConfiguredRegistriesOptions,
  common: CredentialSource,
): RegistryOptions {
  const { host, aliases, kind, plainHttp, pathPrefix, trustedHosts, limits, credential, createRepository } = registry;
  const material = connectionMaterial(registry, options.readSecret);
  const configured = credential === undefined ? undefined : configuredCredentials(registry, credential, options);
  const credentials =
    configured === undefined || options.authfile === undefined ? configured : firstOf(common, configured);
  return {
    host,
    aliases,
    plainHttp,
    trustedHosts,
    limits,
    ...(kind === undefined ? {} : { kind }),
    ...(pathPrefix === undefined ? {} : { pathPrefix }),
    ...(credentials === undefined ? {} : { credentials }),
    ...(material === undefined ? {} : { material }),
    ...(createRepository === undefined ? {} : { createRepository }),
    ...(typeof credential === 'object' && 'aws' in credential ? { identity: credential } : {}),
  };
}

/** What the first one has, else what the second one has. */
function firstOf(first: CredentialSource, second: CredentialSource): CredentialSource {
  return async (scope) => {
    const found = await first(scope);
    return found.kind === 'anonymous' ? second(scope) : found;
  };
}
