// `transship token-endpoint certificates`: what a registry needs to trust the tokens of the token endpoint.
import { certificateBundle } from '../../../functions/registry-token/token-keys.ts';
import type { Config } from '../../../shared/config/config.ts';
import { resolveSecret } from '../../../shared/config/secrets.ts';
import { TransshipError } from '../../../shared/errors.ts';
import { readTokenKeys } from '../../node/token-keys/read-token-keys.ts';
import type { Context } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { loadConfigFor } from '../load-config.ts';
import { printJsonLine } from '../output/json-lines.ts';

export async function runTokenEndpointCertificates(context: Context): Promise<number> {
  const { io, globals } = context;
  const { config } = await loadConfigFor(context);
  const { issuer, service } = tokenEndpointOf(config);
  const readSecret = (reference: Parameters<typeof resolveSecret>[0]) => resolveSecret(reference, { env: io.env });
  const keys = await readTokenKeys(config, readSecret, new Date());
  const certificates = keys === undefined ? '' : certificateBundle(keys);
  if (globals.json) printJsonLine(io, { type: 'report', issuer, service, certificates });
  else io.stdout.write(certificates);
  return EXIT.done;
}

/** @throws TransshipError invalid-config where the configuration has none */
export function tokenEndpointOf({ tokenEndpoint }: Config): NonNullable<Config['tokenEndpoint']> {
  if (tokenEndpoint !== undefined) return tokenEndpoint;
  throw new TransshipError('invalid-config', 'the configuration has no token endpoint', {
    hint: 'add one: tokenEndpoint: { issuer: NAME, service: NAME }',
  });
}
