// Keeps credentials flowing into clusters and grants reconciled while the server runs: the schedules, the watches, and a look at each
// cluster whenever what is wanted of it has changed. The work itself is done by jobs.
import type { Deps } from '../../../functions/deps.ts';
import { credentialsJob } from '../../../functions/job-kinds/credentials-job.ts';
import type { AcceptNamespaces } from '../../../functions/namespace-created.ts';
import {
  distributedClusters,
  saveCredentialSchedules,
} from '../../../functions/refresh-credentials/credential-schedules.ts';
import { credentialsMark } from '../../host/wanted-marks.ts';
import { grantsUpkeep } from './grants-upkeep.ts';
import { watchClusters } from './watch-clusters.ts';

export type Distribution = {
  /**
   * Takes over the configuration that holds now; does nothing where that wants the same as before, by the same connections.
   * @param connectionsMark of the connections that hold now: watches end with those that they began with
   * @throws TransshipError store-unavailable
   */
  adopt: (connectionsMark: string) => Promise<void>;
  /** Grants were declared, or withdrawn, over the API. @throws TransshipError store-unavailable */
  grantsChanged: () => Promise<void>;
  /** Of a Namespace of a watched cluster, as far as it is known. */
  labelsOf: (cluster: string, namespace: string) => Readonly<Record<string, string>> | undefined;
  /** After the signal: when all watches are over. */
  ended: () => Promise<void>;
};

export type DistributionOptions = {
  deps: Pick<Deps, 'clock' | 'clusters' | 'config' | 'grants' | 'jobs' | 'logger'>;
  acceptNamespaces: AcceptNamespaces;
  signal: AbortSignal;
};

export function startDistribution(options: DistributionOptions): Distribution {
  const { clock, config, jobs } = options.deps;
  const upkeep = grantsUpkeep(options.deps);
  const watches = watchClusters({ ...options, grants: upkeep.known, rules: upkeep.rules });
  let wanted = '';
  let connectedBy = '';
  let watched = '';

  const rulesNow = () => ({ credentials: upkeep.rules() });

  /** Those of credentials and those of grants. */
  function watchOnce(isRestarted: boolean): void {
    const distributed = distributedClusters(rulesNow());
    const clusters = [...new Set([...distributed, ...upkeep.clusters()])];
    const next = JSON.stringify([clusters, distributed]);
    if (!isRestarted && next === watched) return;
    watched = next;
    watches.restart(clusters);
  }

  async function adoptCredentials(): Promise<void> {
    const next = credentialsMark(config());
    const rules = rulesNow();
    await saveCredentialSchedules(jobs, rules, clock);
    if (next === wanted) return;
    const asked = distributedClusters(rules).map((cluster) =>
      jobs.accept(credentialsJob({ cluster, trigger: 'config' })),
    );
    await Promise.all(asked);
    wanted = next;
  }

  return {
    async adopt(connectionsMark) {
      const isReconnected = connectionsMark !== connectedBy;
      if (isReconnected) wanted = '';
      await upkeep.read();
      // first, so that they see what is made after the look at the whole cluster
      watchOnce(isReconnected || credentialsMark(config()) !== wanted);
      connectedBy = connectionsMark;
      await adoptCredentials();
      await upkeep.adopt(connectionsMark);
    },
    async grantsChanged() {
      await upkeep.read();
      watchOnce(false);
      await saveCredentialSchedules(jobs, rulesNow(), clock);
    },
    labelsOf: watches.labelsOf,
    ended: watches.ended,
  };
}
