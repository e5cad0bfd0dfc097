// How much a function may have to read before its first event. Who waits for an answer waits for that too.
import type { AwsFunctionName } from '../../../infra/aws/stack/functions.ts';

const KIB = 1024;

/** About 15 % above what they were when this was written; what a sender waits for stays below 1 MB. */
export const START_BUDGETS = {
  'registry-push': 940 * KIB,
  'namespace-created': 925 * KIB,
  'registry-token': 900 * KIB,
  'http-api': 1_415 * KIB,
  'ecr-push': 890 * KIB,
  'mirror-image': 1_040 * KIB,
  'sync-mirrors': 1_010 * KIB,
  'refresh-credentials': 1_040 * KIB,
  'reconcile-grants': 1_040 * KIB,
  'give-access': 1_100 * KIB,
  timers: 870 * KIB,
  'dead-letters': 895 * KIB,
} as const satisfies Record<AwsFunctionName, number>;
