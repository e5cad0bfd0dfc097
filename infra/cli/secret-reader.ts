// How commands read the secrets that a configuration refers to.
import { secretSources } from '../host/secret-sources.ts';
import type { SecretReference } from '../../shared/config/config.ts';
import { resolveSecret } from '../../shared/config/secrets.ts';
import type { Secret } from '../../shared/telemetry/secret.ts';
import { packageVersion } from './package-version.ts';

/** @throws TransshipError invalid-config for one that is not there */
export function secretReader(env: NodeJS.ProcessEnv): (reference: SecretReference) => Promise<Secret> {
  const sources = secretSources(env, `transship/${packageVersion()}`);
  return (reference) => resolveSecret(reference, sources);
}
