// Shows an error: two lines for people on stderr, the problem for machines on stdout, the stack only when asked for.
import type { Problem } from '../../../shared/mirror/copy-types.ts';
import { printable } from '../../../shared/telemetry/printable.ts';
import type { GlobalOptions } from '../context.ts';
import type { Io } from '../io.ts';
import { configProblemsOf, problemOf } from '../problem.ts';
import { printJsonLine } from './json-lines.ts';
import { styleFor } from './style.ts';

/** Prints what was thrown. */
export function printError(error: unknown, io: Io, globals: GlobalOptions): void {
  const problem = problemOf(error);
  const parts = configProblemsOf(error);
  for (const part of parts.length > 0 ? parts : [{}]) printProblem({ ...problem, ...part }, io, globals);
  if (globals.logLevel === 'debug') io.stderr.write(stackOf(error));
  if (globals.json) printJsonLine(io, { type: 'error', ...problem, ...(parts.length > 0 ? { problems: parts } : {}) });
}

/** Prints a problem for people. */
export function printProblem(problem: Problem, io: Io, globals: Pick<GlobalOptions, 'color'>): void {
  const style = styleFor(io.stderr, io, globals);
  io.stderr.write(`${style('red', 'transship:')} ${oneLine(problem.message)}\n`);
  if (problem.hint) io.stderr.write(`${style('yellow', 'hint:')} ${oneLine(problem.hint)}\n`);
}

/** Messages may quote what a registry sent. */
function oneLine(text: string): string {
  return printable(text, 2000);
}

/** The stack and those of its causes; a cause that is no error may hold anything, and is left out. */
function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return '';
  const cause = stackOf(error.cause);
  return `${error.stack ?? error.message}\n${cause === '' ? '' : `caused by: ${cause}`}`;
}
