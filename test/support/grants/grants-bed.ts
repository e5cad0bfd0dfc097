// A run over grants of a configuration, in a recorded world, on a clock that the test moves.
import { applyGrants, prepareGrants, type ApplyOptions } from '../../../shared/grants/reconcile.ts';
import type { GrantsRun } from '../../../shared/grants/grants-run.ts';
import type { PullGrant } from '../../../shared/grants/grant.ts';
import type { Target } from '../../../shared/grants/site.ts';
import { silentLogger } from '../../../shared/telemetry/logger.ts';
import { configOf } from '../config-of.ts';
import { manualClock } from '../jobs/manual-clock.ts';
import { memoryGrantStore } from './memory-grant-store.ts';
import { pullGrant } from './pull-grant.ts';
import { RecordedWorld } from './recorded-world.ts';

/** Two clusters that decide over a registry inside of each. */
const CONFIG = `clusters:
  - { name: prod, kubeconfig: {}, registries: { "inside.svc": acp } }
  - { name: stage, kubeconfig: {}, registries: { "inside.svc": acp } }`;

export function grantsBed() {
  const clock = manualClock();
  const store = memoryGrantStore(() => clock.now());
  const world = new RecordedWorld(() => clock.now());
  for (const name of ['shared', 'other', 'third', 'my-ns', 'your-ns']) {
    world.namespaces.set(name, { uid: `uid-${name}`, labels: {}, isTerminating: false });
  }
  const config = configOf(CONFIG);
  const bed = {
    clock,
    store,
    world,
    grants: [] as PullGrant[],
    verifiedAt: new Map<string, Date>(),
    run: (own: Partial<GrantsRun> = {}): GrantsRun => ({
      config: { ...config, grants: bed.grants },
      store,
      backendFor: world.backendFor,
      clock,
      logger: silentLogger,
      actor: 'test',
      holder: 'one',
      verifiedAt: bed.verifiedAt,
      ...own,
    }),
    prepare: (own: Partial<GrantsRun> = {}) => prepareGrants(bed.run(own)),
    apply: (options: Partial<ApplyOptions> = {}, own: Partial<GrantsRun> = {}) =>
      applyGrants(bed.run(own), { overbroad: 'skip', ...options }),
    events: () => store.all().map(({ event }) => event),
  };
  return bed;
}

export type GrantsBed = ReturnType<typeof grantsBed>;

/** To all of `my-ns` for what is in `shared` of the cluster. */
export function clusterGrant(
  id: string,
  own: Partial<PullGrant> & { cluster?: string; from?: readonly string[]; to?: string } = {},
): PullGrant {
  const { cluster = 'prod', from = ['shared'], to = 'my-ns', ...rest } = own;
  return pullGrant({
    id,
    grantees: [{ kind: 'NamespaceServiceAccounts', cluster, namespace: to }],
    what: from.map((name) => ({ registry: 'inside.svc', what: { kind: 'namespace', name }, actions: ['pull'] })),
    ...rest,
  });
}

export function inCluster(place: string, host = 'prod'): Target {
  return { backend: 'kubernetes', host, place };
}
