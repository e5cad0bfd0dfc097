// The consumer of what no edge could deliver. Jobs and schedules stand in the table, so their lost messages only count: the upkeep tells of
// them again. Events of ECR stand nowhere else: they are taken in here.
import type { SQSBatchResponse } from 'aws-lambda';
import { isJobKind } from '../../../functions/job-kinds/job-limits.ts';
import type { IntakeDeps } from '../host/aws-host.ts';
import { acceptEcr } from './accept-ecr.ts';
import { keepDeadLetter } from './bury-dead-letter.ts';
import { readDeadLetter, type DeadMessage } from './read-dead-letter.ts';

/** Never throws: a message that cannot be dealt with now is told as failed, alone. */
export async function takeDeadLetters(messages: readonly DeadMessage[], deps: IntakeDeps): Promise<SQSBatchResponse> {
  const failed: string[] = [];
  for (const message of messages) {
    try {
      await takeOne(message, deps);
    } catch (error) {
      deps.logger.error('a dead letter could not be dealt with', { message_id: message.messageId, err: error });
      failed.push(message.messageId);
    }
  }
  return { batchItemFailures: failed.map((itemIdentifier) => ({ itemIdentifier })) };
}

async function takeOne(message: DeadMessage, deps: IntakeDeps): Promise<void> {
  const { jobs, logger, metrics } = deps;
  const { messageId, body } = message;
  const { kind, event, about, cause } = readDeadLetter(message, isJobKind);
  const fields = { message_id: messageId, what: kind, reason: cause };
  if (kind === 'ecr') {
    const jobIds = await acceptEcr(event, deps);
    metrics.count('transship_undelivered_total', { source: kind, outcome: 'taken' });
    return logger.warn('an event that could not be delivered was taken in', { ...fields, job_ids: jobIds });
  }
  if (kind === 'unknown') {
    const id = await keepDeadLetter(jobs, { messageId, body, cause });
    metrics.count('transship_undelivered_total', { source: kind, outcome: 'kept' });
    return logger.error('a message that nobody understands is kept as a dead job', { ...fields, job_id: id });
  }
  metrics.count('transship_undelivered_total', { source: kind, outcome: 'not-needed' });
  logger.warn('a message could not be delivered; what it was for comes again by itself', { ...fields, ...about });
}
