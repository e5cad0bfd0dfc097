// What the contract suites need of a store: a new empty one, and what a killed process leaves of it.
import type { ApiTokenStore } from '../../../functions/http-api/api-token.ts';
import type { PushLog } from '../../../shared/events/push-log.ts';
import type { GrantStore } from '../../../shared/grants/grant-store.ts';
import type { Clock } from '../../../shared/jobs/clock.ts';
import type { JobStore } from '../../../shared/jobs/job-store.ts';
import type { Lease } from '../../../shared/jobs/job.ts';
import type { Json } from '../../../shared/jobs/json.ts';
import type { TagJournal } from '../../../shared/mirror/tag-journal.ts';

/** A store of jobs alone. */
export type OpenedJobs = {
  store: JobStore;
  /** Leaves what `progress` would, in few requests; absent: they cost nothing. */
  told?: (lease: Lease, progress: readonly Json[]) => Promise<void>;
  /** What the next process finds after this one was killed now; this one's store is of no more use. */
  crash(): Promise<OpenedJobs>;
  /** Ends it and removes what it kept. */
  remove(): Promise<void>;
};

/** A store of everything that a server keeps. */
export type OpenedStore = Omit<OpenedJobs, 'crash'> & {
  pushes: PushLog;
  journal: TagJournal;
  apiTokens: ApiTokenStore;
  grants: GrantStore;
  crash(): Promise<OpenedStore>;
};

export type JobStoreSubject = {
  name: string;
  open(clock: Clock): Promise<OpenedJobs>;
  /** True: a new process frees the leases of the one before it. False: they end by expiring. */
  freesLeasesAtStart: boolean;
  /** How many random schedules fit into the time of a test; absent: as many as for a store in the process, and longer ones. */
  schedules?: number;
};

export type StoreSubject = Omit<JobStoreSubject, 'open'> & { open(clock: Clock): Promise<OpenedStore> };
