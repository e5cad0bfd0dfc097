// Shows a distribution while it goes on: JSON lines for machines, a live line on a terminal, a line for each namespace that was written
// to elsewhere.
import type { NamespaceOutcome } from '../../../shared/credentials/apply-namespace.ts';
import type { Context } from '../context.ts';
import { changeRow, changeView } from './credential-changes.ts';
import { printJsonLine } from './json-lines.ts';
import { startLiveDisplay } from './live-display.ts';
import { noteLine, notePrinter, type Note } from './note.ts';
import { styleFor } from './style.ts';

export type CredentialReporter = {
  note: (note: Note) => void;
  /** A cluster is looked at. */
  begin: (cluster: string) => void;
  /** So many namespaces are gone through. */
  prepared: (namespaces: number) => void;
  outcome: (cluster: string, outcome: NamespaceOutcome) => void;
  /** The cluster is done. */
  end: () => void;
  stop: () => void;
};

export function startCredentialReporter(context: Context): CredentialReporter {
  const { io, globals } = context;
  const isLive = !globals.json && !globals.quiet && io.stderr.isTTY === true && io.env['TERM'] !== 'dumb';
  return isLive ? liveReporter(context) : lineReporter(context);
}

function lineReporter(context: Context): CredentialReporter {
  const { io, globals } = context;
  const style = styleFor(io.stdout, io, globals);
  return {
    note: notePrinter(context),
    begin: () => undefined,
    prepared: () => undefined,
    outcome(_, { written }) {
      if (globals.quiet) return;
      for (const change of written) {
        if (globals.json) printJsonLine(io, { type: 'change', ...changeView(change) });
        else io.stdout.write(`${changeRow(change, style).join('  ')}\n`);
      }
    },
    end: () => undefined,
    stop: () => undefined,
  };
}

function liveReporter(context: Context): CredentialReporter {
  const { io, globals } = context;
  const style = styleFor(io.stderr, io, globals);
  const state = { cluster: '', total: 0, done: 0, writes: 0 };
  const line = () => {
    const place = style('bold', state.cluster);
    if (state.total === 0) return `${place}: looking at what is there …`;
    return `${place}: ${state.done} of ${state.total} namespaces, ${state.writes} writes`;
  };
  let display: ReturnType<typeof startLiveDisplay> | undefined;
  const end = () => {
    display?.stop();
    display = undefined;
  };
  return {
    note(note) {
      const text = noteLine(note, context);
      if (text === undefined) return;
      if (display === undefined) io.stderr.write(`${text}\n`);
      else display.log(text);
    },
    begin(cluster) {
      end();
      Object.assign(state, { cluster, total: 0, done: 0, writes: 0 });
      display = startLiveDisplay(io, () => [line()]);
    },
    prepared(namespaces) {
      state.total = namespaces;
    },
    outcome(_, { written }) {
      state.done += 1;
      state.writes += written.length;
    },
    end,
    stop: end,
  };
}
