// Credentials for those who only want to know what would be done: what leaves no trace at its provider is issued and tried as ever, and
// for what changes something there (a robot's new secret, one more deploy token) stands something that is no credential.
import type { RegistryConfig } from '../config/config.ts';
import { TransshipError } from '../errors.ts';
import { Secret } from '../telemetry/secret.ts';
import type { Available, VerifiedCredentials } from './verified-credentials.ts';

/** It never reaches a cluster; its only use is to differ from what is in place. */
const STAND_IN = 'not issued, because nothing is to be changed';
const LIFE_MS = 86_400_000;

export function withoutIssuing(
  real: VerifiedCredentials,
  registries: readonly RegistryConfig[],
  now: () => number,
): VerifiedCredentials {
  return {
    ...real,
    of(registry, verify) {
      const entry = registries.find(({ host, aliases }) => host === registry || aliases.includes(registry));
      const issuer = real.issuerOf(registry);
      if (issuer instanceof TransshipError || !changesProvider(entry?.credential)) return real.of(registry, verify);
      const issuedAt = new Date(now());
      const available: Available = {
        issuer,
        credential: {
          username: 'nobody',
          secret: new Secret(STAND_IN),
          issuedAt,
          expiresAt: new Date(issuedAt.getTime() + LIFE_MS),
          identity: issuer.id,
        },
      };
      return Promise.resolve(available);
    },
  };
}

function changesProvider(credential: RegistryConfig['credential']): boolean {
  if (typeof credential !== 'object') return false;
  if ('harborRobots' in credential || 'gitlabDeployToken' in credential) return true;
  return 'azure' in credential && credential.azure.registryToken !== undefined;
}
