// Tells the workers' queue that a job waits. Best effort: the table is the truth, and the sweep sends again what was lost.
import { SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import type { Job } from '../../../shared/jobs/job.ts';

/** A queue holds a message back for so long at most; who waits longer is woken by the sweep. */
const MAX_DELAY_MS = 900_000;

export type WakeWorkers = (
  jobs: readonly Pick<Job, 'id' | 'kind' | 'runAt' | 'traceparent'>[],
  now: Date,
  /** `again`: they were told of, and their turn had not come. */
  how?: { again?: true },
) => Promise<void>;

export type WakeOptions = {
  sqs: SQSClient;
  /** The URL of the queue of a kind; undefined: nobody is woken for it. */
  queueFor: (kind: string) => string | undefined;
  /** Hears of a message that could not be sent. */
  onWakeFailed?: (error: unknown) => void;
};

/** True where a message sent now can come at the job's time. */
export function canWake({ runAt }: Pick<Job, 'runAt'>, now: Date): boolean {
  return runAt.getTime() - now.getTime() <= MAX_DELAY_MS;
}

export function wakeWorkers({ sqs, queueFor, onWakeFailed }: WakeOptions): WakeWorkers {
  async function send(
    { id, kind, runAt, traceparent }: Parameters<WakeWorkers>[0][number],
    now: Date,
    how: { again?: true },
  ): Promise<void> {
    const QueueUrl = queueFor(kind);
    if (QueueUrl === undefined) return;
    const delayMs = Math.min(MAX_DELAY_MS, Math.max(0, runAt.getTime() - now.getTime()));
    const trace = traceparent === undefined ? {} : { traceparent: { DataType: 'String', StringValue: traceparent } };
    await sqs.send(
      new SendMessageCommand({
        QueueUrl,
        MessageBody: JSON.stringify({ jobId: id, kind, ...how }),
        DelaySeconds: Math.ceil(delayMs / 1000),
        MessageAttributes: trace,
      }),
    );
  }

  return async (jobs, now, how = {}) => {
    const sent = await Promise.allSettled(jobs.filter((job) => canWake(job, now)).map((job) => send(job, now, how)));
    for (const one of sent) if (one.status === 'rejected') onWakeFailed?.(one.reason);
  };
}
