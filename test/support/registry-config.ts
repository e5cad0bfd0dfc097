// A registry as the configuration gives it, with what a test wants to be different.
import type { RegistryConfig } from '../../shared/config/config.ts';

export function registryConfig(given: Partial<RegistryConfig> & { host: string }): RegistryConfig {
  return { plainHttp: false, aliases: [], trustedHosts: [], limits: {}, ...given };
}
