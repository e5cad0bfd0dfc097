// What a kind of job brings: its handler, and what the handler gets and gives.
import type { Json } from './json.ts';
import type { Job, OutboxMessage } from './job.ts';

export type JobContext = {
  job: Job;
  /** Fires when the job should reach a safe point, checkpoint and end as 'yield': slice over, cancelled, or the process stops. */
  ending: AbortSignal;
  /** Fires when no further effect is allowed: somebody else holds the job, or the process waits no longer. */
  signal: AbortSignal;
  /** Asks the store right before an effect. @throws TransshipError fence-lost */
  assertHeld: () => Promise<void>;
  /** Stores where the next slice goes on, at most 64 KiB. @throws TransshipError fence-lost */
  checkpoint: (state: Json) => Promise<void>;
  /** Tells the history; called as often as one likes, kept at most once a second. */
  progress: (data: Json) => void;
};

export type JobOutcome = 'yield' | JobDone | JobFailed;

type JobDone = { result?: Json; outbox?: readonly OutboxMessage[] };

/** The same as to throw the error, with what there is to tell about the try. */
type JobFailed = { error: unknown; result?: Json };

/**
 * Does the job, or a slice of it. It may run twice for one job: effects are compared before they are written.
 * To end on a signal's reason is the same as to end as 'yield'. A retryable TransshipError, or an error that is none, is tried again; any other TransshipError ends the job as DEAD.
 */
export type JobHandler = (context: JobContext) => Promise<JobOutcome>;
