// What a job is: a piece of work that was accepted durably and is done once, by whoever holds its lease.
import type { ErrorCode } from '../errors.ts';
import type { Json } from './json.ts';

export const JOB_STATES = ['READY', 'LEASED', 'DONE', 'DEAD', 'CANCELLED', 'SUPERSEDED'] as const;
export type JobState = (typeof JOB_STATES)[number];

export type Job = {
  id: string;
  /** Which handler does it; also the name of its queue. */
  kind: string;
  /** What it writes to, sorted; a target has at most one running job. Empty: it excludes nobody. */
  targets: readonly string[];
  /** Of the waiting jobs of a kind with the same text here only the newest is kept; undefined: it replaces none. */
  coalesce: string | undefined;
  /** Which hosts it works with, sorted: one that hangs gets only a part of the workers (see Room). */
  hosts: readonly string[];
  payload: Json;
  /** A higher one is offered first. */
  priority: number;
  state: JobState;
  acceptedAt: Date;
  /** Not offered before. */
  runAt: Date;
  leaseUntil: Date | undefined;
  /** The process that holds the lease. */
  owner: string | undefined;
  /** Counts the claims of its whole life. Every write of a worker carries the fence of its claim. */
  fence: number;
  /** Counts the claims since the last progress. */
  attempts: number;
  maxAttempts: number;
  /** The checkpoint changed since the claim. */
  advanced: boolean;
  cancelRequested: boolean;
  /** Where the next slice goes on; may come from a job that this one superseded, so it says itself what it is about. */
  checkpoint: Json | undefined;
  /** What came of it; of a failed one, what its last try told. */
  result: Json | undefined;
  /** The last failure. */
  problem: JobProblem | undefined;
  /** The newer job that does this one's work. */
  supersededBy: string | undefined;
  traceparent: string | undefined;
  finishedAt: Date | undefined;
};

/** A failure as it is stored and shown: redacted, at most 2 KiB. */
export type JobProblem = { code: ErrorCode; message: string; hint?: string };

/** What is asked for; everything else follows. */
export type NewJob = {
  kind: string;
  targets?: readonly string[];
  /** Absent: the targets, if there are any. */
  coalesce?: string;
  hosts?: readonly string[];
  payload: Json;
  priority?: number;
  /** Absent: at once. */
  runAt?: Date;
  maxAttempts?: number;
  traceparent?: string;
};

/** The right to work on a job, until somebody else claims it. */
export type Lease = { jobId: string; fence: number; leaseMs: number };

export const JOB_EVENT_TYPES = [
  'accepted',
  'claimed',
  'progress',
  'yielded',
  'retrying',
  'lease-lost',
  'cancelling',
  'redriven',
  'done',
  'dead',
  'cancelled',
  'superseded',
] as const;
export type JobEventType = (typeof JOB_EVENT_TYPES)[number];

/** One line of a job's history. */
export type JobEvent = {
  /** 1, 2, 3 … within the job; old progress is removed, which leaves gaps. */
  sequence: number;
  at: Date;
  type: JobEventType;
  data: Json;
};

/** What the outside is told, in the same transaction as the change it tells about. */
export type OutboxMessage = { type: string; body: Json };

export type OutboxEntry = OutboxMessage & {
  /** The same for every delivery of the message. */
  id: string;
  jobId: string;
  createdAt: Date;
  /** Failed deliveries. */
  attempts: number;
};

/** The type of the message that a dead job leaves in the outbox. */
export const DEAD_LETTERED = 'event.dead_lettered';
