// Counts in memory what an invocation does, and tells it once, at its end: lines of the embedded metric format.
import type { Clock } from '../../../shared/jobs/clock.ts';
import type { MetricName, Metrics } from '../../../shared/telemetry/metrics.ts';
import { emfLines, type Measured } from './emf.ts';

export type EmfMetrics = Metrics & {
  /** Tells what came together since the last time. */
  flush: () => void;
};

type Surroundings = {
  stage: string;
  clock: Clock;
  /** Takes a line without its end. */
  write: (line: string) => void;
};

export function emfMetrics({ stage, clock, write }: Surroundings): EmfMetrics {
  const measured = new Map<string, Measured & { values: number[] }>();

  function entry(name: MetricName, labels: Readonly<Record<string, string>>): number[] {
    const key = JSON.stringify([name, labels]);
    const known = measured.get(key) ?? { name, labels, values: [] };
    measured.set(key, known);
    return known.values;
  }

  return {
    count(name, labels, by = 1) {
      const values = entry(name, labels);
      values[0] = (values[0] ?? 0) + by;
    },
    set(name, labels, value) {
      entry(name, labels)[0] = value;
    },
    observe(name, labels, value) {
      entry(name, labels).push(value);
    },
    flush() {
      // what is no number is no metric, and would spoil the line that it stands in
      const told = [...measured.values()].map((one) => ({ ...one, values: one.values.filter(Number.isFinite) }));
      measured.clear();
      for (const line of emfLines(told, stage, clock.now())) write(JSON.stringify(line));
    },
  };
}
