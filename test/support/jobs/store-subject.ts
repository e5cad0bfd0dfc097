// What the contract suites need of a store: a new empty one, and what a killed process leaves of it.
import type { ApiTokenStore } from '../../../functions/http-api/api-token.ts';
import type { PushLog } from '../../../shared/events/push-log.ts';
import type { GrantStore } from '../../../shared/grants/grant-store.ts';
import type { Clock } from '../../../shared/jobs/clock.ts';
import type { JobStore } from '../../../shared/jobs/job-store.ts';
import type { TagJournal } from '../../../shared/mirror/tag-journal.ts';

export type OpenedStore = {
  store: JobStore;
  pushes: PushLog;
  journal: TagJournal;
  apiTokens: ApiTokenStore;
  grants: GrantStore;
  /** What the next process finds after this one was killed now; this one's store is of no more use. */
  crash(): Promise<OpenedStore>;
  /** Ends it and removes what it kept. */
  remove(): Promise<void>;
};

export type StoreSubject = {
  name: string;
  open(clock: Clock): Promise<OpenedStore>;
  /** True: a new process frees the leases of the one before it. False: they end by expiring. */
  freesLeasesAtStart: boolean;
};
