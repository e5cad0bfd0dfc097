// Sums the reports of many tags up, one line of figures per target.
import type { CopyReport, TargetReport, TargetState } from '../../shared/mirror/copy-types.ts';

type RepositoryTargetReport = Omit<TargetReport, 'digest' | 'error'> & {
  /** How many tags ended in which state. */
  tags: Partial<Record<TargetState, number>>;
};

export type RepositoryReport = { source: { reference: string; requests: number }; targets: RepositoryTargetReport[] };

/** The worst state of a target's tags stands for the target. */
const WORST_FIRST: readonly TargetState[] = ['failed', 'refused', 'copied', 'planned', 'unchanged'];

/** One report for a repository; `names.targets` has the targets in the order of each report's targets. */
export function sumUp(
  names: { source: string; targets: readonly string[] },
  reports: readonly CopyReport[],
): RepositoryReport {
  return {
    source: { reference: names.source, requests: sum(reports.map((report) => report.source.requests)) },
    targets: names.targets.map((reference, index) =>
      sumUpTarget(
        reference,
        reports.flatMap((report) => report.targets[index] ?? []),
      ),
    ),
  };
}

function sumUpTarget(reference: string, reports: readonly TargetReport[]): RepositoryTargetReport {
  const tags: Partial<Record<TargetState, number>> = {};
  for (const { state } of reports) tags[state] = (tags[state] ?? 0) + 1;
  return {
    reference,
    state: WORST_FIRST.find((state) => tags[state] !== undefined) ?? 'unchanged',
    tags,
    blobs: {
      copied: sum(reports.map(({ blobs }) => blobs.copied)),
      mounted: sum(reports.map(({ blobs }) => blobs.mounted)),
      existing: sum(reports.map(({ blobs }) => blobs.existing)),
    },
    bytesMoved: sum(reports.map(({ bytesMoved }) => bytesMoved)),
    bytesSaved: sum(reports.map(({ bytesSaved }) => bytesSaved)),
    requests: sum(reports.map(({ requests }) => requests)),
    durationMs: Math.max(0, ...reports.map(({ durationMs }) => durationMs)),
    referrers: sum(reports.map(({ referrers }) => referrers)),
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
