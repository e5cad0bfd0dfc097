// The table of the functions that do jobs: what each is called, which kind of job triggers it, and how many run side by side.
// Requests trigger the others: functions/registry-push.ts behind the receivers, functions/http-api behind everything else.
import type { JobHandler } from '../shared/jobs/handler.ts';
import type { Deps } from './deps.ts';
import { giveAccess } from './give-access.ts';
import { awaitingNamespace } from './namespace-created/await-namespace.ts';
import { awaitingGrantedNamespace } from './namespace-created/await-granted-namespace.ts';
import { ACCESSES, MIRRORS, RECONCILES, REFRESHES, SWEEPS, type JobLimits } from './job-kinds/job-limits.ts';
import { mirrorImage } from './mirror-image.ts';
import { reconcileGrants } from './reconcile-grants.ts';
import { refreshCredentials } from './refresh-credentials.ts';
import { syncMirrors } from './sync-mirrors.ts';

export type JobFunction = JobLimits & { handler: JobHandler };

export function jobFunctions(deps: Deps): JobFunction[] {
  return [
    { ...MIRRORS, handler: mirrorImage(deps) },
    { ...SWEEPS, handler: syncMirrors(deps) },
    { ...REFRESHES, handler: awaitingNamespace(deps, refreshCredentials(deps)) },
    { ...RECONCILES, handler: awaitingGrantedNamespace(deps, reconcileGrants(deps)) },
    { ...ACCESSES, handler: giveAccess(deps) },
  ];
}
