// What signs the tokens of registries: the configured keys, or those of the data folder.
import { openTokenKeys, type TokenKeys } from '../../../functions/registry-token/token-keys.ts';
import type { Config, SecretReference } from '../../../shared/config/config.ts';
import type { Secret } from '../../../shared/telemetry/secret.ts';
import { configuredTokenKeys } from '../../host/configured-token-keys.ts';
import { madeKeys } from './made-keys.ts';

/**
 * Undefined where there is no token endpoint.
 * @throws TransshipError invalid-config where a configured key cannot be used, store-unavailable where none can be made
 */
export async function readTokenKeys(
  { tokenEndpoint, dataDir }: Pick<Config, 'tokenEndpoint' | 'dataDir'>,
  readSecret: (reference: SecretReference) => Promise<Secret>,
  now: Date,
): Promise<TokenKeys | undefined> {
  if (tokenEndpoint === undefined) return undefined;
  if (tokenEndpoint.keys !== undefined) return configuredTokenKeys(tokenEndpoint.keys, readSecret, now);
  const { pairs, signing } = await madeKeys(dataDir, now);
  return openTokenKeys(pairs, signing, now);
}
