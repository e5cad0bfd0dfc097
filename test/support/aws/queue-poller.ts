// An event source mapping of Lambda, emulated: receives batches from a queue, invokes the function, deletes what it did not report as failed.
// What failed stays invisible until its visibility timeout ends; the queue's redrive policy is the queue's (moto's) own.
// See https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html and .../with-sqs.html.
import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  ReceiveMessageCommand,
  type Message,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import type { SQSMessageAttributes, SQSRecord } from 'aws-lambda';
import { setTimeout as sleep } from 'node:timers/promises';
import type { InvocationResult } from './execution-environment.ts';

export type QueueMapping = {
  queueUrl: string;
  queueArn: string;
  region: string;
  batchSize: number;
  concurrency: number;
  reportsFailures: boolean;
};

/** What a standard queue may do at any time, made likely. */
export type Disorder = {
  /** Drawn for everything that is left to chance: from 0 to 1. */
  random: () => number;
  /** The share of batches that are delivered a second time while the first is at work. */
  duplicates: number;
  /** The share of messages that are put back to come later; those of a batch come in any order. */
  delays: number;
};

export type PollerOptions = {
  sqs: SQSClient;
  mapping: QueueMapping;
  invoke: (event: unknown) => Promise<InvocationResult>;
  /** Instead of the queue's own: how long a failed message waits. */
  visibilitySeconds?: number;
  disorder?: Disorder;
  pollMs?: number;
};

export type QueuePoller = { underway(): number; stop(): Promise<void> };

type Received = Message & { ReceiptHandle: string };

export function pollQueue(options: PollerOptions): QueuePoller {
  const { sqs, mapping, invoke, visibilitySeconds, disorder, pollMs = 100 } = options;
  const { queueUrl: QueueUrl } = mapping;
  const underway = new Set<Promise<void>>();
  const stopped = new AbortController();

  async function receive(): Promise<Received[]> {
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({
        QueueUrl,
        MaxNumberOfMessages: Math.min(10, mapping.batchSize),
        MessageAttributeNames: ['All'],
        MessageSystemAttributeNames: ['All'],
        ...(visibilitySeconds === undefined ? {} : { VisibilityTimeout: visibilitySeconds }),
      }),
    );
    return Messages.flatMap(({ ReceiptHandle, ...rest }) =>
      ReceiptHandle === undefined ? [] : [{ ...rest, ReceiptHandle }],
    );
  }

  async function putBack(messages: readonly Received[]): Promise<void> {
    for (const { ReceiptHandle } of messages) {
      await sqs.send(new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle, VisibilityTimeout: 0 }));
    }
  }

  async function deliver(messages: readonly Received[]): Promise<void> {
    const event = { Records: messages.map((message) => record(message, mapping)) };
    const isTwice = disorder !== undefined && disorder.random() < disorder.duplicates;
    // the second delivery of a standard queue is somebody else's: its answer deletes nothing
    const [answered] = await Promise.all([invoke(event), ...(isTwice ? [invoke(event)] : [])]);
    const failed = failedOf(answered, messages, mapping.reportsFailures);
    for (const { MessageId, ReceiptHandle } of messages) {
      if (!failed.has(MessageId ?? '')) await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
    }
  }

  async function pollOnce(): Promise<void> {
    if (underway.size >= mapping.concurrency) {
      await Promise.race(underway);
      return;
    }
    const received = await receive();
    const isLate = received.map(() => disorder !== undefined && disorder.random() < disorder.delays);
    const now = received.filter((_, index) => !isLate[index]);
    await putBack(received.filter((_, index) => isLate[index]));
    if (disorder !== undefined) now.sort(() => disorder.random() - 0.5);
    if (now.length === 0) {
      await sleep(pollMs, undefined, { signal: stopped.signal }).catch(() => undefined);
      return;
    }
    // what could not be delivered comes again
    const work = deliver(now).catch(() => undefined);
    underway.add(work);
    void work.then(() => underway.delete(work));
  }

  async function poll(): Promise<void> {
    while (!stopped.signal.aborted) {
      // a server that goes away at the end of a test, or is busy
      await pollOnce().catch(() => sleep(pollMs));
    }
  }

  const polling = poll();
  return {
    underway: () => underway.size,
    async stop() {
      stopped.abort();
      await polling;
      await Promise.all(underway);
    },
  };
}

/** @see https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html#services-sqs-batchfailurereporting */
function failedOf(answered: InvocationResult, messages: readonly Received[], reportsFailures: boolean): Set<string> {
  const ids = messages.map(({ MessageId = '' }) => MessageId);
  if (answered.error !== undefined) return new Set(ids);
  if (!reportsFailures) return new Set();
  const payload = answered.payload as { batchItemFailures?: unknown } | null | undefined;
  if (payload === null || payload === undefined) return new Set();
  const reported = payload.batchItemFailures ?? [];
  if (!Array.isArray(reported)) return new Set(ids);
  const named = reported.map((one: { itemIdentifier?: unknown } | null) => one?.itemIdentifier);
  // an answer that names what is not there fails the whole batch
  if (named.some((id) => typeof id !== 'string' || !ids.includes(id))) return new Set(ids);
  return new Set(named.map(String));
}

function record(message: Received, { queueArn, region }: QueueMapping): SQSRecord {
  const attributes: Record<string, string> = { ...message.Attributes };
  const messageAttributes: SQSMessageAttributes = {};
  for (const [name, { StringValue, DataType }] of Object.entries(message.MessageAttributes ?? {})) {
    messageAttributes[name] = {
      ...(StringValue === undefined ? {} : { stringValue: StringValue }),
      stringListValues: [],
      binaryListValues: [],
      dataType: DataType ?? 'String',
    };
  }
  return {
    messageId: message.MessageId ?? '',
    receiptHandle: message.ReceiptHandle,
    body: message.Body ?? '',
    attributes: {
      ApproximateReceiveCount: attributes['ApproximateReceiveCount'] ?? '1',
      SentTimestamp: attributes['SentTimestamp'] ?? '',
      SenderId: attributes['SenderId'] ?? '',
      ApproximateFirstReceiveTimestamp: attributes['ApproximateFirstReceiveTimestamp'] ?? '',
    },
    messageAttributes,
    md5OfBody: message.MD5OfBody ?? '',
    eventSource: 'aws:sqs',
    eventSourceARN: queueArn,
    awsRegion: region,
  };
}
