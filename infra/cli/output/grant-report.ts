// The end of a run over grants, for people: what was written and what proves it, and what needs somebody, with what to do.
import { printable } from '../../../shared/telemetry/printable.ts';
import type { Context } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import type { EntryShape, ReportShape } from '../server/grant-shapes.ts';
import { few, placeText } from './grant-plan.ts';
import { printProblem } from './print-error.ts';
import { styleFor, type Colour, type Style } from './style.ts';
import { alignColumns } from './table.ts';

const COLOURS: Readonly<Record<string, Colour>> = {
  Applied: 'green',
  Revoked: 'green',
  Expired: 'green',
  Applying: 'yellow',
  Pending: 'dim',
  Drifted: 'yellow',
  Suspended: 'yellow',
  Unsupported: 'yellow',
  Conflict: 'red',
  Blocked: 'red',
};

const WORDS = { create: 'created', update: 'updated', adopt: 'adopted', delete: 'removed' } as const;

const EXIT_CODES: Readonly<Record<ReportShape['state'], number>> = {
  done: EXIT.done,
  partly: EXIT.partlyFailed,
  failed: EXIT.failed,
  refused: EXIT.refused,
};

export function grantsExitCode({ state }: Pick<ReportShape, 'state'>): number {
  return EXIT_CODES[state];
}

export function printGrantReport(context: Context, report: ReportShape): void {
  const { io, globals } = context;
  const { entries, written, unchanged, alarms, planHash } = report;
  for (const message of alarms) printProblem({ code: 'internal', message }, io, globals);
  for (const { problem, ...entry } of entries.first) {
    if (problem === undefined) continue;
    const message = `${placeText(entry)}: ${entry.label}: ${problem.message}`;
    printProblem(
      { code: 'internal', message, ...(problem.hint === undefined ? {} : { hint: problem.hint }) },
      io,
      globals,
    );
  }
  if (globals.quiet || globals.json) return;
  const style = styleFor(io.stdout, io, globals);
  const rows = entries.first.map((entry) => entryRow(entry, style));
  for (const line of alignColumns(rows)) io.stdout.write(`${line.trimEnd()}\n`);
  const more = entries.count - entries.first.length;
  if (more > 0) io.stdout.write(`and ${more} more like these\n`);
  const kinds = [WORDS.create, WORDS.update, WORDS.adopt, WORDS.delete];
  const counts = [written.create, written.update, written.adopt, written.delete];
  const done = counts.flatMap((number, index) => (number === 0 ? [] : [`${number} ${kinds[index]}`]));
  const told = done.length === 0 ? 'nothing to change' : done.join(', ');
  io.stdout.write(`${told}, ${unchanged} as they should be\nplan ${planHash}\n`);
}

/** Place, object, grants, state, what proves it. */
function entryRow(entry: EntryShape, style: Style): string[] {
  const { label, grants, state, verification, wasInterrupted } = entry;
  const proof = verification === undefined ? '' : `${verification.answer} by ${verification.method}`;
  const note = verification?.note === undefined ? '' : `: ${verification.note}`;
  return [
    style('dim', placeText(entry)),
    printable(label),
    printable(few(grants)),
    style(COLOURS[state] ?? 'dim', state),
    printable(`${proof}${note}${wasInterrupted === true ? ' (a run before was interrupted here)' : ''}`, 300),
  ];
}

export function stateColour(state: string): Colour {
  return COLOURS[state] ?? 'dim';
}
