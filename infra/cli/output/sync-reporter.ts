// Shows a run over rules while it goes on: JSON lines for machines, a live display on a terminal, a line for each repository elsewhere.
import type { CopyEvent, CopyReport } from '../../../shared/mirror/copy-types.ts';
import type { PruneReport } from '../../../shared/mirror/prune/prune.ts';
import type { MirrorRule } from '../../../shared/mirror/rule.ts';
import type { Compared } from '../../../shared/mirror/sweep/compare.ts';
import type { Context } from '../context.ts';
import { glyphsFor } from './bar.ts';
import { printJsonLine } from './json-lines.ts';
import { startLiveDisplay } from './live-display.ts';
import { noteLine, type Note } from './note.ts';
import { printProblem } from './print-error.ts';
import { progressLines } from './progress-lines.ts';
import { applyEvent, initialProgress } from './progress-state.ts';
import { styleFor } from './style.ts';
import { count } from './units.ts';

export type SyncReporter = {
  compared: (compared: Compared) => void;
  event: (event: CopyEvent, targetRegistry: string) => void;
  note: (note: Note) => void;
  report: (report: CopyReport, rule: MirrorRule) => void;
  pruned: (report: PruneReport) => void;
  /** Ends the display; what is printed afterwards stands alone. */
  stop: () => void;
};

const SILENT: SyncReporter = {
  compared: () => undefined,
  event: () => undefined,
  note: () => undefined,
  report: () => undefined,
  pruned: () => undefined,
  stop: () => undefined,
};

export function startSyncReporter(context: Context, rules: readonly MirrorRule[]): SyncReporter {
  const { io, globals } = context;
  if (globals.json) return globals.quiet ? SILENT : jsonReporter(context);
  if (globals.quiet) return SILENT;
  if (io.stderr.isTTY === true && io.env['TERM'] !== 'dumb') return liveReporter(context, rules);
  return plainReporter(context, rules);
}

function jsonReporter({ io }: Context): SyncReporter {
  return {
    ...SILENT,
    compared: ({ diff }) => {
      const { changes, ...rest } = diff;
      printJsonLine(io, { type: 'compared', ...rest, changes: changes.length });
    },
    note: (note) => printJsonLine(io, note),
    event: (event) => {
      if (event.type === 'warning' || event.type === 'retry') printJsonLine(io, event);
    },
    report: (report, { name }) => printJsonLine(io, { type: 'artifact', rule: name, ...report }),
    pruned: (report) => printJsonLine(io, { type: 'pruned', ...report }),
  };
}

/** Bars for what is on its way, and a line for each registry that is written to. */
function liveReporter(context: Context, rules: readonly MirrorRule[]): SyncReporter {
  const { io, globals } = context;
  const style = styleFor(io.stderr, io, globals);
  const glyphs = glyphsFor(io.env);
  const registries = [...new Set(rules.flatMap(({ to }) => to.map(({ registry }) => registry)))];
  const state = initialProgress(registries, performance.now());
  const display = startLiveDisplay(io, (columns) =>
    progressLines(state, { columns, nowMs: performance.now(), style, glyphs }),
  );
  const log = (line: string | undefined) => {
    if (line !== undefined) display.log(line);
  };
  return {
    ...SILENT,
    event(event, registry) {
      if ('target' in event) applyEvent(state, { ...event, target: registries.indexOf(registry) }, performance.now());
      else if (event.type === 'warning' || event.type === 'retry') log(noteLine(event, context));
    },
    note: (note) => log(noteLine(note, context)),
    stop: () => display.stop(),
  };
}

function plainReporter(context: Context, rules: readonly MirrorRule[]): SyncReporter {
  const { io } = context;
  io.stderr.write(`comparing what ${rules.length === 1 ? `rule ${rules[0]?.name}` : `${rules.length} rules`} select\n`);
  const note = (one: Note) => {
    const line = noteLine(one, context);
    if (line !== undefined) io.stderr.write(`${line}\n`);
  };
  return {
    ...SILENT,
    compared({ diff: { rule, source, selected, changes } }) {
      if (changes.length > 0)
        io.stderr.write(`${rule}: ${source}: ${changes.length} of ${count(selected, 'tag')} to copy\n`);
    },
    event(event) {
      if (event.type === 'warning' || event.type === 'retry') note(event);
    },
    note,
  };
}

/** The problems that stand in the results, for people. */
export function printSyncProblems(
  { io, globals }: Context,
  all: { compared: readonly Compared[]; reports: readonly CopyReport[]; pruned: readonly PruneReport[] },
): void {
  const seen = new Set<string>();
  const problems = [
    ...all.compared.flatMap(({ diff }) => diff.problems.map(({ problem }) => problem)),
    ...all.reports.flatMap(({ targets }) => targets.flatMap(({ error }) => error ?? [])),
    ...all.pruned.flatMap(({ problem }) => problem ?? []),
  ];
  for (const problem of problems) {
    if (seen.has(problem.message)) continue;
    seen.add(problem.message);
    printProblem(problem, io, globals);
  }
}
