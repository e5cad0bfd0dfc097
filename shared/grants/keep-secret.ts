// Keeps a password that a registry shows only once where its grantee finds it, before anything else happens.
import type { Secret } from '../telemetry/secret.ts';
import type { SecretPlace } from './grant.ts';

export type ShownOnce = { registry: string; username: string; password: Secret };

export type KeepSecret = {
  /**
   * Durable when it resolves. Other registries in the same Secret stay; a Secret of somebody else is left alone.
   * @throws TransshipError conflict-refused for a Secret of others; as `Cluster.send` does
   */
  keep(place: SecretPlace, shown: ShownOnce): Promise<void>;
  /** Whether a password for this user of this registry is kept there. */
  has(place: SecretPlace, kept: { registry: string; username: string }): Promise<boolean>;
};
