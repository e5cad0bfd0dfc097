// What the functions tell of their work: jobs that were given up or wait, credentials and grants that end.
import { METRIC_NAMESPACE, STAGE_DIMENSION, WATCHED } from '../../host/metric-names.ts';
import { FIVE_MINUTES_SECONDS, type Watches } from './watch.ts';

/** Longer than the ten minutes between two looks at a cluster, or at all grants: each of these times has one. */
const LOOKS_SECONDS = 900;
/** Longer than a worker that was killed with its message, and the next try of it. */
const LATE_SECONDS = 3600;

const told = {
  namespace: METRIC_NAMESPACE,
  dimensions: { [STAGE_DIMENSION]: '${sls:stage}' },
  statistic: 'Maximum',
} as const;
/** By the upkeep, every minute. Where that stands still, nothing of it is over. */
const byUpkeep = { ...told, seconds: FIVE_MINUTES_SECONDS, silence: 'tells nothing' } as const;
/** Of a cluster that the configuration has no more nobody tells anything, so silence is good news here. */
const byLooks = { ...told, seconds: LOOKS_SECONDS } as const;

export const workWatches: Watches = [
  [
    'DeadJobs',
    { ...byUpkeep, what: 'Jobs were given up: transship jobs list --state DEAD', metric: WATCHED.deadJobs, from: 1 },
  ],
  [
    'OldestJob',
    { ...byUpkeep, what: 'A job that is due has waited long', metric: WATCHED.oldestDueSeconds, from: LATE_SECONDS },
  ],
  [
    'ExpiringCredentials',
    {
      ...byLooks,
      what: 'Credentials of clusters should have been renewed',
      metric: WATCHED.expiringCredentials,
      from: 1,
    },
  ],
  [
    'FailedCredentials',
    { ...byLooks, what: 'Pull Secrets could not be written', metric: WATCHED.failedCredentials, from: 1, times: 2 },
  ],
  ['ExpiringGrants', { ...byLooks, what: 'Grants end within a week', metric: WATCHED.expiringGrants, from: 1 }],
];
