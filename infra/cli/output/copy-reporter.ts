// Shows a copy while it runs: JSON lines for machines, a live display on a terminal, plain lines elsewhere, nothing if asked to be quiet.
import type { CopyEvent } from '../../../shared/mirror/copy-types.ts';
import type { Context } from '../context.ts';
import { glyphsFor } from './bar.ts';
import { printJsonLine } from './json-lines.ts';
import { startLiveDisplay } from './live-display.ts';
import { noteLine } from './note.ts';
import { progressLines } from './progress-lines.ts';
import { applyEvent, initialProgress } from './progress-state.ts';
import { styleFor } from './style.ts';

export type CopyReporter = {
  onEvent: (event: CopyEvent) => void;
  /** Ends the display; what is printed afterwards stands alone. */
  stop: () => void;
};

export type CopyNames = { source: string; targets: readonly string[] };

const JSON_PROGRESS_MS = 250;

/** Chooses how to show a copy by the options and the terminal. */
export function startCopyReporter(context: Context, names: CopyNames): CopyReporter {
  const { io, globals } = context;
  if (globals.json) return globals.quiet ? silent() : jsonReporter(context);
  if (globals.quiet) return silent();
  if (io.stderr.isTTY === true && io.env['TERM'] !== 'dumb') return liveReporter(context, names);
  return plainReporter(context, names);
}

function silent(): CopyReporter {
  return { onEvent: () => undefined, stop: () => undefined };
}

/** Every event as it is; of a blob's progress, four a second. */
function jsonReporter({ io }: Context): CopyReporter {
  const shownAt = new Map<string, number>();
  return {
    onEvent(event) {
      if (event.type === 'blob') {
        const key = `${event.target} ${event.digest}`;
        const now = performance.now();
        if (event.state === 'progress' && now - (shownAt.get(key) ?? -Infinity) < JSON_PROGRESS_MS) return;
        if (event.state === 'progress') shownAt.set(key, now);
        else shownAt.delete(key);
      }
      printJsonLine(io, event);
    },
    stop: () => undefined,
  };
}

function liveReporter(context: Context, { targets }: CopyNames): CopyReporter {
  const { io, globals } = context;
  const style = styleFor(io.stderr, io, globals);
  const glyphs = glyphsFor(io.env);
  const state = initialProgress(targets, performance.now());
  const display = startLiveDisplay(io, (columns) =>
    progressLines(state, { columns, nowMs: performance.now(), style, glyphs }),
  );
  return {
    onEvent(event) {
      applyEvent(state, event, performance.now());
      const line = lineFor(event, context);
      if (line !== undefined) display.log(line);
    },
    stop: () => display.stop(),
  };
}

function plainReporter(context: Context, { source, targets }: CopyNames): CopyReporter {
  const { io } = context;
  const several = targets.length > 1 ? `${targets.length} targets` : (targets[0] ?? '');
  io.stderr.write(`copying ${source} to ${several}\n`);
  return {
    onEvent(event) {
      const line = lineFor(event, context);
      if (line !== undefined) io.stderr.write(`${line}\n`);
    },
    stop: () => undefined,
  };
}

function lineFor(event: CopyEvent, context: Context): string | undefined {
  return event.type === 'warning' || event.type === 'retry' ? noteLine(event, context) : undefined;
}
