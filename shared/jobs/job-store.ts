// The port to a durable store of jobs. One contract suite (test/contract/jobs) runs against every store.
//
// What holds for every store:
// I1 accepted means committed and on disk.            I2 one job per key, as long as the job is kept.
// I3 a job's fence only grows.                        I4 after a claim only the holder of the fence writes.
// I5 a change and its outbox messages go together.    I6 every accepted job is in exactly one state, or purged.
// I7 DONE never changes.                              I8 no secret in any row or message.
// I9 the clock decides when work is offered, never whether a write is valid.
//
// Every operation throws TransshipError store-unavailable when the store cannot write; nothing of the operation is kept then.
import type { Job, JobEvent, JobProblem, JobState, Lease, NewJob, OutboxEntry, OutboxMessage } from './job.ts';
import type { Json } from './json.ts';
import type { Schedule } from './schedule.ts';
import type { YieldReason } from './transitions.ts';

export type Accepted = {
  id: string;
  /** False: the key is known, and this is the first job's id. */
  isNew: boolean;
};

/**
 * How many jobs of a kind may run that work with one host, and how many with the very same hosts. The second number is smaller, so that
 * jobs which hang on one registry leave some of their other registry's share to others.
 */
export type Room = { perHost: number; perRoute: number };

export type Claimed = { job: Job; lease: Lease };

/** What the holder of a lease has to know. */
export type Beat = { cancelRequested: boolean };

type JobFilter = { kind?: string; state?: JobState };

type JobPage = { jobs: Job[]; /** Absent: the last page. */ next: string | undefined };

type JobCounts = { accepted: number; purged: number; states: Record<JobState, number> };

/** A change that was committed; a hint for whoever waits for work or for news, never needed for correctness. */
export type JobChange = {
  jobId: string;
  kind: string;
  state: JobState;
  /** The message type of the outbox. */ outbox: boolean;
};

export type JobStore = {
  /**
   * Stores a job durably, once per key. Waiting jobs of the same kind with the same `coalesce` are superseded by it.
   * @throws TransshipError invalid-job
   */
  accept(job: NewJob, key?: string): Promise<Accepted>;

  /** Leases up to `limit` due jobs of a kind whose targets are all free and whose hosts have room, by priority, then `runAt`, then age. */
  claim(kind: string, limit: number, leaseMs: number, room?: Room): Promise<Claimed[]>;
  /** Extends the lease. @throws TransshipError fence-lost, as all the following do: the worker stops without another effect */
  heartbeat(lease: Lease): Promise<Beat>;
  /** Keeps where the next slice goes on (at most 64 KiB) and extends the lease. */
  checkpoint(lease: Lease, state: Json): Promise<Beat>;
  /** Adds a line to the history, which keeps the newest 1,000 of these at least; callers keep to one a second. */
  progress(lease: Lease, data: Json): Promise<void>;
  /** Gives the job back; where its cancellation was asked for, this cancels it. */
  yield(lease: Lease, why: YieldReason): Promise<JobState>;
  complete(lease: Lease, result?: Json, outbox?: readonly OutboxMessage[]): Promise<void>;
  /** Offers it again at the given time; buries it when its attempts are used up, cancels it where that was asked for. */
  retry(lease: Lease, at: Date, problem: JobProblem, result?: Json): Promise<JobState>;
  /** Ends it as DEAD, with a message in the outbox. */
  bury(lease: Lease, problem: JobProblem, result?: Json): Promise<void>;

  /** Cancels a waiting job at once, a running one at its next safe point. @throws TransshipError not-found */
  cancel(id: string): Promise<Job>;
  /** Offers up to `limit` dead jobs again; fence, checkpoint and history stay. */
  redrive(filter: { ids?: readonly string[]; kind?: string }, limit: number): Promise<string[]>;
  /** Frees up to `limit` jobs whose lease expired before `now`; gives how many. */
  sweep(now: Date, limit: number): Promise<number>;
  /** Removes up to `limit` jobs (with key and history) that finished before, and messages that are older; gives how many jobs. */
  purge(before: Date, limit: number): Promise<number>;

  get(id: string): Promise<Job | undefined>;
  /** Newest first. */
  list(filter: JobFilter, limit: number, cursor?: string): Promise<JobPage>;
  /** The history after a sequence number, in order. */
  log(id: string, after: number, limit: number): Promise<JobEvent[]>;
  counts(): Promise<JobCounts>;

  /** Adds a schedule or changes one; an unchanged timing keeps its next time. */
  schedule(schedule: Schedule): Promise<void>;
  unschedule(id: string): Promise<void>;
  schedules(): Promise<Schedule[]>;
  /** The schedules whose time has come. */
  due(now: Date): Promise<Schedule[]>;
  /**
   * Accepts the schedule's job for its present time and sets the next one, together.
   * False: somebody else was faster, or the schedule changed.
   */
  fire(schedule: Schedule, next: Date, runAt: Date): Promise<boolean>;

  /** Messages that are to be delivered now, oldest first. */
  outbox(now: Date, limit: number): Promise<OutboxEntry[]>;
  delivered(ids: readonly string[]): Promise<void>;
  /** Counts a failed delivery and sets the time of the next one. */
  postpone(id: string, at: Date): Promise<void>;
};
