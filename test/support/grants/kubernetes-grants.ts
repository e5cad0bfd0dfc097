// Grants on a real API server: the engine with a journal in memory, the back end for Kubernetes, and whoever Transship is there.
import type { Cluster } from '../../../shared/cluster/cluster.ts';
import type { Grantee, PullGrant, PullPart } from '../../../shared/grants/grant.ts';
import type { GrantsRun } from '../../../shared/grants/grants-run.ts';
import type { GrantsReport } from '../../../shared/grants/grants-report.ts';
import { kubernetesBackend } from '../../../shared/grants/kubernetes/backend.ts';
import { applyGrants, prepareGrants } from '../../../shared/grants/reconcile.ts';
import { sitesOf } from '../../../shared/grants/sites.ts';
import { silentLogger } from '../../../shared/telemetry/logger.ts';
import { configOf } from '../config-of.ts';
import { memoryGrantStore, type MemoryGrantStore } from './memory-grant-store.ts';
import { pullGrant } from './pull-grant.ts';

/** The registries of the cluster `test` by host, with their profiles as the configuration has them. */
export type TestRegistries = Readonly<Record<string, unknown>>;

export const ACP_HOST = 'internal-docker-registry.cpaas-system.svc';
export const OPENSHIFT_HOST = 'image-registry.openshift-image-registry.svc:5000';

export type KubernetesGrants = {
  grants: PullGrant[];
  store: MemoryGrantStore;
  backend: ReturnType<typeof kubernetesBackend>;
  apply(own?: Pick<GrantsRun, 'pruneUnknown'>): Promise<GrantsReport>;
  plan(): ReturnType<typeof prepareGrants>;
  /** Of the one grant there is, or of that one, after the last run. */
  states(report: GrantsReport): Record<string, string>;
};

export function kubernetesGrants(
  cluster: Cluster,
  {
    registries = { [ACP_HOST]: 'acp', [OPENSHIFT_HOST]: 'openshift' },
    instance = 'transship',
    grants = [],
    store = memoryGrantStore(() => new Date()),
  }: { registries?: TestRegistries; instance?: string; grants?: PullGrant[]; store?: MemoryGrantStore } = {},
): KubernetesGrants {
  const config = configOf(
    `clusters: [{ name: ${cluster.name}, kubeconfig: {}, registries: ${JSON.stringify(registries)} }]`,
  );
  const site = sitesOf(config).ofCluster(cluster.name);
  const backend = kubernetesBackend({ site, instance, cluster });
  const bed: KubernetesGrants = {
    grants: [...grants],
    store,
    backend,
    apply: (own) => applyGrants({ ...run(), ...own }, { overbroad: 'skip' }),
    plan: () => prepareGrants(run()),
    states: (report) => Object.fromEntries(report.grants.map(({ grant, state }) => [grant, state])),
  };
  const run = () => ({
    config: { ...config, instance, grants: bed.grants },
    store,
    backendFor: () => Promise.resolve(backend),
    clock: {
      now: () => new Date(),
      after(ms: number, callback: () => void) {
        const timer = setTimeout(callback, ms);
        return () => clearTimeout(timer);
      },
    },
    logger: silentLogger,
    actor: 'test',
    holder: 'one',
  });
  return bed;
}

/** To ServiceAccount `my-ns/default` for all of `shared-ns`. */
export function insideGrant(id: string, own: Partial<PullGrant> & { from?: string } = {}): PullGrant {
  const { from = 'shared-ns', ...rest } = own;
  return pullGrant({ id, grantees: [account('my-ns', 'default')], what: [allOf(from)], ...rest });
}

export function account(namespace: string, name: string): Grantee {
  return { kind: 'ServiceAccount', cluster: 'test', namespace, name };
}

export function allOf(name: string, registry = ACP_HOST): PullPart {
  return { registry, what: { kind: 'namespace', name }, actions: ['pull'] };
}

export function images(pattern: string, registry = OPENSHIFT_HOST): PullPart {
  return { registry, what: { kind: 'repository', pattern }, actions: ['pull'] };
}
