// What of the caller's rights can be tried without changing anything: to look at each service that a deployment uses.
import { isTransshipError } from '../../../../shared/errors.ts';
import { askPath, askQuery, askTarget } from '../ask-aws.ts';
import type { AwsPlace } from '../aws-place.ts';
import { unanswered, type Finding } from './finding.ts';

const CANNOT_SAY =
  'whether it may make and change things there is only seen when it does: docs/aws.md lists what a deployment needs';

export async function checkPermissions(place: AwsPlace): Promise<Finding[]> {
  const looks: readonly [string, () => Promise<unknown>][] = [
    ['cloudformation:ListStacks', () => askQuery(place, 'cloudformation', 'ListStacks')],
    ['lambda:ListFunctions', () => askPath(place, 'lambda', 'ListFunctions', '/2015-03-31/functions/?MaxItems=1')],
    ['dynamodb:ListTables', () => askTarget(place, 'dynamodb', 'ListTables', { Limit: 1 })],
    ['sqs:ListQueues', () => askTarget(place, 'sqs', 'ListQueues', { MaxResults: 1 })],
    ['events:ListRules', () => askTarget(place, 'events', 'ListRules', { Limit: 1 })],
    ['scheduler:ListSchedules', () => askPath(place, 'scheduler', 'ListSchedules', '/schedules?MaxResults=1')],
    ['secretsmanager:ListSecrets', () => askTarget(place, 'secretsmanager', 'ListSecrets', { MaxResults: 1 })],
    ['cloudwatch:DescribeAlarms', () => askQuery(place, 'monitoring', 'DescribeAlarms', { MaxRecords: '1' })],
  ];
  const failed = await Promise.all(
    looks.map(([action, look]) =>
      look().then(
        () => undefined,
        (error: unknown) => (isTransshipError(error, 'denied') ? action : unanswered('permissions', error, action)),
      ),
    ),
  );
  const denied = failed.filter((one) => typeof one === 'string');
  const others = failed.filter((one) => typeof one === 'object');
  if (denied.length > 0) {
    return [
      {
        id: 'permissions',
        state: 'warn',
        message: `this identity may not ${denied.join(', ')}`,
        hint: `deploy as somebody who may work with these services, if you deploy from here; ${CANNOT_SAY}`,
      },
      ...others,
    ];
  }
  if (others.length > 0) return others;
  return [{ id: 'permissions', state: 'ok', message: `it may look at all services of the stack; ${CANNOT_SAY}` }];
}
