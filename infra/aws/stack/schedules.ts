// The clocks: schedules of EventBridge Scheduler that call the function of the timers. osls has no retry policy and no dead letters for
// them, so they stand here.
import { arnOf, ref, sub, type Fragment, type Resource } from './fragment.ts';
import { AWS_FUNCTIONS, type TimerName } from './functions.ts';
import { EDGE_DEAD_LETTERS, HTTP_API_STAGE, lambdaId, pascal, SCHEDULER_ROLE, TIMER_GROUP } from './names.ts';

/** A call that comes later than the next one is of no use. https://docs.aws.amazon.com/scheduler/latest/APIReference/API_RetryPolicy.html */
const RETRIES: Readonly<Record<TimerName, { MaximumEventAgeInSeconds: number; MaximumRetryAttempts: number }>> = {
  upkeep: { MaximumEventAgeInSeconds: 60, MaximumRetryAttempts: 2 },
  mirrors: { MaximumEventAgeInSeconds: 300, MaximumRetryAttempts: 3 },
  credentials: { MaximumEventAgeInSeconds: 300, MaximumRetryAttempts: 3 },
  grants: { MaximumEventAgeInSeconds: 300, MaximumRetryAttempts: 3 },
};

export const TIMER_NAMES = ['upkeep', 'mirrors', 'credentials', 'grants'] as const satisfies readonly TimerName[];

export const TIMERS = AWS_FUNCTIONS.flatMap(({ name, trigger }) =>
  'timers' in trigger
    ? TIMER_NAMES.map((timer) => {
        const rate = trigger.timers[timer];
        return { name, timer, rate, everySeconds: secondsOf(rate) };
      })
    : [],
);

const GROUP = '${self:service}-${sls:stage}';
const GROUP_ARN = sub(`arn:\${AWS::Partition}:scheduler:\${AWS::Region}:\${AWS::AccountId}:schedule-group/${GROUP}`);

export const schedules: Fragment = {
  Resources: {
    [TIMER_GROUP]: { Type: 'AWS::Scheduler::ScheduleGroup', Properties: { Name: GROUP } },
    ...Object.fromEntries(TIMERS.map((timer) => [scheduleId(timer.timer), schedule(timer)])),
    [SCHEDULER_ROLE]: {
      Type: 'AWS::IAM::Role',
      Properties: {
        AssumeRolePolicyDocument: {
          Version: '2012-10-17',
          Statement: [
            {
              Effect: 'Allow',
              Principal: { Service: 'scheduler.amazonaws.com' },
              Action: 'sts:AssumeRole',
              Condition: {
                StringEquals: { 'aws:SourceAccount': ref('AWS::AccountId'), 'aws:SourceArn': GROUP_ARN },
              },
            },
          ],
        },
        Policies: [
          {
            PolicyName: 'timers',
            PolicyDocument: {
              Version: '2012-10-17',
              Statement: [
                {
                  Sid: 'Call',
                  Effect: 'Allow',
                  Action: ['lambda:InvokeFunction'],
                  Resource: [...new Set(TIMERS.map(({ name }) => name))].map((name) => arnOf(lambdaId(name))),
                },
                {
                  Sid: 'DeadLetters',
                  Effect: 'Allow',
                  Action: ['sqs:SendMessage'],
                  Resource: [arnOf(EDGE_DEAD_LETTERS)],
                },
              ],
            },
          },
        ],
      },
    },
  },
};

function secondsOf(rate: `rate(${number} minute${'' | 's'})`): number {
  return Number.parseInt(rate.slice('rate('.length), 10) * 60;
}

export function scheduleId(timer: TimerName): string {
  return `${pascal(timer)}Timer`;
}

function schedule({ name, timer, rate }: (typeof TIMERS)[number]): Resource {
  return {
    Type: 'AWS::Scheduler::Schedule',
    // late: they call at once, and the configuration is brought when the stack is there
    DependsOn: [TIMER_GROUP, HTTP_API_STAGE],
    Properties: {
      Description: `Transship: ${timer}`,
      GroupName: GROUP,
      ScheduleExpression: rate,
      FlexibleTimeWindow: { Mode: 'OFF' },
      Target: {
        Arn: arnOf(lambdaId(name)),
        RoleArn: arnOf(SCHEDULER_ROLE),
        Input: JSON.stringify({ timer }),
        RetryPolicy: RETRIES[timer],
        DeadLetterConfig: { Arn: arnOf(EDGE_DEAD_LETTERS) },
      },
    },
  };
}
