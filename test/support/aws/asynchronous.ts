// Asynchronous invocations, emulated: what EventBridge and Scheduler hand over is tried again when the function fails, and what cannot be
// handed over or always fails goes to where the template says. Waits between tries are left out.
// See https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html,
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html and
// https://docs.aws.amazon.com/scheduler/latest/UserGuide/configuring-schedule-dlq.html.
import { SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import type { InvocationResult } from './execution-environment.ts';
import type { LambdaFunction } from './lambda-function.ts';

/** What the function says of its own failures: `AWS::Lambda::EventInvokeConfig`, or the dead-letter queue of the function. */
export type FailurePolicy = { maxRetries: number; onFailureUrl?: string; deadLetterUrl?: string };

/** What the edge says of what it cannot hand over. */
export type DeliveryEdge = { maxRetries: number; deadLetterUrl?: string; attributes: Readonly<Record<string, string>> };

export type Delivered = { results: readonly InvocationResult[]; deadLettered: boolean };

export type AsynchronousContext = {
  sqs: SQSClient;
  /** The functions that nothing can be handed to, as when a permission is missing. */
  refused: ReadonlySet<string>;
};

/** Hands an event over, with all the tries that it gets. */
export async function invokeAsynchronously(
  event: unknown,
  target: { called: LambdaFunction; policy: FailurePolicy; edge: DeliveryEdge },
  { sqs, refused }: AsynchronousContext,
): Promise<Delivered> {
  const { called, policy, edge } = target;
  if (refused.has(called.definition.name)) {
    const attributes = {
      ...edge.attributes,
      ERROR_CODE: 'NO_PERMISSIONS',
      ERROR_MESSAGE: `not authorized to perform: lambda:InvokeFunction on ${called.definition.arn}`,
      EXHAUSTED_RETRY_CONDITION: 'MaximumRetryAttempts',
      RETRY_ATTEMPTS: String(edge.maxRetries),
    };
    if (edge.deadLetterUrl !== undefined) await send(sqs, edge.deadLetterUrl, event, attributes);
    return { results: [], deadLettered: edge.deadLetterUrl !== undefined };
  }
  const results: InvocationResult[] = [];
  do {
    const result = await called.invoke(event);
    results.push(result);
    if (result.error === undefined) return { results, deadLettered: false };
  } while (results.length <= policy.maxRetries);
  return { results, deadLettered: await tellFailure(event, results, { called, policy }, sqs) };
}

async function tellFailure(
  event: unknown,
  results: readonly InvocationResult[],
  { called, policy }: { called: LambdaFunction; policy: FailurePolicy },
  sqs: SQSClient,
): Promise<boolean> {
  const last = results.at(-1);
  const { requestId = '', error } = last ?? {};
  if (policy.deadLetterUrl !== undefined) {
    const attributes = { RequestID: requestId, ErrorCode: '200', ErrorMessage: error?.errorMessage ?? '' };
    await send(sqs, policy.deadLetterUrl, event, attributes);
  }
  if (policy.onFailureUrl !== undefined) {
    const told = {
      version: '1.0',
      timestamp: new Date().toISOString(),
      requestContext: {
        requestId,
        functionArn: `${called.definition.arn}:$LATEST`,
        condition: 'RetriesExhausted',
        approximateInvokeCount: results.length,
      },
      requestPayload: event,
      responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
      responsePayload: error,
    };
    await send(sqs, policy.onFailureUrl, told, {});
  }
  return policy.deadLetterUrl !== undefined || policy.onFailureUrl !== undefined;
}

async function send(
  sqs: SQSClient,
  QueueUrl: string,
  body: unknown,
  attributes: Record<string, string>,
): Promise<void> {
  const MessageAttributes = Object.fromEntries(
    Object.entries(attributes).map(([name, StringValue]) => [name, { DataType: 'String', StringValue }]),
  );
  await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: JSON.stringify(body), MessageAttributes }));
}
