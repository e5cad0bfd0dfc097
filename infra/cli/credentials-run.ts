// Distributes credentials in this process, or finds out what would be done: for the commands that run without a server.
import { setTimeout as delay } from 'node:timers/promises';
import type { Config } from '../../shared/config/config.ts';
import type { Cluster } from '../../shared/cluster/cluster.ts';
import { endsInUse } from '../../shared/credentials/ends-in-use.ts';
import { issuedCredentials } from '../../shared/credentials/issued-credentials.ts';
import { prepareRun, type PreparedRun } from '../../shared/credentials/prepare-run.ts';
import { verifiedCredentials } from '../../shared/credentials/verified-credentials.ts';
import { withoutIssuing } from '../../shared/credentials/without-issuing.ts';
import type { Connections } from '../host/connections.ts';
import type { Context } from './context.ts';
import type { CredentialsScope } from './credentials-scope.ts';

/** A person waits: longer than a server does for one provider. */
const PATIENCE_MS = 60_000;

export type RunOptions = { isForced: boolean; isDry: boolean };

/** Of one cluster; what was issued for another cluster is used again. */
export type PrepareCluster = (name: string) => Promise<{ cluster: Cluster; run: PreparedRun }>;

/** Nothing is asked before a cluster is prepared. */
export function credentialsRun(
  config: Config,
  { clusters, issuers, probePull: probe }: Connections,
  { rule, namespace }: CredentialsScope,
  { isForced, isDry }: RunOptions,
  { signal }: Pick<Context, 'signal'>,
): PrepareCluster {
  const issuerOf = (registry: string) => issuers.of(registry);
  const { instance, credentials: rules } = config;
  const clusterOf = (each: string) => clusters.get(each);
  const cycle = issuedCredentials().cycle({
    isForced: isForced && !isDry,
    inUse: (issuer) => endsInUse(issuer, { instance, rules, clusterOf, issuerOf, now: Date.now, signal }),
    signal,
  });
  const real = verifiedCredentials({ issuerOf, cycle, probe, verdicts: new WeakMap(), now: Date.now, signal });
  const credentials = isDry ? withoutIssuing(real, config.registries, Date.now) : real;
  return async (name) => {
    const cluster = await clusters.get(name);
    const scope = {
      cluster,
      instance: config.instance,
      rules: config.credentials,
      isForced,
      ...(rule === undefined ? {} : { rule }),
      ...(namespace === undefined ? {} : { namespace }),
    };
    const means = { credentials, now: Date.now, patienceMs: PATIENCE_MS, sleep, signal };
    return { cluster, run: await prepareRun(scope, means) };
  };
}

export async function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  await delay(ms, undefined, signal === undefined ? {} : { signal });
}
