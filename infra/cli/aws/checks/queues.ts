// What waits in the queues. Wake-ups are no work: what is to be done stands in the table of the jobs, and `transship jobs list --server`
// shows it. Dead letters are what nobody could deliver.
import {
  EDGE_DEAD_LETTERS,
  LAST_DEAD_LETTERS,
  queueId,
  WORKER_DEAD_LETTERS,
  WORKERS,
} from '../../../aws/stack/names.ts';
import { objectAt } from '../../../../shared/identity/aws-call.ts';
import { askTarget } from '../ask-aws.ts';
import type { AwsPlace } from '../aws-place.ts';
import type { Stack } from '../stack.ts';
import { unanswered, type CheckId, type Finding } from './finding.ts';

/** Wake-ups that nobody takes, for one kind of job. */
const MANY = 1000;

type Depth = { waiting: number; inFlight: number };

export function checkQueues(place: AwsPlace, stack: Stack): Promise<Finding[]> {
  return each(
    place,
    stack,
    'queues',
    WORKERS.map(({ kind }) => queueId(kind)),
    (about, { waiting, inFlight }) => {
      const message = `${waiting} waiting, ${inFlight} being worked on`;
      if (waiting < MANY) return { id: 'queues', state: 'ok', about, message };
      const hint = 'look at the workers: transship jobs list --server URL, and the quota of concurrent executions';
      return { id: 'queues', state: 'warn', about, message, hint };
    },
  );
}

export function checkDeadLetters(place: AwsPlace, stack: Stack): Promise<Finding[]> {
  const ids = [WORKER_DEAD_LETTERS, EDGE_DEAD_LETTERS, LAST_DEAD_LETTERS];
  return each(place, stack, 'dead-letters', ids, (about, { waiting, inFlight }) => {
    const all = waiting + inFlight;
    if (all === 0) return { id: 'dead-letters', state: 'ok', about, message: 'empty' };
    const isLast = about === LAST_DEAD_LETTERS;
    return {
      id: 'dead-letters',
      state: isLast ? 'fail' : 'warn',
      about,
      message: `${all} ${all === 1 ? 'message' : 'messages'}`,
      hint: isLast
        ? 'the function dead-letters itself failed: read its log, mend it, and move them back (aws sqs start-message-move-task)'
        : 'the function dead-letters takes them within a minute; if they stay, read its log',
    };
  });
}

async function each(
  place: AwsPlace,
  { resources }: Stack,
  id: CheckId,
  queues: readonly string[],
  judge: (about: string, depth: Depth) => Finding,
): Promise<Finding[]> {
  return Promise.all(
    queues.map(async (queue) => {
      const url = resources.get(queue);
      if (url === undefined) {
        const hint = 'deploy again: transship aws deploy';
        return { id, state: 'fail' as const, about: queue, message: 'it is not in the stack', hint };
      }
      return depthOf(place, url).then(
        (depth) => judge(queue, depth),
        (error: unknown) => unanswered(id, error, queue),
      );
    }),
  );
}

/** https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_GetQueueAttributes.html */
async function depthOf(place: AwsPlace, url: string): Promise<Depth> {
  const names = ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'] as const;
  const body = await askTarget(place, 'sqs', 'GetQueueAttributes', { QueueUrl: url, AttributeNames: names });
  const attributes = objectAt(body, 'Attributes');
  return { waiting: Number(attributes[names[0]] ?? 0), inFlight: Number(attributes[names[1]] ?? 0) };
}
