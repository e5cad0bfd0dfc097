// Keeps the watches of all clusters that credentials go to or that grants look at, through changes of the configuration. A cluster that cannot be reached is
// tried again, and told of now and then; whatever a watch misses, the next look at the whole cluster finds.
import type { Deps } from '../../../functions/deps.ts';
import type { AcceptNamespaces } from '../../../functions/namespace-created.ts';
import { clusterView, type ClusterView } from '../../../functions/namespace-created/cluster-view.ts';
import { grantsView } from '../../../functions/namespace-created/grants-view.ts';
import { isTransshipError } from '../../../shared/errors.ts';
import type { CredentialRuleConfig } from '../../../shared/config/config.ts';
import type { PullGrant } from '../../../shared/grants/grant.ts';
import type { Clock } from '../../../shared/jobs/clock.ts';
import type { Logger } from '../../../shared/telemetry/logger.ts';
import { quietTrouble } from './quiet-trouble.ts';

export type ClusterWatches = {
  /** Of a Namespace of a watched cluster. */
  labelsOf: (cluster: string, namespace: string) => Readonly<Record<string, string>> | undefined;
  /** Begins anew with these, and with the configuration and the connections that hold now. */
  restart: (clusters: readonly string[]) => void;
  /** After the signal: when all are over. */
  ended: () => Promise<void>;
};

export type ClusterWatchesOptions = {
  deps: Pick<Deps, 'clock' | 'clusters' | 'config' | 'jobs' | 'logger'>;
  acceptNamespaces: AcceptNamespaces;
  /** As far as they are known. */
  grants: () => readonly PullGrant[];
  /** Of credentials, as far as they are known. */
  rules: () => readonly CredentialRuleConfig[];
  signal: AbortSignal;
};

/** Where the configuration of a cluster cannot be read; what fails at the cluster is tried again sooner. */
const AGAIN_AFTER_MS = 10_000;

export function watchClusters({
  deps,
  acceptNamespaces,
  grants,
  rules: credentials,
  signal,
}: ClusterWatchesOptions): ClusterWatches {
  const { clock, logger } = deps;
  const views = new Map<string, ClusterView>();
  let current = new AbortController();
  let running: Promise<unknown> = Promise.resolve();

  async function keepWatching(name: string, view: ClusterView, ending: AbortSignal): Promise<void> {
    const onTrouble = troubleTeller(logger.with({ cluster: name }), clock);
    const { watchCluster } = await import('./watch-cluster.ts');
    let isLate = false;
    while (!ending.aborted) {
      try {
        const cluster = await deps.clusters().get(name);
        const rules = credentials().filter(({ clusters }) => clusters.includes(name));
        const watchesAccounts = rules.some(({ serviceAccounts }) => serviceAccounts !== 'none');
        await watchCluster(cluster, {
          deps,
          acceptNamespaces,
          view,
          grants: grantsView(name, grants),
          hasRules: rules.length > 0,
          watchesAccounts,
          isLate,
          signal: ending,
          onTrouble,
        });
      } catch (error) {
        if (ending.aborted) return;
        isLate = true;
        onTrouble(error);
        await pause(ending);
      }
    }
  }

  function pause(ending: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const callOff = clock.after(AGAIN_AFTER_MS, resolve);
    const stop = (): void => {
      callOff();
      resolve();
    };
    ending.addEventListener('abort', stop, { once: true });
    return promise.finally(() => ending.removeEventListener('abort', stop));
  }

  return {
    labelsOf: (cluster, namespace) => views.get(cluster)?.labelsOf(namespace),
    restart(clusters) {
      current.abort();
      views.clear();
      if (signal.aborted) return;
      current = new AbortController();
      const ending = AbortSignal.any([signal, current.signal]);
      const watches = clusters.map((name) => {
        const view = clusterView(name, () => ({ credentials: credentials() }));
        views.set(name, view);
        return keepWatching(name, view, ending);
      });
      running = Promise.all([running, ...watches]);
    },
    ended: async () => void (await running),
  };
}

/** Who has no right to watch may mean it so: events tell of Namespaces, too. */
function troubleTeller(logger: Logger, clock: Clock): (error: unknown) => void {
  const tell = quietTrouble(logger, clock, 'a cluster cannot be watched');
  let isDenialTold = false;
  return (error) => {
    // its connections were closed for others: it begins anew with these
    if (isTransshipError(error, 'interrupted')) return;
    if (!isTransshipError(error, 'denied')) return tell(error);
    if (!isDenialTold) logger.warn('a cluster may not be watched: what nobody tells of is found later', { err: error });
    isDenialTold = true;
  };
}
