// The two plots of the documentation: wall time and peak memory, a row for each workload, plain HTTP left and TLS right.
import { renderChart, type Panel } from './chart.ts';
import { schemeTitle, type CopyGroup, type Entry } from './copy-groups.ts';
import { megabytes, seconds } from './quantity.ts';
import { isOurs } from './results.ts';
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
