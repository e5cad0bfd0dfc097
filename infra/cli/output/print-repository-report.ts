// Prints what became of a repository's tags: the failures by name, the rest in numbers.
import type { CopyReport } from '../../../shared/mirror/copy-types.ts';
import type { Context } from '../context.ts';
import type { RepositoryReport } from '../repository-report.ts';
import { glyphsFor } from './bar.ts';
import { targetSummary } from './copy-summary.ts';
import { printJsonLine } from './json-lines.ts';
import { printProblem } from './print-error.ts';
import { styleFor } from './style.ts';

export function printRepositoryReport(
  context: Context,
  summary: RepositoryReport,
  reports: readonly CopyReport[],
): void {
  const { io, globals } = context;
  for (const { error } of reports.flatMap((report) => report.targets)) {
    if (error !== undefined) printProblem(error, io, globals);
  }
  if (globals.json) return printJsonLine(io, { type: 'report', ...summary });
  if (globals.quiet) return;
  const style = styleFor(io.stdout, io, globals);
  const glyphs = glyphsFor(io.env);
  for (const target of summary.targets) {
    const [heading = '', ...facts] = targetSummary(target, style, glyphs);
    const tags = Object.entries(target.tags).map(([state, number]) => `${number} ${state}`);
    io.stdout.write(`${heading}\n${' '.repeat(11)}tags: ${tags.join(', ') || 'none'}\n${facts.join('\n')}\n`);
  }
}
