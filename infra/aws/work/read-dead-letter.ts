// What a message in the queue of dead letters is: a wake-up, a timer or an event of ECR that could not be delivered, as it was or in the
// record that Lambda makes of a call that failed. Pure.
// https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html
// https://docs.aws.amazon.com/scheduler/latest/UserGuide/configuring-schedule-dlq.html
import type { SQSRecord } from 'aws-lambda';
import * as z from 'zod';
import { parseJson } from '../../../shared/events/read-body.ts';
import type { LogFields } from '../../../shared/telemetry/logger.ts';
import { readEcrEvent } from './accept-ecr.ts';
import { readTimer } from './run-timer.ts';
import { readWakeUp } from './wake-up.ts';

export type DeadMessage = Pick<SQSRecord, 'messageId' | 'body' | 'messageAttributes'>;

export type DeadLetter = {
  kind: 'ecr' | 'timer' | 'wake-up' | 'unknown';
  /** What was to be delivered. */
  event: unknown;
  /** The same in fields of a log. */
  about: LogFields;
  /** Why it could not be, as far as that is told. */
  cause: string | undefined;
};

const failedCall = z.object({
  requestContext: z.object({ functionArn: z.string(), condition: z.string().optional() }),
  requestPayload: z.unknown(),
  responsePayload: z.object({ errorMessage: z.string() }).optional().catch(undefined),
});

/** @param isKind whether there are jobs of a kind */
export function readDeadLetter(
  { body, messageAttributes }: DeadMessage,
  isKind: (kind: string) => boolean,
): DeadLetter {
  const sent = parseJson(Buffer.from(body));
  const call = failedCall.safeParse(sent).data;
  const event = call === undefined ? sent : call.requestPayload;
  const cause =
    call?.responsePayload?.errorMessage ??
    call?.requestContext.condition ??
    messageAttributes['ERROR_MESSAGE']?.stringValue ??
    messageAttributes['ERROR_CODE']?.stringValue;
  return { ...classified(event, isKind), event, cause };
}

function classified(event: unknown, isKind: (kind: string) => boolean): Pick<DeadLetter, 'kind' | 'about'> {
  const pushed = readEcrEvent(event);
  if (pushed !== undefined) return { kind: 'ecr', about: { sender_event_id: pushed.id } };
  const timer = readTimer(event);
  if (timer !== undefined) return { kind: 'timer', about: { timer } };
  const wakeUp = readWakeUp(event);
  if (wakeUp === undefined || !isKind(wakeUp.kind)) return { kind: 'unknown', about: {} };
  return { kind: 'wake-up', about: { job_id: wakeUp.id, kind: wakeUp.kind } };
}
