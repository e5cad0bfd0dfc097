// What a host hands to its functions. One readonly value, built once; a reload of the configuration swaps what its
// functions give, not the value itself.
import type { Cluster } from '../shared/cluster/cluster.ts';
import type { Config } from '../shared/config/config.ts';
import type { IssuedCredentials } from '../shared/credentials/issued-credentials.ts';
import type { ProbePull } from '../shared/credentials/verified-credentials.ts';
import type { PushLog } from '../shared/events/push-log.ts';
import type { GrantStore } from '../shared/grants/grant-store.ts';
import type { BackendFor } from '../shared/grants/grants-run.ts';
import type { Clock } from '../shared/jobs/clock.ts';
import type { JobStore } from '../shared/jobs/job-store.ts';
import type { TagJournal } from '../shared/mirror/tag-journal.ts';
import type { Issuers } from '../shared/registries/configured-issuers.ts';
import type { Registries } from '../shared/registries/registries.ts';
import type { Logger } from '../shared/telemetry/logger.ts';
import type { Metrics } from '../shared/telemetry/metrics.ts';

export type Deps = {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly jobs: JobStore;
  readonly pushes: PushLog;
  readonly journal: TagJournal;
  readonly grants: GrantStore;
  /** The configuration that holds now; ask for it at the start of each piece of work. */
  readonly config: () => Config;
  readonly registries: () => Registries;
  readonly clusters: () => Clusters;
  /** What registries and clusters have for grants, each opened at its first use. */
  readonly grantBackends: () => BackendFor;
  readonly issuers: () => Issuers;
  /** Tries a credential at its registry, before anybody gets it. */
  readonly probePull: () => ProbePull;
  /** What was issued in this process; it outlives a reload. */
  readonly credentials: IssuedCredentials;
};

/** The clusters of the configuration. */
export type Clusters = {
  names: readonly string[];
  /** Opened at the first use, the same ever after. @throws TransshipError invalid-config where none has this name */
  get(name: string): Promise<Cluster>;
};
