// `transship grants journal`: who did what to grants, when, why, and what proved it; oldest first.
import { printable } from '../../../shared/telemetry/printable.ts';
import type { Context } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { placeText } from '../output/grant-plan.ts';
import { printJsonLine } from '../output/json-lines.ts';
import { printTable } from '../output/table-with-heading.ts';
import type { JournalShape } from '../server/grant-shapes.ts';
import type { ServerOptions } from '../server/open-server.ts';
import { withGrants } from '../with-grants.ts';

export type GrantsJournalOptions = ServerOptions & { after?: number };

const HEADINGS = ['SEQ', 'WHEN', 'WHO', 'EVENT', 'GRANTS', 'WHERE', 'WHAT'];

export async function runGrantsJournal(
  context: Context,
  name: string | undefined,
  options: GrantsJournalOptions,
): Promise<number> {
  const { io, globals, signal } = context;
  const { after } = options;
  const filter = { ...(name === undefined ? {} : { grant: name }), ...(after === undefined ? {} : { after }) };
  return withGrants(
    context,
    options,
    async (desk) => {
      const rows: string[][] = [];
      let lines = 0;
      for await (const line of desk.journal(filter)) {
        signal.throwIfAborted();
        lines += 1;
        if (!globals.json) rows.push(rowOf(line));
        else if (!globals.quiet) printJsonLine(io, { type: 'journal', ...line });
      }
      if (globals.json) printJsonLine(io, { type: 'report', lines });
      else printTable(context, HEADINGS, rows, 'nothing was ever written down');
      return EXIT.done;
    },
    { readsOnly: true },
  );
}

function rowOf({ seq, at, actor, event, grants, target, label, ...rest }: JournalShape): string[] {
  const { op, state, verification, reason, message } = rest;
  const proof = verification === undefined ? undefined : `${verification.answer} by ${verification.method}`;
  const told = [op, label, state, proof, reason, message].filter((text) => text !== undefined);
  return [
    String(seq),
    printable(at),
    printable(actor, 60),
    printable(event),
    printable(grants.join(','), 100),
    target === undefined ? '-' : placeText(target),
    printable(told.join(' '), 300),
  ];
}
