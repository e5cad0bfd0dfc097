// Metrics as Prometheus reads them: counted from the first moment on, gauges read when somebody asks; the page that lists them is right.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { prometheusMetrics } from '../../../infra/node/prometheus-metrics.ts';
import { METRICS } from '../../../shared/telemetry/metrics.ts';

it('counts what came before it was loaded', async () => {
  const metrics = prometheusMetrics(async () => undefined);
  metrics.count('transship_events_accepted_total', { source: 'harbor' });
  metrics.count('transship_events_accepted_total', { source: 'harbor' }, 4);
  metrics.observe('transship_event_ack_duration_seconds', { source: 'harbor' }, 0.004);
  const text = await metrics.text();
  expect(text).toContain('transship_events_accepted_total{source="harbor"} 5');
  expect(text).toContain('transship_event_ack_duration_seconds_bucket{le="0.005",source="harbor"} 1');
});

it('reads gauges at each look', async () => {
  let waiting = 0;
  const metrics = prometheusMetrics(async (gauges) => gauges.set('transship_jobs', { state: 'READY' }, (waiting += 1)));
  await metrics.text();
  expect(await metrics.text()).toContain('transship_jobs{state="READY"} 2');
});

it('has every metric of the table, and those of the process', async () => {
  const text = await prometheusMetrics(async () => undefined).text();
  for (const [name, { kind, help }] of Object.entries(METRICS)) {
    expect(text).toContain(`# HELP ${name} ${help}\n# TYPE ${name} ${kind}`);
  }
  expect(text).toContain('process_cpu_seconds_total');
});

it('is what the guide says', () => {
  const page = readFileSync(path.resolve(import.meta.dirname, '../../../docs/serve.md'), 'utf8');
  const rows = [...page.matchAll(/^\| `(transship_\w+)` +\| (\w+) +\| ([^|]*?) *\| (.+?) *\|$/gm)];
  const documented = rows.map(([, name, kind, labels = '', help]) => ({
    name,
    kind,
    labels: [...labels.matchAll(/`(\w+)`/g)].map(([, label]) => label),
    help,
  }));
  expect(documented).toEqual(Object.entries(METRICS).map(([name, shape]) => ({ name, ...shape })));
});
