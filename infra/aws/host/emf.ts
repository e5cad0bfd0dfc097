// The embedded metric format: lines of the log that CloudWatch turns into metrics, so that a function sends nothing itself. Pure.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
import { METRICS, type MetricName } from '../../../shared/telemetry/metrics.ts';
import { METRIC_NAMESPACE, STAGE_DIMENSION, WATCHED } from './metric-names.ts';

/** What one metric with one set of labels came to. */
export type Measured = {
  name: MetricName;
  labels: Readonly<Record<string, string>>;
  /** One of a counter or a gauge; all that were observed of a histogram. */
  values: readonly number[];
};

/** A line has no more of a metric than this. */
const MOST_VALUES = 100;
/** Nor more metrics. */
const MOST_METRICS = 100;
/** Of the value of a dimension. */
const LONGEST = 1024;

const WATCHED_NAMES: ReadonlySet<string> = new Set(Object.values(WATCHED));

/** The objects of the lines: each says what is in it, and holds it. Metrics of the same labels share one. */
export function emfLines(measured: readonly Measured[], stage: string, at: Date): Record<string, unknown>[] {
  const groups = new Map<string, { labels: Measured['labels']; members: Measured[] }>();
  for (const one of measured.flatMap(inPieces)) {
    const key = JSON.stringify(Object.entries(one.labels).toSorted(([left], [right]) => (left < right ? -1 : 1)));
    const group = groups.get(key) ?? { labels: one.labels, members: [] };
    groups.set(key, group);
    group.members.push(one);
  }
  return [...groups.values()].flatMap(({ labels, members }) =>
    rounds(members).map((round) => lineOf(labels, round, stage, at)),
  );
}

function inPieces({ values, ...rest }: Measured): Measured[] {
  const count = Math.ceil(values.length / MOST_VALUES);
  return Array.from({ length: count }, (_, index) => ({
    ...rest,
    values: values.slice(index * MOST_VALUES, (index + 1) * MOST_VALUES),
  }));
}

/** A line can have each metric once. */
function rounds(members: readonly Measured[]): Measured[][] {
  const all: Map<MetricName, Measured>[] = [];
  for (const member of members) {
    const free = all.find((round) => !round.has(member.name) && round.size < MOST_METRICS);
    if (free === undefined) all.push(new Map([[member.name, member]]));
    else free.set(member.name, member);
  }
  return all.map((round) => [...round.values()]);
}

function lineOf(
  labels: Measured['labels'],
  members: readonly Measured[],
  stage: string,
  at: Date,
): Record<string, unknown> {
  const names = Object.keys(labels).toSorted();
  const own = [[STAGE_DIMENSION, ...names]];
  const directive = (metrics: readonly Measured[], dimensions: string[][]) => ({
    Namespace: METRIC_NAMESPACE,
    Dimensions: dimensions,
    Metrics: metrics.map(({ name }) => ({ Name: name, Unit: unitOf(name) })),
  });
  const watched = names.length === 0 ? [] : members.filter(({ name }) => WATCHED_NAMES.has(name));
  const others = members.filter((member) => !watched.includes(member));
  return {
    _aws: {
      Timestamp: at.getTime(),
      CloudWatchMetrics: [
        ...(others.length === 0 ? [] : [directive(others, own)]),
        ...(watched.length === 0 ? [] : [directive(watched, [...own, [STAGE_DIMENSION]])]),
      ],
    },
    [STAGE_DIMENSION]: dimension(stage),
    ...Object.fromEntries(names.map((name) => [name, dimension(labels[name] ?? '')])),
    ...Object.fromEntries(members.map(({ name, values }) => [name, values.length === 1 ? values[0] : values])),
  };
}

/** https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_Dimension.html */
function dimension(value: string): string {
  const text = value.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, LONGEST);
  return text.trim() === '' ? 'none' : text;
}

function unitOf(name: MetricName): string {
  if (name.endsWith('_timestamp_seconds')) return 'None';
  if (name.endsWith('_seconds')) return 'Seconds';
  if (/_bytes(?:_|$)/.test(name)) return 'Bytes';
  return METRICS[name].kind === 'histogram' ? 'None' : 'Count';
}
