// What signs the tokens of registries, where the configuration says what.
import { openTokenKeys, type TokenKeyPair, type TokenKeys } from '../../functions/registry-token/token-keys.ts';
import type { SecretReference, TokenEndpointConfig } from '../../shared/config/config.ts';
import type { Secret } from '../../shared/telemetry/secret.ts';

/** The first pair signs. @throws TransshipError invalid-config where a key cannot be used */
export async function configuredTokenKeys(
  keys: NonNullable<TokenEndpointConfig['keys']>,
  readSecret: (reference: SecretReference) => Promise<Secret>,
  now: Date,
): Promise<TokenKeys> {
  const pairs = keys.map(async ({ certificate, key }, index): Promise<TokenKeyPair> => {
    const [certificateText, keyText] = await Promise.all([readSecret(certificate), readSecret(key)]);
    return { certificate: certificateText.reveal(), key: keyText, origin: `tokenEndpoint.keys[${index}]` };
  });
  return openTokenKeys(await Promise.all(pairs), 0, now);
}
