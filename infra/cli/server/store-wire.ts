// The API without a server: its application on the store of the data folder, which this process owns meanwhile. Nobody works on jobs.
import { createHttpApi } from '../../../functions/http-api/create-http-api.ts';
import { openClusterSenders } from '../../../functions/namespace-created/cluster-senders.ts';
import { openReceivers } from '../../../functions/registry-push/receivers.ts';
import { withoutClusters } from '../../../functions/without-clusters.ts';
import type { Config } from '../../../shared/config/config.ts';
import { systemClock } from '../../../shared/jobs/clock.ts';
import { silentLogger } from '../../../shared/telemetry/logger.ts';
import { noMetrics } from '../../../shared/telemetry/metrics.ts';
import { Secret } from '../../../shared/telemetry/secret.ts';
import { openSqliteStore } from '../../node/sqlite-store.ts';
import type { Context } from '../context.ts';
import { openRegistriesOf } from '../open-registries.ts';
import { packageVersion } from '../package-version.ts';
import type { Wire } from './wire.ts';

/** @throws TransshipError store-locked where a server owns the folder, store-unavailable where it cannot be used */
export async function storeWire(config: Config, context: Context): Promise<Wire> {
  const store = await openSqliteStore({ dataDir: config.dataDir });
  // Pushes and reviews come to servers: here is nobody who could be let in.
  const nobody = { receivers: [], registries: [] };
  const receivers = await openReceivers(nobody, { resolveSecret: noSecret, masterKey: new Secret('') });
  const senders = openClusterSenders({ clusters: [] }, new Secret(''));
  const registries = await openRegistriesOf(config.registries, context, () => undefined);
  const api = createHttpApi({
    ...store,
    clock: systemClock,
    logger: silentLogger,
    metrics: noMetrics,
    config: () => config,
    registries: () => registries,
    ...withoutClusters(),
    receivers: () => receivers,
    clusterSenders: () => senders,
    acceptNamespaces: () => Promise.resolve([]),
    version: packageVersion(),
    readiness: store.unreadyReason,
    fetchJson: () => Promise.reject(new Error('the owner of the data folder needs no token')),
  });
  return {
    place: `the data folder ${config.dataDir}`,
    isServer: false,
    async send({ method, path, headers = {}, body }, signal) {
      const request = new Request(`http://localhost${path}`, {
        method,
        headers,
        signal,
        ...(body === undefined ? {} : { body }),
      });
      const answer = await api.fetch(request, { peer: { address: '', isOwner: true } });
      return { status: answer.status, body: answer.body ?? emptyBody() };
    },
    async close() {
      await registries.close();
      await store.close();
    },
  };
}

async function* emptyBody(): AsyncGenerator<Uint8Array> {}

function noSecret(): Promise<Secret> {
  return Promise.reject(new Error('no secret is needed'));
}
