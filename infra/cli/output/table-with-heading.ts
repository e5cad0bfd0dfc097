// Rows under a line of headings, for people.
import type { Context } from '../context.ts';
import { styleFor } from './style.ts';
import { alignColumns } from './table.ts';

/** Prints the rows; without any, what there is none of. */
export function printTable(
  { io, globals }: Context,
  headings: readonly string[],
  rows: readonly (readonly string[])[],
  none: string,
): void {
  if (globals.quiet) return;
  const style = styleFor(io.stdout, io, globals);
  const [first = '', ...others] = alignColumns([headings, ...rows]).map((line) => line.trimEnd());
  const lines = rows.length === 0 ? [style('dim', none)] : [style('dim', first), ...others];
  io.stdout.write(`${lines.join('\n')}\n`);
}
