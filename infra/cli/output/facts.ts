// Names and values, one pair a line, for people.
import type { Context } from '../context.ts';
import { styleFor } from './style.ts';
import { alignColumns } from './table.ts';

/** Prints the pairs that have a value. */
export function printFacts({ io, globals }: Context, facts: readonly (readonly [string, string | undefined])[]): void {
  if (globals.quiet) return;
  const style = styleFor(io.stdout, io, globals);
  const known = facts.flatMap(([name, value]) => (value === undefined ? [] : [[style('dim', name), value]]));
  io.stdout.write(`${alignColumns(known).join('\n')}\n`);
}
