// A queue for each kind of job, and three for what could not be delivered: by workers, by the other asynchronous edges, and by the function
// that takes up both.
import { arnOf, ref, type Fragment, type Resource } from './fragment.ts';
import { AWS_FUNCTIONS } from './functions.ts';
import { ECR_RULES, ruleArn } from './event-bus.ts';
import { EDGE_DEAD_LETTERS, LAST_DEAD_LETTERS, queueId, WORKER_DEAD_LETTERS, WORKERS } from './names.ts';

/** Of the timeout of its function: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html */
const VISIBILITY_TIMES = 6;
/** The longest there is. A message keeps its age when it becomes a dead letter. */
const RETENTION_SECONDS = 14 * 24 * 3600;
const MAX_RECEIVE_COUNT = 10;
const DEAD_LETTER_TIMEOUT_SECONDS = AWS_FUNCTIONS.find(({ name }) => name === 'dead-letters')?.timeoutSeconds ?? 0;

export const queues: Fragment = {
  Resources: {
    ...Object.fromEntries(
      WORKERS.map(({ kind, timeoutSeconds }) => [queueId(kind), queue(timeoutSeconds, WORKER_DEAD_LETTERS)]),
    ),
    [WORKER_DEAD_LETTERS]: queue(DEAD_LETTER_TIMEOUT_SECONDS, LAST_DEAD_LETTERS),
    [EDGE_DEAD_LETTERS]: queue(DEAD_LETTER_TIMEOUT_SECONDS, LAST_DEAD_LETTERS),
    [LAST_DEAD_LETTERS]: queue(DEAD_LETTER_TIMEOUT_SECONDS),
    // functions and Scheduler send by their roles, EventBridge by this
    [`${EDGE_DEAD_LETTERS}Policy`]: {
      Type: 'AWS::SQS::QueuePolicy',
      Properties: {
        Queues: [ref(EDGE_DEAD_LETTERS)],
        PolicyDocument: {
          Version: '2012-10-17',
          Statement: [
            {
              Sid: 'EventsThatReachedNobody',
              Effect: 'Allow',
              Principal: { Service: 'events.amazonaws.com' },
              Action: 'sqs:SendMessage',
              Resource: arnOf(EDGE_DEAD_LETTERS),
              Condition: { ArnEquals: { 'aws:SourceArn': ECR_RULES.map(ruleArn) } },
            },
          ],
        },
      },
    },
  },
  Outputs: {
    ...Object.fromEntries(
      WORKERS.map(({ kind }) => [
        `${queueId(kind)}Url`,
        { Description: `What wakes workers for jobs of the kind ${kind}`, Value: ref(queueId(kind)) },
      ]),
    ),
    ...Object.fromEntries(
      [WORKER_DEAD_LETTERS, EDGE_DEAD_LETTERS, LAST_DEAD_LETTERS].map((id) => [
        `${id}Url`,
        { Description: 'Messages that could not be delivered', Value: ref(id) },
      ]),
    ),
  },
};

function queue(timeoutSeconds: number, deadLetters?: string): Resource {
  return {
    Type: 'AWS::SQS::Queue',
    // what is in them is nowhere else; a stack that goes away has nobody to read it
    DeletionPolicy: 'Delete',
    UpdateReplacePolicy: 'Delete',
    Properties: {
      VisibilityTimeout: VISIBILITY_TIMES * timeoutSeconds,
      MessageRetentionPeriod: RETENTION_SECONDS,
      SqsManagedSseEnabled: true,
      ...(deadLetters === undefined
        ? {}
        : { RedrivePolicy: { deadLetterTargetArn: arnOf(deadLetters), maxReceiveCount: MAX_RECEIVE_COUNT } }),
    },
  };
}
