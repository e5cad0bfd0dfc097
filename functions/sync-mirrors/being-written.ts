// Whether a mirror job writes to a repository at this moment: then nothing is deleted there that it may rely on.
import type { JobStore } from '../../shared/jobs/job-store.ts';
import { parseReference } from '../../shared/oci/reference.ts';
import { MIRROR } from '../job-kinds/mirror-job.ts';

/** More than a worker ever runs. */
const MOST_RUNNING = 1000;

/** One that only waits is no reason: it looks at what is there when it begins. */
export async function isBeingWritten(
  jobs: Pick<JobStore, 'list'>,
  registry: string,
  repository: string,
): Promise<boolean> {
  const running = await jobs.list({ kind: MIRROR, state: 'LEASED' }, MOST_RUNNING);
  return running.jobs.some(({ targets }) =>
    targets.some((target) => {
      const there = parseReference(target);
      return there.registry === registry && there.repository === repository;
    }),
  );
}
