// Metrics in the form that Prometheus reads, by prom-client. It is loaded after the start, because that takes longer than all the rest
// of it; what is counted before is counted then.
import type { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { METRICS, type MetricName, type Metrics } from '../../shared/telemetry/metrics.ts';

export type PrometheusMetrics = Metrics & {
  load: () => Promise<void>;
  /** All metrics, those of the process included. */
  text: () => Promise<string>;
};

type Instruments = {
  registry: Registry;
  counters: ReadonlyMap<string, Counter>;
  gauges: ReadonlyMap<string, Gauge>;
  histograms: ReadonlyMap<string, Histogram>;
};

/** In seconds: an acknowledgement takes milliseconds, a slice of a job up to an hour. */
const BUCKETS: Partial<Record<MetricName, number[]>> = {
  transship_event_ack_duration_seconds: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
  transship_job_duration_seconds: [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600],
};

/** @param refresh sets the gauges that are read only when somebody asks */
export function prometheusMetrics(refresh: (metrics: Metrics) => Promise<void>): PrometheusMetrics {
  const early: ((instruments: Instruments) => void)[] = [];
  let instruments: Instruments | undefined;
  let loading: Promise<Instruments> | undefined;

  function load(): Promise<Instruments> {
    loading ??= createInstruments().then((created) => {
      instruments = created;
      for (const tell of early.splice(0)) tell(created);
      return created;
    });
    return loading;
  }

  function use(tell: (instruments: Instruments) => void): void {
    if (instruments === undefined) early.push(tell);
    else tell(instruments);
  }

  const metrics: Metrics = {
    count: (name, labels, by = 1) => use(({ counters }) => counters.get(name)?.inc({ ...labels }, by)),
    set: (name, labels, value) => use(({ gauges }) => gauges.get(name)?.set({ ...labels }, value)),
    observe: (name, labels, value) => use(({ histograms }) => histograms.get(name)?.observe({ ...labels }, value)),
  };
  return {
    ...metrics,
    async load() {
      await load();
    },
    async text() {
      const { registry } = await load();
      await refresh(metrics);
      return registry.metrics();
    },
  };
}

async function createInstruments(): Promise<Instruments> {
  const client = await import('prom-client');
  const registry = new client.Registry();
  client.collectDefaultMetrics({ register: registry });
  const counters = new Map<string, Counter>();
  const gauges = new Map<string, Gauge>();
  const histograms = new Map<string, Histogram>();
  for (const [name, { kind, help, labels }] of Object.entries(METRICS)) {
    const shape = { name, help, labelNames: [...labels], registers: [registry] };
    if (kind === 'counter') counters.set(name, new client.Counter(shape));
    else if (kind === 'gauge') gauges.set(name, new client.Gauge(shape));
    else histograms.set(name, new client.Histogram({ ...shape, ...bucketsOf(name) }));
  }
  return { registry, counters, gauges, histograms };
}

function bucketsOf(name: string): { buckets?: number[] } {
  const found = Object.entries(BUCKETS).find(([of]) => of === name);
  return found === undefined ? {} : { buckets: found[1] };
}
