// `transship plan`: what `transship sync` would do, as a table, and its hash; nothing is written.
import { pruneTargets, type PruneReport } from '../../../shared/mirror/prune/prune.ts';
import type { Compared } from '../../../shared/mirror/sweep/compare.ts';
import { planHash } from '../../../shared/mirror/sweep/plan-hash.ts';
import { sweep } from '../../../shared/mirror/sweep/sweep.ts';
import type { Context } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { loadConfigFor } from '../load-config.ts';
import { openRegistriesOf } from '../open-registries.ts';
import { diffRows, pruneRows } from '../output/diff-table.ts';
import { printJsonLine } from '../output/json-lines.ts';
import { notePrinter } from '../output/note.ts';
import { styleFor } from '../output/style.ts';
import { printSyncProblems } from '../output/sync-reporter.ts';
import { alignColumns } from '../output/table.ts';
import { count } from '../output/units.ts';
import { chooseRules, openJournal, sweepDeps } from '../sweep-run.ts';
import { startTally, tallyExitCode } from '../sync-tally.ts';

export type PlanOptions = { detailedExitCode?: boolean };

export async function runPlan(context: Context, names: readonly string[], options: PlanOptions): Promise<number> {
  const { config } = await loadConfigFor(context);
  const rules = chooseRules(config.rules, names);
  await using opened = new AsyncDisposableStack();
  const registries = await openRegistriesOf(config.registries, context, notePrinter(context));
  opened.defer(() => registries.close());
  const pruning = rules.filter(({ prune }) => prune !== 'off');
  const store = pruning.length === 0 ? undefined : await openJournal(config, pruning, context);
  if (store !== undefined) opened.defer(store.close);
  const deps = sweepDeps(registries, context.signal);
  const tally = startTally(rules.map(({ name }) => name));
  const all: Compared[] = [];
  const pruned: PruneReport[] = [];
  await sweep(rules, { ...deps, everyDigest: true }, async (compared) => {
    tally.compared(compared);
    all.push(compared);
    if (store === undefined) return;
    const { session, signal } = deps;
    const reports = await pruneTargets(compared, {
      session,
      journal: store.journal,
      rules: config.rules,
      dryRun: true,
      ...(signal === undefined ? {} : { signal }),
    });
    for (const report of reports) tally.pruned(report);
    pruned.push(...reports);
  });
  all.sort((one, other) => inOrder(one.diff.source, other.diff.source));
  printSyncProblems(context, { compared: all, reports: [], pruned });
  const changes = print(context, all, pruned, tally.total().unchanged);
  const exitCode = tallyExitCode({ ...tally.total(), copied: changes });
  return exitCode === EXIT.done && changes > 0 && options.detailedExitCode ? EXIT.changes : exitCode;
}

/** @returns how many changes there are */
function print(context: Context, all: readonly Compared[], pruned: readonly PruneReport[], unchanged: number): number {
  const { io, globals } = context;
  const diffs = all.map(({ diff }) => diff);
  const applied = pruned.filter(({ rule }) => all.some((one) => one.rule.name === rule && one.rule.prune === 'apply'));
  const hash = planHash(diffs, applied);
  const removals = applied.reduce((sum, { removed }) => sum + removed.length, 0);
  const targets = diffs.flatMap((diff) => diff.changes.flatMap((change) => change.targets)).length;
  const changes = targets + removals;
  if (globals.json) {
    if (!globals.quiet) for (const diff of diffs) printJsonLine(io, { type: 'diff', ...diff });
    printJsonLine(io, { type: 'report', hash, changes, unchanged, pruned });
    return changes;
  }
  if (globals.quiet) return changes;
  const style = styleFor(io.stdout, io, globals);
  const rows = [...diffRows(diffs, style), ...pruneRows(pruned, applied, style)];
  for (const line of alignColumns(rows)) io.stdout.write(`${line}\n`);
  io.stdout.write(`${count(changes, 'change')}, ${unchanged} unchanged\nplan ${hash}\n`);
  return changes;
}

function inOrder(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
