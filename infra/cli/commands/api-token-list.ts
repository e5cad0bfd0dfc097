// `transship api-token list`: which tokens there are, never what they are.
import * as z from 'zod';
import { printable } from '../../../shared/telemetry/printable.ts';
import type { Context } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { ago } from '../output/ago.ts';
import { printJsonLine } from '../output/json-lines.ts';
import { printTable } from '../output/table-with-heading.ts';
import { callApi } from '../server/call-api.ts';
import { withServer, type ServerOptions } from '../server/open-server.ts';
import { tokenView, type TokenView } from '../server/shapes.ts';

const tokens = z.object({ items: z.array(tokenView) });

export async function runApiTokenList(context: Context, options: ServerOptions): Promise<number> {
  const { io, globals } = context;
  const { items } = await withServer(context, options, (caller) =>
    callApi(caller, { method: 'GET', path: '/v1/api-tokens' }, tokens),
  );
  if (!globals.json) {
    const headings = ['ID', 'NAME', 'SCOPES', 'CREATED', 'EXPIRES', 'ONLY'];
    printTable(context, headings, items.map(rowOf), 'no tokens');
    return EXIT.done;
  }
  for (const token of globals.quiet ? [] : items) printJsonLine(io, { type: 'api-token', ...token });
  printJsonLine(io, { type: 'report', tokens: items.length });
  return EXIT.done;
}

function rowOf({ id, name, scopes, rules = [], registries = [], createdAt, expiresAt }: TokenView): string[] {
  const nowMs = Date.now();
  return [
    printable(id),
    printable(name),
    printable(scopes.join(',')),
    ago(createdAt, nowMs),
    expiresAt === undefined ? 'never' : ago(expiresAt, nowMs),
    printable([...rules.map((rule) => `rule ${rule}`), ...registries].join(', ')),
  ];
}
