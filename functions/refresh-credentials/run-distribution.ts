// One distribution of credentials by what a host gives its functions: to a cluster or to one Namespace of it, by the rules that are handed in.
import type { Cluster } from '../../shared/cluster/cluster.ts';
import { distribute, type Distribution, type DistributeOptions } from '../../shared/credentials/distribute.ts';
import { endsInUse } from '../../shared/credentials/ends-in-use.ts';
import { prepareRun, type PreparedRun, type RunScope } from '../../shared/credentials/prepare-run.ts';
import { verifiedCredentials, type Verdicts } from '../../shared/credentials/verified-credentials.ts';
import { withoutIssuing } from '../../shared/credentials/without-issuing.ts';
import type { Deps } from '../deps.ts';
import { clockSleep } from './clock-sleep.ts';

/** A namespace is waited for; what a slow provider says later is distributed by the run after. */
const PATIENCE_MS = { namespace: 2000, cluster: 30_000 };

export type DistributionDeps = Pick<Deps, 'clock' | 'clusters' | 'config' | 'credentials' | 'issuers' | 'probePull'>;

export type DistributionTerms = Omit<RunScope, 'cluster' | 'instance'> & {
  cluster: Cluster;
  /** Credentials without an end are looked at anew. */
  renewsEndless?: boolean;
  /** How long providers are waited for, in milliseconds. */
  patienceMs?: number;
  verdicts: Verdicts;
  signal: AbortSignal;
};

/** What would be done; nothing is written, and nothing changes at a provider where `isDry`. @throws TransshipError as `prepareRun` */
export function prepareDistribution(
  deps: DistributionDeps,
  { renewsEndless = false, patienceMs, verdicts, signal, ...scope }: DistributionTerms,
  { isDry = false }: { isDry?: boolean } = {},
): Promise<PreparedRun> {
  const { clock } = deps;
  const { instance, registries } = deps.config();
  const { rules, isForced = false, namespace } = scope;
  const now = () => clock.now().getTime();
  const issuers = deps.issuers();
  const issuerOf = (registry: string) => issuers.of(registry);
  const clusterOf = (name: string) => deps.clusters().get(name);
  const cycle = deps.credentials.cycle({
    isForced: isForced && !isDry,
    renewsEndless,
    // Other runs may wait for the same call: the end of this one is not its end.
    inUse: (issuer) => endsInUse(issuer, { instance, rules, clusterOf, issuerOf, now }),
    signal,
  });
  const real = verifiedCredentials({ issuerOf, cycle, probe: deps.probePull(), verdicts, now, signal });
  return prepareRun(
    { ...scope, instance },
    {
      credentials: isDry ? withoutIssuing(real, registries, now) : real,
      comparesEndless: renewsEndless,
      now,
      sleep: clockSleep(clock),
      patienceMs: patienceMs ?? (namespace === undefined ? PATIENCE_MS.cluster : PATIENCE_MS.namespace),
      signal,
    },
  );
}

/** @throws TransshipError as `distribute` */
export function distributePrepared(
  deps: Pick<Deps, 'clock' | 'config'>,
  options: Omit<DistributeOptions, 'instance' | 'random' | 'sleep'>,
): Promise<Distribution> {
  const { instance } = deps.config();
  return distribute({ ...options, instance, random: Math.random, sleep: clockSleep(deps.clock) });
}
