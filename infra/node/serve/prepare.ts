// Makes of a configuration what a server works with, before anything of it is used: a configuration that turns out to be wrong here
// changes nothing.
import { openClusterSenders, type ClusterSenders } from '../../../functions/namespace-created/cluster-senders.ts';
import { openReceivers, type ReceiverDirectory } from '../../../functions/registry-push/receivers.ts';
import type { TokenKeys } from '../../../functions/registry-token/token-keys.ts';
import type { Config, SecretReference } from '../../../shared/config/config.ts';
import type { LoadedConfig } from '../../../shared/config/load.ts';
import { resolveSecret, type SecretSources } from '../../../shared/config/secrets.ts';
import { systemClock } from '../../../shared/jobs/clock.ts';
import type { Secret } from '../../../shared/telemetry/secret.ts';
import type { TlsMaterial } from '../http/http-server.ts';
import { readMasterKey } from '../master-key.ts';
import { readAdmissionTls, readTls } from './read-tls.ts';
import { connectionsMark } from '../../host/connections-mark.ts';

export type Prepared = {
  loaded: LoadedConfig;
  config: Config;
  receivers: ReceiverDirectory;
  senders: ClusterSenders;
  tls: TlsMaterial | undefined;
  admissionTls: TlsMaterial | undefined;
  /** Of the token endpoint, where there is one. */
  tokenKeys: TokenKeys | undefined;
  /** Another one: the connections have to be opened anew. */
  connectionsMark: string;
};

/** @throws TransshipError invalid-config where a secret or a certificate cannot be had */
export async function prepare(loaded: LoadedConfig, sources: SecretSources): Promise<Prepared> {
  const { config } = loaded;
  const readSecret = (reference: Parameters<typeof resolveSecret>[0]) => resolveSecret(reference, sources);
  const masterKey = await readMasterKey(config, readSecret);
  const receivers = await openReceivers(config, { resolveSecret: readSecret, masterKey });
  const tls = await readTls(config, readSecret);
  return {
    loaded,
    config,
    receivers,
    senders: openClusterSenders(config, masterKey),
    tls,
    admissionTls: await readAdmissionTls(config, readSecret),
    tokenKeys: await tokenKeysOf(config, readSecret),
    connectionsMark: await connectionsMark(config, readSecret),
  };
}

/** Most servers have no token endpoint: they load nothing of it. */
async function tokenKeysOf(
  config: Config,
  readSecret: (reference: SecretReference) => Promise<Secret>,
): Promise<TokenKeys | undefined> {
  if (config.tokenEndpoint === undefined) return undefined;
  const { readTokenKeys } = await import('../token-keys/read-token-keys.ts');
  return readTokenKeys(config, readSecret, systemClock.now());
}
