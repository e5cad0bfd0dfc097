// The embedded metric format: what one invocation counted, as lines that CloudWatch reads.
import * as z from 'zod';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { emfMetrics } from '../../../infra/aws/host/emf-metrics.ts';
import { METRIC_NAMESPACE, WATCHED } from '../../../infra/aws/host/metric-names.ts';
import { manualClock } from '../../support/jobs/manual-clock.ts';

// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
const line = z.looseObject({
  _aws: z.strictObject({
    Timestamp: z.int(),
    CloudWatchMetrics: z
      .array(
        z.strictObject({
          Namespace: z.literal(METRIC_NAMESPACE),
          Dimensions: z.array(z.array(z.string().min(1)).max(30)).min(1),
          Metrics: z
            .array(
              z.strictObject({
                Name: z.string().min(1).max(1024),
                Unit: z.enum(['Count', 'Seconds', 'Bytes', 'None']),
              }),
            )
            .min(1)
            .max(100),
        }),
      )
      .min(1),
  }),
});

function bed() {
  const written: string[] = [];
  const metrics = emfMetrics({ stage: 'prod', clock: manualClock(), write: (text) => written.push(text) });
  const flush = () => {
    written.length = 0;
    metrics.flush();
    return written.map((text) => line.parse(JSON.parse(text)));
  };
  return { metrics, flush };
}

describe('metrics of a function', () => {
  it('are told once, with the sum of what was counted', () => {
    const { metrics, flush } = bed();
    metrics.count('transship_events_accepted_total', { source: 'harbor' });
    metrics.count('transship_events_accepted_total', { source: 'harbor' }, 2);
    expect(flush()).toEqual([
      {
        _aws: {
          Timestamp: Date.parse('2026-11-21T12:00:00Z'),
          CloudWatchMetrics: [
            {
              Namespace: 'Transship',
              Dimensions: [['stage', 'source']],
              Metrics: [{ Name: 'transship_events_accepted_total', Unit: 'Count' }],
            },
          ],
        },
        stage: 'prod',
        source: 'harbor',
        transship_events_accepted_total: 3,
      },
    ]);
    expect(flush()).toEqual([]);
  });

  it('keep the last value of a gauge, and all of what was observed', () => {
    const { metrics, flush } = bed();
    metrics.set('transship_dead_letters', {}, 4);
    metrics.set('transship_dead_letters', {}, 2);
    metrics.observe('transship_job_duration_seconds', { function: 'mirror-image', outcome: 'done' }, 1.5);
    metrics.observe('transship_job_duration_seconds', { function: 'mirror-image', outcome: 'done' }, 2);
    expect(flush()).toMatchObject([
      { stage: 'prod', transship_dead_letters: 2 },
      { function: 'mirror-image', outcome: 'done', transship_job_duration_seconds: [1.5, 2] },
    ]);
  });

  it('that alarms look at are told without their labels as well', () => {
    const { metrics, flush } = bed();
    metrics.set('transship_credentials_expiring', { cluster: 'prod-eu' }, 1);
    metrics.set('transship_credentials_secrets', { cluster: 'prod-eu' }, 7);
    const [told] = flush();
    const dimensionsOf = (name: string) =>
      told?.['_aws'].CloudWatchMetrics.find(({ Metrics }) => Metrics.some(({ Name }) => Name === name))?.Dimensions;
    expect(dimensionsOf('transship_credentials_expiring')).toEqual([['stage', 'cluster'], ['stage']]);
    expect(dimensionsOf('transship_credentials_secrets')).toEqual([['stage', 'cluster']]);
    expect(Object.values(WATCHED)).toContain('transship_credentials_expiring');
  });

  it('have dimensions that CloudWatch takes, whatever a label is', () => {
    const { metrics, flush } = bed();
    metrics.set('transship_credentials_secrets', { cluster: '' }, 1);
    metrics.set('transship_credentials_secrets', { cluster: `é${'x'.repeat(2000)}` }, 1);
    const values = flush().map(({ cluster }) => String(cluster));
    expect(values[0]).toBe('none');
    expect(values[1]).toMatch(/^\?x+$/);
    expect(values[1]).toHaveLength(1024);
  });

  it('leave out what is no number', () => {
    const { metrics, flush } = bed();
    metrics.set('transship_grants_expiring', {}, Number.NaN);
    metrics.observe('transship_event_ack_duration_seconds', { source: 'harbor' }, Number.POSITIVE_INFINITY);
    metrics.observe('transship_event_ack_duration_seconds', { source: 'harbor' }, 1);
    expect(flush()).toMatchObject([{ transship_event_ack_duration_seconds: 1 }]);
  });

  it('lose nothing: every value stands in one line of at most a hundred', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ source: fc.constantFrom('a', 'b'), seconds: fc.integer({ min: 0, max: 9 }) }), {
          maxLength: 450,
          size: 'max',
        }),
        (observed) => {
          const { metrics, flush } = bed();
          for (const { source, seconds } of observed) {
            metrics.observe('transship_event_ack_duration_seconds', { source }, seconds);
            metrics.count('transship_events_accepted_total', { source });
          }
          const lines = flush();
          for (const source of ['a', 'b']) {
            const own = lines.filter((one) => one['source'] === source);
            const values = own.flatMap((one) => one['transship_event_ack_duration_seconds'] ?? []);
            const wanted = observed.filter((one) => one.source === source).map(({ seconds }) => seconds);
            expect(values).toEqual(wanted);
            const counts = own.flatMap((one) => one['transship_events_accepted_total'] ?? []);
            expect(counts).toEqual(wanted.length === 0 ? [] : [wanted.length]);
          }
          for (const one of lines) {
            const list = one['transship_event_ack_duration_seconds'];
            expect(Array.isArray(list) ? list.length : 1).toBeLessThanOrEqual(100);
          }
        },
      ),
    );
  });
});
