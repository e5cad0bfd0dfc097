// The address of a receiver, as a sender is told it.
import { hostname } from 'node:os';
import type { Config } from '../../shared/config/config.ts';
import { TransshipError } from '../../shared/errors.ts';
import { printable } from '../../shared/telemetry/printable.ts';
import type { ReceiverConfig } from '../../functions/registry-push/receiver-of.ts';
import { openReceivers } from '../../functions/registry-push/receivers.ts';
import { readMasterKey } from '../node/master-key.ts';
import type { Context } from './context.ts';
import { secretReader } from './secret-reader.ts';

/** The receiver of that id. @throws TransshipError invalid-usage */
export function receiverOf({ receivers }: Config, id: string): ReceiverConfig {
  const found = receivers.find((one) => one.id === id);
  if (found !== undefined) return found;
  const known = receivers.map((one) => one.id).join(', ');
  throw new TransshipError('invalid-usage', `there is no receiver "${printable(id)}" in the configuration`, {
    hint: known === '' ? 'the configuration has no receivers' : `there are: ${known}`,
  });
}

/** Without the token that some have at the end. @throws TransshipError invalid-usage for a base that is none */
export function receiverUrl(config: Config, { id, kind }: Pick<ReceiverConfig, 'id' | 'kind'>, base?: string): string {
  return `${serverBase(config, base)}/hooks/${kind}/${id}`;
}

/** Where senders reach the server: as they say, or where it listens. @throws TransshipError invalid-usage for a base that is none */
export function serverBase({ api }: Pick<Config, 'api'>, base?: string): string {
  return base === undefined ? ownBase(api) : readBase(base);
}

/** The token at the end of the address; undefined for a receiver that proves itself in another way. */
export async function pathTokenFor(
  { io }: Context,
  config: Config,
  { id, auth }: ReceiverConfig,
): Promise<string | undefined> {
  if (auth.mode !== 'path') return undefined;
  const readSecret = secretReader(io.env);
  const masterKey = await readMasterKey(config, readSecret);
  const own = { registries: config.registries, receivers: config.receivers.filter((one) => one.id === id) };
  return (await openReceivers(own, { resolveSecret: readSecret, masterKey })).pathTokenOf(id);
}

/** An address that stands for all is shown as this machine's name. */
function ownBase({ listen: { host, port }, tls }: Config['api']): string {
  const name = host === '0.0.0.0' || host === '::' ? hostname() : host;
  return `${tls === undefined ? 'http' : 'https'}://${name.includes(':') ? `[${name}]` : name}:${port}`;
}

/** @throws TransshipError invalid-usage */
export function readBase(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url !== undefined && /^https?:$/.test(url.protocol) && url.search === '' && url.hash === '') {
    return `${url.origin}${url.pathname.replace(/\/$/, '')}`;
  }
  throw new TransshipError('invalid-usage', `--base "${printable(text, 100)}" is not an address`, {
    hint: 'write it like https://transship.example.com',
  });
}
