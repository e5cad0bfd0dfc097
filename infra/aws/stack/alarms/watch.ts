// What an alarm looks at, and the resource that it becomes.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html
import { ref, when, type Resource } from '../fragment.ts';
import { ALARM_TOPIC, HAS_ALARM_EMAIL, HAS_ALARM_TOPIC } from '../parameters.ts';

export type Watch = {
  what: string;
  namespace: string;
  metric: string;
  dimensions: Readonly<Record<string, unknown>>;
  statistic: 'Sum' | 'Maximum';
  /** It rings from here on; where silence rings, below it. */
  from: number;
  seconds: number;
  /** How many such times have to be bad: that many in a row, or `among` so many. */
  times?: number;
  among?: number;
  /**
   * What it means that nothing is told: nothing bad; that it stands still; or nothing at all, where a value is told as long as anybody tells:
   * then it stays as it was.
   */
  silence?: 'rings' | 'tells nothing';
  /** Another alarm speaks for it. */
  isMute?: true;
};

/** By the first part of their logical ids. */
export type Watches = readonly (readonly [id: string, Watch])[];

export const FIVE_MINUTES_SECONDS = 300;

/** The topic of this stack, for those who gave an address. */
export const TOPIC = 'AlarmMessages';
/** Whom an alarm tells when it begins, and when it is over. */
export const TELL = [when(HAS_ALARM_TOPIC, ref(ALARM_TOPIC)), when(HAS_ALARM_EMAIL, ref(TOPIC))];

const MISSING_DATA = { rings: 'breaching', 'tells nothing': 'ignore' } as const;

export function alarmId(id: string): string {
  return `${id}Alarm`;
}

export function describedAs(what: string): string {
  return `Transship, \${sls:stage}: ${what}`;
}

export function alarm(watch: Watch): Resource {
  const { what, namespace, metric, dimensions, statistic, from, seconds, times = 1, among, silence, isMute } = watch;
  return {
    Type: 'AWS::CloudWatch::Alarm',
    Properties: {
      AlarmDescription: describedAs(what),
      Namespace: namespace,
      MetricName: metric,
      Dimensions: Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value })),
      Statistic: statistic,
      Period: seconds,
      EvaluationPeriods: among ?? times,
      ...(among === undefined ? {} : { DatapointsToAlarm: times }),
      Threshold: from,
      ComparisonOperator: silence === 'rings' ? 'LessThanThreshold' : 'GreaterThanOrEqualToThreshold',
      TreatMissingData: silence === undefined ? 'notBreaching' : MISSING_DATA[silence],
      ...(isMute === undefined ? { AlarmActions: TELL, OKActions: TELL } : {}),
    },
  };
}
