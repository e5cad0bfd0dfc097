// The metrics that are read from the store when somebody asks for them, or every minute.
import type { JobStore } from '../../shared/jobs/job-store.ts';
import { JOB_STATES } from '../../shared/jobs/job.ts';
import type { Metrics } from '../../shared/telemetry/metrics.ts';

type Measured = {
  jobs: Pick<JobStore, 'counts'>;
  /** Since when the job that has waited longest could run. */
  oldestDue: (now: Date) => Promise<Date | undefined>;
};

/** @throws TransshipError store-unavailable */
export async function refreshGauges(metrics: Metrics, { jobs, oldestDue }: Measured, now: Date): Promise<void> {
  const [{ states }, oldest] = await Promise.all([jobs.counts(), oldestDue(now)]);
  for (const state of JOB_STATES) metrics.set('transship_jobs', { state }, states[state]);
  metrics.set('transship_dead_letters', {}, states.DEAD);
  const ageMs = oldest === undefined ? 0 : Math.max(0, now.getTime() - oldest.getTime());
  metrics.set('transship_queue_oldest_ready_age_seconds', {}, ageMs / 1000);
}
