// When a cluster has to be looked at again, from what a run found. Pure.
import type { DistributionReport } from '../../shared/credentials/distribution-report.ts';

/** Due, and no provider is to blame. */
const OVERDUE_MS = 180_000;
/** No run follows another one at once. */
const LEAST_MS = 2000;

/**
 * The earliest of: when a credential is due, and when what failed is tried again. Undefined where nothing will ever be due by itself.
 * @param clusterNow what the cluster's clock shows at `now`: what is due is due by that one
 * @param failedAt when what could not be written is tried again
 */
export function nextRefresh(
  { nextRefreshAt, providers, overdue }: DistributionReport,
  now: Date,
  clusterNow: Date,
  failedAt: Date | undefined,
): Date | undefined {
  const nowMs = now.getTime();
  const times = providers.map(({ retryAt }) => retryAt.getTime());
  if (nextRefreshAt !== undefined) times.push(nextRefreshAt.getTime() - clusterNow.getTime() + nowMs);
  if (failedAt !== undefined) times.push(failedAt.getTime());
  // where a provider failed, it is its time that counts, but for what only could not be written
  if (overdue > 0 && (providers.length === 0 || failedAt !== undefined)) times.push(nowMs + OVERDUE_MS);
  return times.length === 0 ? undefined : new Date(Math.max(Math.min(...times), nowMs + LEAST_MS));
}
