// What the contract suite needs of a job store: a new empty one, and what a killed process leaves of it.
import type { Clock } from '../../../shared/jobs/clock.ts';
import type { JobStore } from '../../../shared/jobs/job-store.ts';

export type OpenedStore = {
  store: JobStore;
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
