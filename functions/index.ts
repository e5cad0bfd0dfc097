// The table of the functions that do jobs: what each is called, which kind of job triggers it, and how many run side by side.
// Requests trigger the others: functions/registry-push.ts behind the receivers, functions/http-api behind everything else.
import type { JobHandler } from '../shared/jobs/handler.ts';
import type { Deps } from './deps.ts';
import { mirrorImage } from './mirror-image.ts';
import { MIRROR } from './job-kinds/mirror-job.ts';
import { SWEEP } from './job-kinds/sweep-job.ts';
import { syncMirrors } from './sync-mirrors.ts';

export type JobFunction = {
  /** As in logs and metrics. */
  name: string;
  kind: string;
  handler: JobHandler;
  concurrency: number;
};

export function jobFunctions(deps: Deps): JobFunction[] {
  return [
    { name: 'mirror-image', kind: MIRROR, handler: mirrorImage(deps), concurrency: 6 },
    { name: 'sync-mirrors', kind: SWEEP, handler: syncMirrors(deps), concurrency: 2 },
  ];
}
