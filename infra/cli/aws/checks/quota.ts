// Whether the account lets as many functions run at a time as the workers may want.
import { AWS_FUNCTIONS } from '../../../aws/stack/functions.ts';
import { objectAt } from '../../../../shared/identity/aws-call.ts';
import { askPath } from '../ask-aws.ts';
import type { AwsPlace } from '../aws-place.ts';
import type { Finding } from './finding.ts';

/** For pushes, timers and the API, which come at any time. */
const ROOM_FOR_REQUESTS = 20;

/** https://docs.aws.amazon.com/lambda/latest/api/API_GetAccountSettings.html */
export async function checkQuota(place: AwsPlace): Promise<Finding[]> {
  const body = await askPath(place, 'lambda', 'GetAccountSettings', '/2016-08-19/account-settings/');
  const { ConcurrentExecutions: limit, UnreservedConcurrentExecutions: free } = objectAt(body, 'AccountLimit');
  if (typeof limit !== 'number' || typeof free !== 'number') {
    return [{ id: 'quota', state: 'warn', message: 'AWS does not say how many functions may run at a time' }];
  }
  const workers = workersAtOnce();
  const wanted = workers + ROOM_FOR_REQUESTS;
  const message = `${free} of ${limit} concurrent executions are not reserved for others; the workers use up to ${workers}`;
  if (free >= wanted) return [{ id: 'quota', state: 'ok', message }];
  return [
    {
      id: 'quota',
      state: free < workers ? 'fail' : 'warn',
      message: `${message}, and requests should find ${ROOM_FOR_REQUESTS} more`,
      hint: 'ask for more: aws service-quotas request-service-quota-increase --service-code lambda --quota-code L-B99A9384 --desired-value 1000',
    },
  ];
}

/** By `maximumConcurrency` of their queues. */
export function workersAtOnce(): number {
  return AWS_FUNCTIONS.reduce((sum, { trigger }) => sum + ('jobs' in trigger ? trigger.concurrency : 0), 0);
}
