// `transship grants revoke`: takes a grant away by hand; that holds until its declaration changes, or somebody resumes it.
import type { Config } from '../../../shared/config/config.ts';
import { printable } from '../../../shared/telemetry/printable.ts';
import { askOrRefuse } from '../ask.ts';
import { logs, type Context } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { styleFor } from '../output/style.ts';
import { formatDuration } from '../output/units.ts';
import type { EntryShape } from '../server/grant-shapes.ts';
import type { ServerOptions } from '../server/open-server.ts';
import { withGrants } from '../with-grants.ts';
import { show } from './grants-apply.ts';

export type GrantsRevokeOptions = ServerOptions & { yes?: boolean; reason?: string };

/** https://learn.microsoft.com/azure/container-registry/container-registry-authentication: what it issues lives on. */
const ACR_TOKEN_MS = 75 * 60_000;

export async function runGrantsRevoke(context: Context, name: string, options: GrantsRevokeOptions): Promise<number> {
  const { yes, reason } = options;
  const question = askOrRefuse(context, { isAnswered: yes === true, command: 'grants revoke' });
  return withGrants(context, options, async (desk, config) => {
    if (question !== undefined && !(await question(`revoke the grant ${printable(name)}?`))) {
      context.io.stderr.write('nothing was changed\n');
      return EXIT.done;
    }
    const report = await desk.revoke(name, reason);
    const notes = notesAfter(report.entries.first, config);
    const exitCode = show(context, report, { notes });
    tell(context, notes);
    return exitCode;
  });
}

/** What a revoke does not reach. */
export function notesAfter(entries: readonly EntryShape[], config: Config | undefined): string[] {
  const backends = new Set(entries.map(({ backend }) => backend));
  const ownMs = backends.has('kubernetes') ? (config?.tokenEndpoint?.lifeMs ?? 0) : 0;
  const livesMs = Math.max(ownMs, backends.has('acr') ? ACR_TOKEN_MS : 0);
  return [
    'images that nodes have pulled already stay on them, and new Pods there may start from them without asking a registry',
    livesMs > 0
      ? `tokens that were issued before live on for up to ${formatDuration(livesMs)}`
      : 'a token that a registry has issued before is good until it ends, at the longest',
  ];
}

function tell({ io, globals }: Context, notes: readonly string[]): void {
  if (globals.json || !logs(globals, 'warn')) return;
  const style = styleFor(io.stderr, io, globals);
  for (const note of notes) io.stderr.write(`${style('yellow', 'note:')} ${note}\n`);
}
