// What somebody has to look at: messages that nobody could deliver, work that waits too long, functions that fail or are held back, jobs
// that were given up, credentials that end, clocks that stand still. No news is good news but for the clocks.
import { METRIC_NAMESPACE, STAGE_DIMENSION, WATCHED } from '../host/metric-names.ts';
import { getAtt, ref, when, type Fragment, type Resource } from './fragment.ts';
import { AWS_FUNCTIONS } from './functions.ts';
import {
  EDGE_DEAD_LETTERS,
  HTTP_API,
  LAST_DEAD_LETTERS,
  lambdaId,
  pascal,
  queueId,
  WORKER_DEAD_LETTERS,
  WORKERS,
} from './names.ts';
import { ALARM_EMAIL, ALARM_TOPIC, HAS_ALARM_EMAIL, HAS_ALARM_TOPIC } from './parameters.ts';

const TOPIC = 'AlarmMessages';
const MINUTE_SECONDS = 60;
const FIVE_MINUTES_SECONDS = 300;
/** Longer than the ten minutes between two looks at a cluster, or at all grants: each of these times has one. */
const LOOKS_SECONDS = 900;
/** Longer than a worker that was killed with its message, and the next try of it. */
const LATE_SECONDS = 3600;
/** More wake-ups than a sweep of many thousand tags leaves. */
const MANY_MESSAGES = 10_000;

type Watch = {
  what: string;
  namespace: string;
  metric: string;
  dimensions: Readonly<Record<string, unknown>>;
  statistic: 'Sum' | 'Maximum';
  /** Alarm from here on. */
  from: number;
  seconds: number;
  /** How many such times in a row. */
  times?: number;
  isSilenceBad?: true;
};

const DEAD_LETTERS = [WORKER_DEAD_LETTERS, EDGE_DEAD_LETTERS, LAST_DEAD_LETTERS];

export const alarms: Fragment = {
  Resources: {
    [TOPIC]: {
      Type: 'AWS::SNS::Topic',
      Condition: HAS_ALARM_EMAIL,
      Properties: { Subscription: [{ Protocol: 'email', Endpoint: ref(ALARM_EMAIL) }] },
    },
    ...Object.fromEntries(
      [
        ...DEAD_LETTERS.flatMap(ofDeadLetters),
        ...WORKERS.flatMap(ofQueue),
        ...AWS_FUNCTIONS.flatMap(ofFunction),
        ...ofWork(),
      ].map(([id, watch]) => [`${id}Alarm`, alarm(watch)]),
    ),
  },
};

function ofDeadLetters(id: string): [string, Watch][] {
  return [
    [
      `${id}Depth`,
      {
        ...queueMetric(id),
        what: 'Messages could not be delivered',
        metric: 'ApproximateNumberOfMessagesVisible',
        from: 1,
      },
    ],
    [
      `${id}Age`,
      {
        ...queueMetric(id),
        what: 'Messages that could not be delivered stay where they are',
        metric: 'ApproximateAgeOfOldestMessage',
        from: LATE_SECONDS,
      },
    ],
  ];
}

function ofQueue({ kind }: (typeof WORKERS)[number]): [string, Watch][] {
  const id = queueId(kind);
  return [
    [
      `${id}Depth`,
      {
        ...queueMetric(id),
        what: `Many jobs of the kind ${kind} wait`,
        metric: 'ApproximateNumberOfMessagesVisible',
        from: MANY_MESSAGES,
      },
    ],
    [
      `${id}Age`,
      {
        ...queueMetric(id),
        what: `Jobs of the kind ${kind} wait long`,
        metric: 'ApproximateAgeOfOldestMessage',
        from: LATE_SECONDS,
      },
    ],
  ];
}

function queueMetric(id: string) {
  return {
    namespace: 'AWS/SQS',
    dimensions: { QueueName: getAtt(id, 'QueueName') },
    statistic: 'Maximum',
    seconds: FIVE_MINUTES_SECONDS,
  } as const;
}

function ofFunction({ name }: (typeof AWS_FUNCTIONS)[number]): [string, Watch][] {
  const one = {
    namespace: 'AWS/Lambda',
    dimensions: { FunctionName: ref(lambdaId(name)) },
    statistic: 'Sum',
    from: 1,
    seconds: FIVE_MINUTES_SECONDS,
  } as const;
  return [
    [`${pascal(name)}Errors`, { ...one, what: `${name} failed`, metric: 'Errors' }],
    [`${pascal(name)}Throttles`, { ...one, what: `${name} was held back by Lambda`, metric: 'Throttles', times: 3 }],
  ];
}

function ofWork(): [string, Watch][] {
  const own = {
    namespace: METRIC_NAMESPACE,
    dimensions: { [STAGE_DIMENSION]: '${sls:stage}' },
    statistic: 'Maximum',
    seconds: FIVE_MINUTES_SECONDS,
  } as const;
  const looked = { ...own, seconds: LOOKS_SECONDS };
  return [
    [
      'DeadJobs',
      { ...own, what: 'Jobs were given up: transship jobs list --state dead', metric: WATCHED.deadJobs, from: 1 },
    ],
    [
      'OldestJob',
      { ...own, what: 'A job that is due has waited long', metric: WATCHED.oldestDueSeconds, from: LATE_SECONDS },
    ],
    [
      'ExpiringCredentials',
      {
        ...looked,
        what: 'Credentials of clusters should have been renewed',
        metric: WATCHED.expiringCredentials,
        from: 1,
      },
    ],
    [
      'FailedCredentials',
      { ...looked, what: 'Pull Secrets could not be written', metric: WATCHED.failedCredentials, from: 1, times: 2 },
    ],
    ['ExpiringGrants', { ...looked, what: 'Grants end within a week', metric: WATCHED.expiringGrants, from: 1 }],
    [
      'Upkeep',
      {
        what: 'The clocks stand still: leases are not freed, schedules not fired',
        namespace: 'AWS/Lambda',
        metric: 'Invocations',
        dimensions: { FunctionName: ref(lambdaId('timers')) },
        statistic: 'Sum',
        from: 1,
        seconds: MINUTE_SECONDS,
        times: 5,
        isSilenceBad: true,
      },
    ],
    [
      'Gateway',
      {
        what: 'The HTTP API answered with 5xx',
        namespace: 'AWS/ApiGateway',
        metric: '5xx',
        dimensions: { ApiId: ref(HTTP_API) },
        statistic: 'Sum',
        from: 5,
        seconds: FIVE_MINUTES_SECONDS,
      },
    ],
  ];
}

function alarm({
  what,
  namespace,
  metric,
  dimensions,
  statistic,
  from,
  seconds,
  times = 1,
  isSilenceBad,
}: Watch): Resource {
  const actions = [when(HAS_ALARM_TOPIC, ref(ALARM_TOPIC)), when(HAS_ALARM_EMAIL, ref(TOPIC))];
  return {
    Type: 'AWS::CloudWatch::Alarm',
    Properties: {
      AlarmDescription: `Transship, \${sls:stage}: ${what}`,
      Namespace: namespace,
      MetricName: metric,
      Dimensions: Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value })),
      Statistic: statistic,
      Period: seconds,
      EvaluationPeriods: times,
      Threshold: from,
      ComparisonOperator: isSilenceBad ? 'LessThanThreshold' : 'GreaterThanOrEqualToThreshold',
      TreatMissingData: isSilenceBad ? 'breaching' : 'notBreaching',
      AlarmActions: actions,
      OKActions: actions,
    },
  };
}
