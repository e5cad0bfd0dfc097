// Tells whether a configuration wants something else than the one before: texts that are the same for the same wishes, without a secret.
import { createHash } from 'node:crypto';
import type { Config } from '../../shared/config/config.ts';

/** Of all that changes what clusters get, or how they are reached. */
export function credentialsMark({ clusters, credentials, registries, instance }: Config): string {
  return markOf([clusters, credentials, registries, instance]);
}

/** Of all that changes what grants are, or how it is reached where they hold. */
export function grantsMark({ clusters, registries, grants, instance }: Config): string {
  return markOf([clusters, registries, grants, instance]);
}

/** Of all that sweeps are made of. */
export function mirrorsMark({ rules }: Config): string {
  return markOf(rules);
}

function markOf(wanted: unknown): string {
  return createHash('sha256').update(JSON.stringify(wanted)).digest('hex');
}
