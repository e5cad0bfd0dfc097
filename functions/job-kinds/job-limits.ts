// The kinds of jobs as data: what the function that does one is called, and how many run side by side. The functions themselves stand in
// functions/index.ts, so that a host that runs only one of them loads only that one.
import type { Room } from '../../shared/jobs/job-store.ts';
import { ACCESS } from './access-job.ts';
import { CREDENTIALS } from './credentials-job.ts';
import { GRANTS } from './grants-job.ts';
import { MIRROR } from './mirror-job.ts';
import { SWEEP } from './sweep-job.ts';

export type JobLimits = {
  /** As in logs and metrics. */
  name: string;
  kind: string;
  /** In one process that does them all. */
  concurrency: number;
  room: Room;
};

/** A registry that hangs gets half of them at most; less where one other registry is always with it, and that one serves others. */
export const MIRRORS = { name: 'mirror-image', kind: MIRROR, concurrency: 16, room: { perHost: 8, perRoute: 6 } };
export const SWEEPS = { name: 'sync-mirrors', kind: SWEEP, concurrency: 6, room: { perHost: 3, perRoute: 2 } };
/** Whole clusters get a third of them, and so do the namespaces of one cluster: none waits for a cluster that hangs. See the hosts of its job. */
export const REFRESHES = {
  name: 'refresh-credentials',
  kind: CREDENTIALS,
  concurrency: 36,
  room: { perHost: 12, perRoute: 12 },
};
/** All grants are one job; the others are of Namespaces. */
export const RECONCILES = {
  name: 'reconcile-grants',
  kind: GRANTS,
  concurrency: 12,
  room: { perHost: 12, perRoute: 12 },
};
/** Each is for one Namespace, and somebody waits for it. */
export const ACCESSES = { name: 'give-access', kind: ACCESS, concurrency: 6, room: { perHost: 6, perRoute: 6 } };

const ALL: readonly JobLimits[] = [MIRRORS, SWEEPS, REFRESHES, RECONCILES, ACCESSES];

/** Whether some function does jobs of this kind. */
export function isJobKind(kind: string): boolean {
  return ALL.some((one) => one.kind === kind);
}
