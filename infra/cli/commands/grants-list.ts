// `transship grants list`: who may pull what, until when, and whether that is so. No registry and no cluster is asked.
import { printable } from '../../../shared/telemetry/printable.ts';
import type { Context } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { ago } from '../output/ago.ts';
import { few } from '../output/grant-plan.ts';
import { stateColour } from '../output/grant-report.ts';
import { printJsonLine } from '../output/json-lines.ts';
import { styleFor, type Style } from '../output/style.ts';
import { printTable } from '../output/table-with-heading.ts';
import type { GrantShape } from '../server/grant-shapes.ts';
import type { ServerOptions } from '../server/open-server.ts';
import { withGrants } from '../with-grants.ts';

export type GrantsListOptions = ServerOptions & { state?: string[] };

const HEADINGS = ['GRANT', 'STATE', 'WHO', 'WHAT', 'UNTIL', 'VERIFIED', 'REASON'];

export async function runGrantsList(context: Context, options: GrantsListOptions): Promise<number> {
  return withGrants(
    context,
    options,
    async (desk) => {
      const all = await desk.list();
      const shown = all.filter(({ state }) => options.state?.includes(state) ?? true);
      print(context, shown);
      return EXIT.done;
    },
    { readsOnly: true },
  );
}

function print(context: Context, grants: readonly GrantShape[]): void {
  const { io, globals } = context;
  if (!globals.json) {
    const style = styleFor(io.stdout, io, globals);
    const rows = grants.map((grant) => rowOf(grant, Date.now(), style));
    return printTable(context, HEADINGS, rows, 'no grants');
  }
  for (const grant of globals.quiet ? [] : grants) printJsonLine(io, { type: 'grant', ...grant });
  const states = Object.fromEntries(
    Map.groupBy(grants, ({ state }) => state)
      .entries()
      .map(([state, found]) => [state, found.length]),
  );
  printJsonLine(io, { type: 'report', grants: grants.length, states });
}

function rowOf(grant: GrantShape, nowMs: number, style: Style): string[] {
  const { name, state, who, pull, until, lastVerified, reason, problem, isDeclared } = grant;
  const what = pull.map(({ registry, namespace, repository }) => `${registry}/${namespace ?? repository ?? ''}`);
  return [
    printable(name),
    style(stateColour(state), printable(state)),
    printable(few(who)),
    printable(few(what)),
    until === undefined ? 'no end' : ago(until, nowMs),
    lastVerified === undefined ? '-' : ago(lastVerified, nowMs),
    printable(problem?.message ?? (isDeclared ? reason : 'no longer declared'), 200),
  ];
}
