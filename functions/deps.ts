// What a host hands to its functions. One readonly value, built once; a reload of the configuration swaps what `config` and
// `registries` give, not the value itself.
import type { Config } from '../shared/config/config.ts';
import type { PushLog } from '../shared/events/push-log.ts';
import type { Clock } from '../shared/jobs/clock.ts';
import type { JobStore } from '../shared/jobs/job-store.ts';
import type { TagJournal } from '../shared/mirror/tag-journal.ts';
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
  /** The configuration that holds now; ask for it at the start of each piece of work. */
  readonly config: () => Config;
  readonly registries: () => Registries;
};
