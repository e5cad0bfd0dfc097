// The functions that call the API servers of clusters: a cluster has to know their roles.
import type { AwsFunctionName } from '../../aws/stack/functions.ts';

export const CLUSTER_FUNCTIONS = [
  'http-api',
  'registry-token',
  'refresh-credentials',
  'reconcile-grants',
  'give-access',
] as const satisfies readonly AwsFunctionName[];
