// `transship grants import`: grants that say what others made by hand, as YAML for a file of the configuration.
import { auditGrants, type GrantsAudit } from '../../../functions/audit-grants.ts';
import { registryNames } from '../../../functions/registry-names.ts';
import type { Config } from '../../../shared/config/config.ts';
import { importGrants } from '../../../shared/grants/import-grants.ts';
import { printable } from '../../../shared/telemetry/printable.ts';
import type { Context } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { loadConfigFor } from '../load-config.ts';
import { openConnections } from '../open-connections.ts';
import { grantsYaml } from '../output/imported-grants.ts';
import { printJsonLine } from '../output/json-lines.ts';
import { notePrinter } from '../output/note.ts';
import { styleFor } from '../output/style.ts';

export type GrantsImportOptions = { cluster?: string; registry?: string[]; adopt?: boolean };

export async function runGrantsImport(context: Context, options: GrantsImportOptions): Promise<number> {
  const { io, globals } = context;
  const { config } = await loadConfigFor(context);
  const audit = await look(context, config, options);
  const registries = options.registry?.map((name) => registryNames(name, config)[0]);
  const found = importGrants(audit.findings, {
    adopt: options.adopt === true,
    declared: config.grants,
    now: new Date(),
    ...(registries === undefined ? {} : { registries }),
  });
  const yaml = grantsYaml(found);
  if (globals.json) {
    const grants = found.imported.map(({ grant }) => grant.id);
    printJsonLine(io, { type: 'report', grants, known: found.known.map(({ grant }) => grant), yaml });
  } else io.stdout.write(yaml);
  const style = styleFor(io.stderr, io, globals);
  for (const { error } of audit.unread) {
    io.stderr.write(`${style('red', 'error:')} ${printable(error.message, 500)}\n`);
    if (error.hint !== undefined) io.stderr.write(`${style('yellow', 'hint:')} ${printable(error.hint, 500)}\n`);
  }
  if (audit.unread.length === 0) return EXIT.done;
  return audit.unread.length === audit.sites ? EXIT.failed : EXIT.partlyFailed;
}

/** What is ours is told by its marks: no store is opened. */
async function look(
  context: Context,
  config: Config,
  { cluster, registry }: GrantsImportOptions,
): Promise<GrantsAudit> {
  await using opened = new AsyncDisposableStack();
  const connections = await openConnections(config, context, notePrinter(context));
  opened.defer(() => connections.close());
  const state = { grants: new Map(), entries: new Map() };
  const means = { backendFor: connections.grantBackends, state };
  const [only, ...others] = registry ?? [];
  const scope = { cluster, registry: others.length === 0 ? only : undefined };
  return await auditGrants(config, means, { ...scope, signal: context.signal });
}
