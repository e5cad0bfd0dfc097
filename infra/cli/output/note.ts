// Things worth telling beside the result: warnings that registries send, and requests that are tried again.
import type { CopyEvent } from '../../../shared/mirror/copy-types.ts';
import { printable } from '../../../shared/telemetry/printable.ts';
import { logs, type Context } from '../context.ts';
import { printJsonLine } from './json-lines.ts';
import { styleFor } from './style.ts';
import { formatDuration } from './units.ts';

export type Note = CopyEvent & { type: 'warning' | 'retry' };

/** The line for people; undefined where the log level leaves it out. */
export function noteLine(note: Note, { io, globals }: Context): string | undefined {
  const style = styleFor(io.stderr, io, globals);
  if (note.type === 'warning') {
    if (!logs(globals, 'warn')) return undefined;
    return `${style('yellow', 'warning:')} ${note.registry}: ${printable(note.message)}`;
  }
  if (!logs(globals, 'info')) return undefined;
  const wait = formatDuration(note.delayMs);
  return `${style('dim', 'retry:')} ${note.registry}: ${note.operation} again in ${wait}: ${printable(note.reason)}`;
}

/** Prints notes as they come, for commands that show no progress. */
export function notePrinter(context: Context): (note: Note) => void {
  const { io, globals } = context;
  return (note) => {
    if (globals.json) {
      if (!globals.quiet) printJsonLine(io, note);
      return;
    }
    const line = noteLine(note, context);
    if (line !== undefined) io.stderr.write(`${line}\n`);
  };
}
