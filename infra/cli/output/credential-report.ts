// The end of a distribution of credentials, for people: what was written, and what needs somebody, with what to do. The report is that of
// a run in this process or of a job of a server, which has the same form.
import * as z from 'zod';
import { printable } from '../../../shared/telemetry/printable.ts';
import type { Context } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { printProblem } from './print-error.ts';
import { styleFor } from './style.ts';
import { count } from './units.ts';

const told = z.looseObject({ message: z.string(), hint: z.string().optional() });
const listed = <Part extends z.ZodType>(part: Part) => z.object({ count: z.number(), first: z.array(part) });
const atPlace = told.extend({ namespace: z.string() });

/** What a job keeps of its run, as far as it is shown. */
export const clusterReport = z.looseObject({
  cluster: z.string(),
  namespaces: z.number(),
  secrets: z.number(),
  overdue: z.number(),
  written: z.record(z.string(), z.number()),
  conflicts: listed(atPlace.extend({ object: z.string() })),
  leftBehind: listed(atPlace.extend({ secret: z.string() })),
  failures: listed(atPlace.extend({ object: z.string() })),
  expiring: listed(z.looseObject({ namespace: z.string(), secret: z.string(), expiresAt: z.string() })),
  degraded: z.array(told.extend({ registry: z.string(), namespaces: z.number() })),
  providers: z.array(told.extend({ registry: z.string() })),
  warnings: z.array(z.string()),
  nextAt: z.string().optional(),
});
export type ClusterReport = z.infer<typeof clusterReport>;

const WORDS: Readonly<Record<string, string>> = {
  'create-secret': 'created',
  'update-secret': 'updated',
  'attach-reference': 'attached',
  'detach-reference': 'detached',
  'release-secret': 'released',
  'delete-secret': 'deleted',
};

/** One line of what was done, and one problem for each that needs somebody. */
export function printClusterReport(context: Context, report: ClusterReport): void {
  const { io, globals } = context;
  printTroubles(context, report);
  if (globals.quiet || globals.json) return;
  const style = styleFor(io.stdout, io, globals);
  const writes = Object.entries(report.written).filter(([, number]) => number > 0);
  const done =
    writes.length === 0
      ? 'nothing to change'
      : writes.map(([kind, number]) => `${number} ${WORDS[kind] ?? kind}`).join(', ');
  const place = style('bold', report.cluster);
  io.stdout.write(
    `${place}: ${count(report.namespaces, 'namespace')}, ${count(report.secrets, 'Secret')} of ours: ${done}\n`,
  );
}

function printTroubles({ io, globals }: Context, report: ClusterReport): void {
  const { cluster, failures, conflicts, degraded, providers, warnings, leftBehind } = report;
  const tell = (place: string, { message, hint }: z.infer<typeof told>) =>
    printProblem(
      { code: 'internal', message: `${place}: ${message}`, ...(hint === undefined ? {} : { hint }) },
      io,
      globals,
    );
  for (const one of providers) tell(one.registry, one);
  for (const one of degraded) {
    if (!providers.some(({ registry }) => registry === one.registry)) tell(one.registry, one);
  }
  for (const one of failures.first) tell(`${cluster}/${one.namespace}: ${one.object}`, one);
  for (const one of conflicts.first) tell(`${cluster}/${one.namespace}`, one);
  const more = failures.count + conflicts.count - failures.first.length - conflicts.first.length;
  if (more > 0) io.stderr.write(`and ${more} more like these\n`);
  if (globals.quiet) return;
  const style = styleFor(io.stderr, io, globals);
  const warn = (text: string) => io.stderr.write(`${style('yellow', 'warning:')} ${printable(text, 500)}\n`);
  for (const one of leftBehind.first) warn(`${cluster}/${one.namespace}: ${one.message}`);
  for (const text of warnings) warn(text);
}

type Counts = { written: number; healthy: number; failed: number; conflicts: number };

/** 1: nothing could be done; 3: some of it could not; 4: only refused, and nothing changed. */
export function credentialsExitCode(reports: readonly ClusterReport[], lostClusters: number): number {
  const sum: Counts = { written: 0, healthy: 0, failed: lostClusters, conflicts: 0 };
  for (const { written, secrets, failures, degraded, conflicts } of reports) {
    sum.written += Object.values(written).reduce((total, number) => total + number, 0);
    sum.healthy += secrets;
    sum.failed += failures.count + degraded.length;
    sum.conflicts += conflicts.count;
  }
  if (sum.failed > 0) return sum.written === 0 && sum.healthy === 0 ? EXIT.failed : EXIT.partlyFailed;
  if (sum.conflicts === 0) return EXIT.done;
  return sum.written === 0 ? EXIT.refused : EXIT.partlyFailed;
}
