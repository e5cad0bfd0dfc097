// `transship credentials plan`: what a refresh would do, as a table; nothing is written, at no cluster and at no provider.
import type { CredentialChange } from '../../../shared/credentials/credential-change.ts';
import type { Config } from '../../../shared/config/config.ts';
import { configWithAccess } from '../config-with-access.ts';
import type { Context } from '../context.ts';
import { credentialsRun } from '../credentials-run.ts';
import { scopeOf, type CredentialsScope, type ScopeOptions } from '../credentials-scope.ts';
import { EXIT } from '../exit-codes.ts';
import { loadConfigFor } from '../load-config.ts';
import { openConnections } from '../open-connections.ts';
import { changeRow, changeView } from '../output/credential-changes.ts';
import { printJsonLine } from '../output/json-lines.ts';
import { notePrinter } from '../output/note.ts';
import { printError } from '../output/print-error.ts';
import { styleFor } from '../output/style.ts';
import { alignColumns } from '../output/table.ts';
import { count } from '../output/units.ts';

export type CredentialsPlanOptions = ScopeOptions & { force?: boolean; detailedExitCode?: boolean };

/** Of what could not be read, in words. */
const MOST_TOLD = 10;

const TOLD = ['conflict', 'degraded', 'left-behind'];

type Planned = {
  changes: CredentialChange[];
  namespaces: number;
  /** Clusters of which nothing is known. */
  lost: number;
  /** Namespaces that could not be read. */
  unread: number;
};

export async function runCredentialsPlan(context: Context, options: CredentialsPlanOptions): Promise<number> {
  const config = await configWithAccess(context, (await loadConfigFor(context)).config);
  const planned = await plan(context, config, scopeOf(config, options), options.force === true);
  const { changes, lost } = planned;
  print(context, planned);
  const writes = changes.filter(({ kind }) => !TOLD.includes(kind)).length;
  const degraded = changes.filter(({ kind }) => kind === 'degraded').length;
  if (lost > 0 && planned.namespaces === 0) return EXIT.failed;
  if (lost + planned.unread + degraded > 0) return EXIT.partlyFailed;
  if (changes.some(({ kind }) => kind === 'conflict')) return EXIT.refused;
  return writes > 0 && options.detailedExitCode === true ? EXIT.changes : EXIT.done;
}

async function plan(context: Context, config: Config, scope: CredentialsScope, isForced: boolean): Promise<Planned> {
  const { io, globals } = context;
  await using opened = new AsyncDisposableStack();
  const connections = await openConnections(config, context, notePrinter(context));
  opened.defer(() => connections.close());
  const prepare = credentialsRun(config, connections, scope, { isForced, isDry: true }, context);
  const planned: Planned = { changes: [], namespaces: 0, lost: 0, unread: 0 };
  for (const name of scope.clusters) {
    try {
      const { run } = await prepare(name);
      planned.namespaces += run.namespaces.length;
      const read = run.namespaces.filter((namespace) => !run.unread.has(namespace.name));
      planned.changes.push(...read.flatMap((namespace) => run.plan(namespace)));
      planned.unread += run.unread.size;
      for (const failure of [...run.unread.values()].slice(0, MOST_TOLD))
        printError(failure, io, { ...globals, json: false });
    } catch (error) {
      context.signal.throwIfAborted();
      if (scope.clusters.length === 1) throw error;
      planned.lost += 1;
      printError(error, io, { ...globals, json: false });
    }
  }
  return planned;
}

function print({ io, globals }: Context, { changes, namespaces, lost }: Planned): void {
  const writes = changes.filter(({ kind }) => !TOLD.includes(kind)).length;
  const conflicts = changes.filter(({ kind }) => kind === 'conflict').length;
  if (globals.json) {
    if (!globals.quiet) for (const change of changes) printJsonLine(io, { type: 'change', ...changeView(change) });
    printJsonLine(io, { type: 'report', namespaces, changes: writes, conflicts, unreachableClusters: lost });
    return;
  }
  if (globals.quiet) return;
  const style = styleFor(io.stdout, io, globals);
  for (const line of alignColumns(changes.map((change) => changeRow(change, style)))) io.stdout.write(`${line}\n`);
  const hints = new Set(
    changes.flatMap((change) => ('hint' in change && change.hint !== undefined ? [change.hint] : [])),
  );
  for (const hint of hints) io.stdout.write(`${style('yellow', 'hint:')} ${hint}\n`);
  io.stdout.write(
    `${count(writes, 'change')} in ${count(namespaces, 'namespace')}${conflicts === 0 ? '' : `, ${count(conflicts, 'conflict')}`}\n`,
  );
}
