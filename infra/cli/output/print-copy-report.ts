// Prints the report of a copy: as the last JSON line, or for people with the reasons of failures on stderr.
import type { CopyReport, TargetReport } from '../../../shared/mirror/copy-types.ts';
import type { Context } from '../context.ts';
import { glyphsFor } from './bar.ts';
import { targetSummary } from './copy-summary.ts';
import { printJsonLine } from './json-lines.ts';
import { printProblem } from './print-error.ts';
import { styleFor } from './style.ts';

export function printCopyReport(context: Context, report: CopyReport): void {
  for (const target of report.targets) printTarget(context, target);
  if (context.globals.json) printJsonLine(context.io, { type: 'report', ...report });
}

/** The lines about one target for people. */
function printTarget({ io, globals }: Context, target: TargetReport): void {
  if (!globals.json && !globals.quiet) {
    const style = styleFor(io.stdout, io, globals);
    io.stdout.write(`${targetSummary(target, style, glyphsFor(io.env)).join('\n')}\n`);
  }
  if (target.error !== undefined) printProblem(target.error, io, globals);
}
