// The results as they are compared: all contenders of one workload under one scheme, with the middle and the spread of their runs.
import type { CopyResult, Sample, Scheme } from './results.ts';
import { spread, type Spread } from './statistics.ts';
import { workloadTitle } from './workloads.ts';

export type Entry = { contender: string; wall: Spread; cpu: Spread; peak: Spread; source: Spread; target: Spread };
export type CopyGroup = { workload: string; scheme: Scheme; title: string; entries: readonly Entry[] };

/** In the order of the workloads, plain HTTP before TLS. */
export function groupCopies(copies: readonly CopyResult[]): CopyGroup[] {
  const workloads = [...new Set(copies.map(({ workload }) => workload))];
  const groups = workloads.flatMap((workload) =>
    (['http', 'https'] as const).map((scheme) => ({
      workload,
      scheme,
      title: `${workloadTitle(workload)}, ${schemeTitle(scheme)}`,
      entries: copies.filter((copy) => copy.workload === workload && copy.scheme === scheme).map(summarize),
    })),
  );
  return groups.filter(({ entries }) => entries.length > 0);
}

export function schemeTitle(scheme: Scheme): string {
  return scheme === 'http' ? 'plain HTTP' : 'TLS';
}

function summarize({ contender, samples }: CopyResult): Entry {
  const of = (pick: (sample: Sample) => number) => spread(samples.map(pick));
  return {
    contender,
    wall: of(({ wallMs }) => wallMs),
    cpu: of(({ cpuMs }) => cpuMs),
    peak: of(({ peakBytes }) => peakBytes),
    source: of(({ sourceRequests }) => sourceRequests),
    target: of(({ targetRequests }) => targetRequests),
  };
}
