// A batch of messages: which of them are wake-ups of this worker, and which have to come again. A job that fails is no failure of its
// message: the table keeps what became of it.
// https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html#services-sqs-batchfailurereporting
import type { SQSBatchResponse, SQSRecord } from 'aws-lambda';
import { parseJson } from '../../../shared/events/read-body.ts';
import { runWoken, type Worker } from './run-woken.ts';
import { readWakeUp, type WakeUp } from './wake-up.ts';

type Message = Pick<SQSRecord, 'messageId' | 'body'>;

/** Never throws: what could not be taken is told as failed, alone. */
export async function takeMessages(
  worker: Worker,
  messages: readonly Message[],
  remainingMs: number,
): Promise<SQSBatchResponse> {
  const { logger, kind } = worker;
  const failed: string[] = [];
  const woken: WakeUp[] = [];
  const awake: string[] = [];
  for (const { messageId, body } of messages) {
    const wakeUp = readWakeUp(parseJson(Buffer.from(body)));
    if (wakeUp?.kind === kind) {
      woken.push(wakeUp);
      awake.push(messageId);
      continue;
    }
    // it names no job that waits here: after some tries it is among the dead letters, where somebody can look at it
    logger.error('a message wakes nobody', { message_id: messageId, reason: reasonOf(wakeUp), kind: wakeUp?.kind });
    failed.push(messageId);
  }
  try {
    if (woken.length > 0) await runWoken(worker, woken, remainingMs);
  } catch (error) {
    logger.error('no jobs can be claimed', { err: error });
    failed.push(...awake);
  }
  return { batchItemFailures: failed.map((itemIdentifier) => ({ itemIdentifier })) };
}

function reasonOf(wakeUp: WakeUp | undefined): string {
  return wakeUp === undefined ? 'not-understood' : 'other-kind';
}
