// The names under which CloudWatch has our metrics, for those who watch them. A metric is called there as everywhere else.
import type { MetricName } from '../../../shared/telemetry/metrics.ts';

export const METRIC_NAMESPACE = 'Transship';

/** Every metric has this dimension: two deployments in one account are two sets of metrics. */
export const STAGE_DIMENSION = 'stage';

/** Told by each timer whose work ended well, with its name: alarms look at each, so this one is told with both dimensions only. */
export const TIMER_RUNS = 'transship_timer_runs_total' satisfies MetricName;
export const TIMER_DIMENSION = 'timer';

/**
 * Those that alarms look at. They are told with the stage as their only dimension, too, whatever labels they have: an alarm needs to
 * know all dimensions of what it watches. Statistic: the maximum.
 */
export const WATCHED = {
  /** Seconds that the oldest due job has waited; told every minute. */
  oldestDueSeconds: 'transship_queue_oldest_ready_age_seconds',
  /** Jobs that were given up; told every minute. */
  deadJobs: 'transship_dead_letters',
  /** Pull Secrets whose credential should have been renewed long ago; told by each look at a cluster. */
  expiringCredentials: 'transship_credentials_expiring',
  /** Pull Secrets that could not be written in the last look at a cluster. */
  failedCredentials: 'transship_credentials_failures',
  /** Grants that end within a week. */
  expiringGrants: 'transship_grants_expiring',
} as const satisfies Record<string, MetricName>;
