// One store per test of the suite, on a clock that the test moves; and short ways to say what most tests do.
import { afterEach, beforeEach, expect } from 'vitest';
import type { Claimed, JobStore } from '../../../../shared/jobs/job-store.ts';
import type { Job, JobProblem, Lease, NewJob } from '../../../../shared/jobs/job.ts';
import type { Json } from '../../../../shared/jobs/json.ts';
import { manualClock, type ManualClock } from '../../../support/jobs/manual-clock.ts';
import type { JobStoreSubject, OpenedJobs, OpenedStore, StoreSubject } from '../../../support/jobs/store-subject.ts';

export const LEASE_MS = 45_000;
export const PROBLEM: JobProblem = { code: 'registry-unavailable', message: 'the registry answered 503' };

export type JobBed = {
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
  /** Progress that the holder of a lease told before. */
  told(lease: Lease, progress: readonly Json[]): Promise<void>;
  in(ms: number): Date;
};

/** A bed on a store of everything. */
export type Bed = JobBed & Readonly<Pick<OpenedStore, 'pushes' | 'journal' | 'apiTokens' | 'grants'>>;

/** The jobs of the test that runs; call it in a describe block. */
export function withJobStore(subject: JobStoreSubject): JobBed {
  return jobBed(openedPerTest((clock) => subject.open(clock)));
}

/** The store of the test that runs; call it in a describe block. */
export function withStore(subject: StoreSubject): Bed {
  const perTest = openedPerTest((clock) => subject.open(clock));
  const others = {
    get pushes() {
      return perTest.opened().pushes;
    },
    get journal() {
      return perTest.opened().journal;
    },
    get apiTokens() {
      return perTest.opened().apiTokens;
    },
    get grants() {
      return perTest.opened().grants;
    },
  };
  return Object.create(jobBed(perTest), Object.getOwnPropertyDescriptors(others)) as Bed;
}

type PerTest<Opened> = { opened(): Opened; clock(): ManualClock; crash(): Promise<void> };

function openedPerTest<Opened extends { crash(): Promise<Opened>; remove(): Promise<void> }>(
  open: (clock: ManualClock) => Promise<Opened>,
): PerTest<Opened> {
  let clock = manualClock();
  let opened: Opened | undefined;
  beforeEach(async () => {
    clock = manualClock();
    opened = await open(clock);
  });
  afterEach(() => opened?.remove());
  return {
    opened() {
      if (opened === undefined) throw new Error('no test runs');
      return opened;
    },
    clock: () => clock,
    async crash() {
      opened = await opened?.crash();
    },
  };
}

function jobBed(perTest: PerTest<OpenedJobs>): JobBed {
  const bed: JobBed = {
    get store() {
      return perTest.opened().store;
    },
    get clock() {
      return perTest.clock();
    },
    crash: () => perTest.crash(),
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
    async told(lease, progress) {
      const { store, told } = perTest.opened();
      if (told === undefined) await Promise.all(progress.map((line) => store.progress(lease, line)));
      else await told(lease, progress);
    },
    in: (ms) => new Date(perTest.clock().now().getTime() + ms),
  };
  return bed;
}
