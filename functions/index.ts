// The table of the functions that do jobs: what each is called, which kind of job triggers it, and how many run side by side.
// Requests trigger the others: functions/registry-push.ts behind the receivers, functions/http-api behind everything else.
import type { JobHandler } from '../shared/jobs/handler.ts';
import type { Room } from '../shared/jobs/job-store.ts';
import type { Deps } from './deps.ts';
import { giveAccess } from './give-access.ts';
import { awaitingNamespace } from './namespace-created/await-namespace.ts';
import { awaitingGrantedNamespace } from './namespace-created/await-granted-namespace.ts';
import { ACCESS } from './job-kinds/access-job.ts';
import { CREDENTIALS } from './job-kinds/credentials-job.ts';
import { GRANTS } from './job-kinds/grants-job.ts';
import { mirrorImage } from './mirror-image.ts';
import { MIRROR } from './job-kinds/mirror-job.ts';
import { SWEEP } from './job-kinds/sweep-job.ts';
import { reconcileGrants } from './reconcile-grants.ts';
import { refreshCredentials } from './refresh-credentials.ts';
import { syncMirrors } from './sync-mirrors.ts';

export type JobFunction = {
  /** As in logs and metrics. */
  name: string;
  kind: string;
  handler: JobHandler;
  concurrency: number;
  room: Room;
};

/** A registry that hangs gets half of them at most; less where one other registry is always with it, and that one serves others. */
const MIRRORS = { concurrency: 16, room: { perHost: 8, perRoute: 6 } };
/** Whole clusters get a third of them, and so do the namespaces of one cluster: none waits for a cluster that hangs. See the hosts of its job. */
const REFRESHES = { concurrency: 36, room: { perHost: 12, perRoute: 12 } };
/** All grants are one job; the others are of Namespaces. */
const RECONCILES = { concurrency: 12, room: { perHost: 12, perRoute: 12 } };
/** Each is for one Namespace, and somebody waits for it. */
const ACCESSES = { concurrency: 6, room: { perHost: 6, perRoute: 6 } };
const SWEEPS = { concurrency: 6, room: { perHost: 3, perRoute: 2 } };

export function jobFunctions(deps: Deps): JobFunction[] {
  return [
    { name: 'mirror-image', kind: MIRROR, handler: mirrorImage(deps), ...MIRRORS },
    { name: 'sync-mirrors', kind: SWEEP, handler: syncMirrors(deps), ...SWEEPS },
    {
      name: 'refresh-credentials',
      kind: CREDENTIALS,
      handler: awaitingNamespace(deps, refreshCredentials(deps)),
      ...REFRESHES,
    },
    {
      name: 'reconcile-grants',
      kind: GRANTS,
      handler: awaitingGrantedNamespace(deps, reconcileGrants(deps)),
      ...RECONCILES,
    },
    { name: 'give-access', kind: ACCESS, handler: giveAccess(deps), ...ACCESSES },
  ];
}
