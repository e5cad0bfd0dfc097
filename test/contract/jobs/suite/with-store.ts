// One store per test of the suite, on a clock that the test moves; and short ways to say what most tests do.
import { afterEach, beforeEach, expect } from 'vitest';
import type { Claimed, JobStore } from '../../../../shared/jobs/job-store.ts';
import type { Job, JobProblem, NewJob } from '../../../../shared/jobs/job.ts';
import { manualClock, type ManualClock } from '../../../support/jobs/manual-clock.ts';
import type { OpenedStore, StoreSubject } from '../../../support/jobs/store-subject.ts';

export const LEASE_MS = 45_000;
export const PROBLEM: JobProblem = { code: 'registry-unavailable', message: 'the registry answered 503' };

export type Bed = Readonly<Pick<OpenedStore, 'pushes' | 'journal' | 'apiTokens' | 'grants'>> & {
  readonly store: JobStore;
  readonly clock: ManualClock;
  crash(): Promise<void>;
  accept(job?: Partial<NewJob>, key?: string): Promise<string>;
  /** Claims the one job that is due. */
  claimOne(kind?: string): Promise<Claimed>;
  /** Accepts a job and claims it. */
  running(job?: Partial<NewJob>): Promise<Claimed>;
  job(id: string): Promise<Job>;
  eventTypes(id: string): Promise<string[]>;
  in(ms: number): Date;
};

/** The store of the test that runs; call it in a describe block. */
export function withStore(subject: StoreSubject): Bed {
  let clock = manualClock();
  let opened: OpenedStore | undefined;
  beforeEach(async () => {
    clock = manualClock();
    opened = await subject.open(clock);
  });
  afterEach(() => opened?.remove());

  const running = (): OpenedStore => {
    if (opened === undefined) throw new Error('no test runs');
    return opened;
  };
  const bed: Bed = {
    get store() {
      return running().store;
    },
    get pushes() {
      return running().pushes;
    },
    get journal() {
      return running().journal;
    },
    get apiTokens() {
      return running().apiTokens;
    },
    get grants() {
      return running().grants;
    },
    get clock() {
      return clock;
    },
    async crash() {
      opened = await opened?.crash();
    },
    accept: async (job, key) => (await bed.store.accept({ kind: 'mirror', payload: null, ...job }, key)).id,
    async claimOne(kind = 'mirror') {
      const claimed = await bed.store.claim(kind, 2, LEASE_MS);
      expect(claimed).toHaveLength(1);
      return claimed[0]!;
    },
    async running(job) {
      const id = await bed.accept(job);
      const claimed = await bed.store.claim(job?.kind ?? 'mirror', 100, LEASE_MS);
      return claimed.find((one) => one.job.id === id)!;
    },
    async job(id) {
      const job = await bed.store.get(id);
      expect(job).toBeDefined();
      return job!;
    },
    eventTypes: async (id) => (await bed.store.log(id, 0, 1000)).map(({ type }) => type),
    in: (ms) => new Date(clock.now().getTime() + ms),
  };
  return bed;
}
