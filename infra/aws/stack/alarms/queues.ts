// Messages that wait too long, and those that nobody could deliver.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
import { getAtt } from '../fragment.ts';
import { EDGE_DEAD_LETTERS, LAST_DEAD_LETTERS, queueId, WORKER_DEAD_LETTERS, WORKERS } from '../names.ts';
import { FIVE_MINUTES_SECONDS, type Watches } from './watch.ts';

/**
 * The age leaves out what was received three times already. A message whose worker fails is hidden for 24 minutes each time, so this is
 * after the second try and before the third.
 */
const LATE_SECONDS = 2400;
/** The same for dead letters, which are hidden for 6 minutes. */
const LATE_DEAD_LETTER_SECONDS = 480;
const HOUR_SECONDS = 3600;
/** More wake-ups than a sweep of many thousand tags leaves. */
const MANY_MESSAGES = 10_000;

export const queueWatches: Watches = [
  ...[WORKER_DEAD_LETTERS, EDGE_DEAD_LETTERS].flatMap((id) => ofDeadLetters(id, LATE_DEAD_LETTER_SECONDS)),
  // nobody reads these, and of a queue that nobody asks for anything SQS may tell nothing more: they do not go away by that
  ...ofDeadLetters(LAST_DEAD_LETTERS, HOUR_SECONDS).map(
    ([id, watch]) => [id, { ...watch, silence: 'tells nothing' }] as const,
  ),
  ...WORKERS.flatMap(({ kind }) => ofWakeUps(kind)),
];

function ofDeadLetters(id: string, late: number): Watches {
  return [
    [`${id}Depth`, { ...depthOf(id), what: 'Messages could not be delivered', from: 1 }],
    [`${id}Age`, { ...ageOf(id), what: 'Messages that could not be delivered stay where they are', from: late }],
  ];
}

function ofWakeUps(kind: string): Watches {
  const id = queueId(kind);
  return [
    [`${id}Depth`, { ...depthOf(id), what: `Many jobs of the kind ${kind} wait`, from: MANY_MESSAGES }],
    [`${id}Age`, { ...ageOf(id), what: `Jobs of the kind ${kind} wait long`, from: LATE_SECONDS }],
  ];
}

function depthOf(id: string) {
  return { ...ofQueue(id), metric: 'ApproximateNumberOfMessagesVisible' };
}

function ageOf(id: string) {
  return { ...ofQueue(id), metric: 'ApproximateAgeOfOldestMessage' };
}

function ofQueue(id: string) {
  return {
    namespace: 'AWS/SQS',
    dimensions: { QueueName: getAtt(id, 'QueueName') },
    statistic: 'Maximum',
    seconds: FIVE_MINUTES_SECONDS,
  } as const;
}
