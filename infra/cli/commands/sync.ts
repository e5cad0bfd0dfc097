// `transship sync`: runs mirror rules once in this process, shows it, and tells what became of each rule.
import type { CopyReport } from '../../../shared/mirror/copy-types.ts';
import type { PruneReport } from '../../../shared/mirror/prune/prune.ts';
import type { Compared } from '../../../shared/mirror/sweep/compare.ts';
import { syncRules } from '../../../shared/mirror/sweep/sync-rules.ts';
import type { Context } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { loadConfigFor } from '../load-config.ts';
import { openRegistriesOf } from '../open-registries.ts';
import { printSyncProblems, startSyncReporter } from '../output/sync-reporter.ts';
import { printSyncSummary } from '../output/sync-summary.ts';
import { chooseRules, openJournal, sweepDeps } from '../sweep-run.ts';
import { startTally, tallyExitCode } from '../sync-tally.ts';
import { youngGenerationKeeper } from '../young-generation.ts';

export type SyncOptions = { dryRun?: boolean };

export async function runSync(context: Context, names: readonly string[], options: SyncOptions): Promise<number> {
  if (options.dryRun) {
    const { runPlan } = await import('./plan.ts');
    return runPlan(context, names, {});
  }
  const startedAt = performance.now();
  const { config } = await loadConfigFor(context);
  const rules = chooseRules(config.rules, names);
  await using opened = new AsyncDisposableStack();
  const registries = await openRegistriesOf(config.registries, context, (note) => reporter.note(note));
  opened.defer(() => registries.close());
  const store = await openJournal(config, rules, context);
  if (store !== undefined) opened.defer(store.close);
  const reporter = startSyncReporter(context, rules);
  const tally = startTally(rules.map(({ name }) => name));
  // Only what went wrong is told in the end; a million tags that went well are not kept.
  const troubled = { compared: [] as Compared[], reports: [] as CopyReport[], pruned: [] as PruneReport[] };
  const pruned: PruneReport[] = [];
  try {
    await syncRules(rules, {
      ...sweepDeps(registries, context.signal),
      everyDigest: false,
      allRules: config.rules,
      ...(store === undefined ? {} : { journal: store.journal }),
      onEvent: youngGenerationKeeper(reporter.event),
      onCompared(compared) {
        tally.compared(compared);
        if (compared.diff.problems.length > 0) troubled.compared.push(compared);
        reporter.compared(compared);
      },
      onReport(report, rule) {
        tally.reported(report, rule.name);
        if (report.targets.some(({ error }) => error !== undefined)) troubled.reports.push(report);
        reporter.report(report, rule);
      },
      onPruned(report) {
        tally.pruned(report);
        pruned.push(report);
        if (report.problem !== undefined) troubled.pruned.push(report);
        reporter.pruned(report);
      },
    });
  } catch (error) {
    if (!context.signal.aborted) throw error;
  } finally {
    reporter.stop();
  }
  printSyncProblems(context, troubled);
  printSyncSummary(context, tally, pruned, performance.now() - startedAt);
  return context.signal.aborted ? EXIT.interrupted : tallyExitCode(tally.total());
}
