// What became of a request for access, for people: each effect with its state, and why where that needs a word.
import type { AccessEffect, AccessReport } from '../../../functions/access/access-report.ts';
import { printable } from '../../../shared/telemetry/printable.ts';
import type { Context } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { printProblem } from './print-error.ts';
import { styleFor, type Colour } from './style.ts';
import { alignColumns } from './table.ts';

const COLOURS: Readonly<Record<AccessEffect['state'], Colour>> = {
  done: 'green',
  unchanged: 'green',
  planned: 'cyan',
  'not-needed': 'dim',
  failed: 'red',
};

/** Whatever could not be brought about is told by it. */
export function accessExitCode({ effects }: AccessReport): number {
  return effects.some(({ state }) => state === 'failed') ? EXIT.partlyFailed : EXIT.done;
}

export function printAccessReport({ io, globals }: Context, { effects, grant, isStored, until }: AccessReport): void {
  for (const { state, what, where, why = 'it failed', hint } of effects) {
    if (state !== 'failed') continue;
    const message = `${where}: ${what}: ${why}`;
    printProblem({ code: 'internal', message, ...(hint === undefined ? {} : { hint }) }, io, globals);
  }
  if (globals.quiet === true || globals.json === true) return;
  const style = styleFor(io.stdout, io, globals);
  const rows = effects.map(({ effect, what, where, state, why = '' }) => [
    effect,
    printable(what),
    style('dim', printable(where)),
    style(COLOURS[state], state),
    state === 'failed' ? '' : printable(why, 300),
  ]);
  for (const line of alignColumns(rows)) io.stdout.write(`${line.trimEnd()}\n`);
  if (!isStored) return;
  const end = until === undefined ? '' : ` until ${until}`;
  io.stdout.write(`it holds${end}; transship grants revoke ${printable(grant)} ends it\n`);
}
