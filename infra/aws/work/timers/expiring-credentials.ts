// Tells of credentials that end soon although nobody said so: where no look at a cluster succeeds any more, none of them tells.
import * as z from 'zod';
import { CREDENTIALS, credentialsPayload } from '../../../../functions/job-kinds/credentials-job.ts';
import type { Job } from '../../../../shared/jobs/job.ts';
import type { IntakeDeps } from '../../host/aws-host.ts';

const lookAtCluster = credentialsPayload.omit({ namespace: true, rule: true });
const lookResult = z.object({ firstEndsAt: z.iso.datetime() });

/** Whoever is renewed at half of its life never comes near. */
const SOON_MS = 15 * 60_000;
/** A cluster is looked at every ten minutes; beside that there are the jobs of its Namespaces. */
const MOST_READ = 100;

/** By what the last look at each cluster found. @throws TransshipError store-unavailable */
export async function tellExpiring(
  { jobs, clock, logger, metrics }: Pick<IntakeDeps, 'jobs' | 'clock' | 'logger' | 'metrics'>,
  clusters: readonly string[],
): Promise<void> {
  if (clusters.length === 0) return;
  const { jobs: done } = await jobs.list({ kind: CREDENTIALS, state: 'DONE' }, MOST_READ);
  const nowMs = clock.now().getTime();
  for (const cluster of clusters) {
    const endsAt = done.map((job) => firstEndOf(job, cluster)).find((at) => at !== undefined);
    if (endsAt === undefined || endsAt.getTime() - nowMs > SOON_MS) continue;
    metrics.set('transship_credentials_first_end_timestamp_seconds', { cluster }, Math.round(endsAt.getTime() / 1000));
    metrics.set('transship_credentials_expiring', { cluster }, 1);
    logger.error('credentials end soon, and no look at their cluster renewed them', { cluster, ends_at: endsAt });
  }
}

function firstEndOf({ payload, result }: Job, cluster: string): Date | undefined {
  const look = lookAtCluster.safeParse(payload);
  if (look.data?.cluster !== cluster) return undefined;
  const told = lookResult.safeParse(result);
  return told.success ? new Date(told.data.firstEndsAt) : undefined;
}
