// The two plots of the documentation: wall time and peak memory, a row for each workload, plain HTTP left and TLS right.
import { renderChart, type Panel } from './chart.ts';
import { schemeTitle, type CopyGroup, type Entry } from './copy-groups.ts';
import { fineMilliseconds, megabytes, seconds } from './quantity.ts';
import { isOurs, type ReceiverResult } from './results.ts';
import type { Spread } from './statistics.ts';
import { workloadTitle } from './workloads.ts';

const SUBTITLE = 'Medians; the thin line spans all runs. Shorter is better. Each row has its own scale.';

export function wallPlot(groups: readonly CopyGroup[]): string {
  const rows = panelRows(groups, ({ wall }) => wall);
  return renderChart({ title: 'Time to copy between two registries', subtitle: SUBTITLE, rows, write: seconds });
}

export function memoryPlot(groups: readonly CopyGroup[]): string {
  const rows = panelRows(groups, ({ peak }) => peak);
  return renderChart({ title: 'Peak memory while copying', subtitle: SUBTITLE, rows, write: megabytes });
}

/** The rates that the server kept up with, and the first that it did not. */
export function receiverPlot(results: readonly ReceiverResult[]): string {
  const panel = (title: string, valueOf: (result: ReceiverResult) => number): Panel => ({
    title,
    bars: results.map((result) => {
      const value = valueOf(result);
      return { label: `${result.perSecond}/s`, value, low: value, high: value, isOurs: true };
    }),
  });
  return renderChart({
    title: 'Time to accept a push event, durably',
    subtitle:
      'By the rate at which they come, from the moment each was to be sent. Shorter is better. Each panel has its own scale.',
    rows: [[panel('half of them', ({ p50Ms }) => p50Ms)], [panel('99 of 100', ({ p99Ms }) => p99Ms)]],
    write: fineMilliseconds,
  });
}

function panelRows(groups: readonly CopyGroup[], measureOf: (entry: Entry) => Spread): Panel[][] {
  const byWorkload = Map.groupBy(groups, ({ workload }) => workload);
  return [...byWorkload].map(([workload, ofWorkload]) =>
    ofWorkload.map(({ scheme, entries }, index) => ({
      title: index === 0 ? `${workloadTitle(workload)}, ${schemeTitle(scheme)}` : schemeTitle(scheme),
      bars: entries.map((entry) => {
        const { median, low, high } = measureOf(entry);
        return { label: entry.contender, value: median, low, high, isOurs: isOurs(entry.contender) };
      }),
    })),
  );
}
