// `transship credentials list`: what each cluster holds, until when, and what is not as it should be. No server is asked, and no provider.
import { configWithAccess } from '../config-with-access.ts';
import type { Context } from '../context.ts';
import { credentialRows, type CredentialRow, type CredentialState } from '../credential-rows.ts';
import { scopeOf, type ScopeOptions } from '../credentials-scope.ts';
import { EXIT } from '../exit-codes.ts';
import { loadConfigFor } from '../load-config.ts';
import { openConnections } from '../open-connections.ts';
import { ago } from '../output/ago.ts';
import { printJsonLine } from '../output/json-lines.ts';
import { notePrinter } from '../output/note.ts';
import { printError } from '../output/print-error.ts';
import { styleFor, type Colour, type Style } from '../output/style.ts';
import { printTable } from '../output/table-with-heading.ts';
import { formatDuration } from '../output/units.ts';

export type CredentialsListOptions = ScopeOptions & { state?: CredentialState[] };

/** Of what could not be read, in words. */
const MOST_TOLD = 10;

const COLOURS: Readonly<Record<CredentialState, Colour>> = {
  ok: 'green',
  due: 'cyan',
  expiring: 'yellow',
  expired: 'red',
  missing: 'red',
  conflict: 'red',
  'left-behind': 'dim',
};

export async function runCredentialsList(context: Context, options: CredentialsListOptions): Promise<number> {
  const { io, globals, signal } = context;
  const config = await configWithAccess(context, (await loadConfigFor(context)).config);
  const scope = scopeOf(config, options);
  await using opened = new AsyncDisposableStack();
  const connections = await openConnections(config, context, notePrinter(context));
  opened.defer(() => connections.close());
  const rows: CredentialRow[] = [];
  let lost = 0;
  let unread = 0;
  for (const name of scope.clusters) {
    try {
      const cluster = await connections.clusters.get(name);
      const found = await credentialRows(cluster, config, scope.namespace, signal);
      rows.push(...found.rows);
      unread += found.failures.length;
      for (const failure of found.failures.slice(0, MOST_TOLD)) printError(failure, io, { ...globals, json: false });
    } catch (error) {
      signal.throwIfAborted();
      if (scope.clusters.length === 1) throw error;
      lost += 1;
      printError(error, io, { ...globals, json: false });
    }
  }
  print(
    context,
    rows.filter(
      ({ rule, state }) =>
        (scope.rule === undefined || rule === scope.rule) && (options.state?.includes(state) ?? true),
    ),
    lost,
  );
  if (lost === 0) return unread === 0 ? EXIT.done : EXIT.partlyFailed;
  return lost === scope.clusters.length ? EXIT.failed : EXIT.partlyFailed;
}

function print(context: Context, rows: readonly CredentialRow[], lost: number): void {
  const { io, globals } = context;
  const now = new Date();
  if (globals.json) {
    if (!globals.quiet) for (const row of rows) printJsonLine(io, { type: 'credential', ...row });
    const states = Object.fromEntries(
      Map.groupBy(rows, ({ state }) => state)
        .entries()
        .map(([state, found]) => [state, found.length]),
    );
    printJsonLine(io, { type: 'report', credentials: rows.length, states, unreachableClusters: lost });
    return;
  }
  const style = styleFor(io.stdout, io, globals);
  const headings = ['CLUSTER', 'NAMESPACE', 'RULE', 'SECRET', 'HOSTS', 'STATE', 'LEFT', 'REFRESH'];
  const cells = rows.map((row) => cellsOf(row, now, style));
  printTable(context, headings, cells, 'no pull credentials');
}

function cellsOf(row: CredentialRow, now: Date, style: Style): string[] {
  const { cluster, namespace, rule, secret, registry, hosts, state, expiresAt, refreshAt, message } = row;
  const left = expiresAt === undefined ? '-' : formatDuration(Math.max(0, expiresAt.getTime() - now.getTime()));
  const refresh = refreshAt === undefined ? '-' : ago(refreshAt.toISOString(), now.getTime());
  const shown = hosts.length === 0 ? (registry ?? '-') : hosts.join(',');
  return [cluster, namespace, rule, secret, shown, style(COLOURS[state], state), left, message ?? refresh];
}
