// `transship api-token revoke`: from now on the token opens nothing.
import * as z from 'zod';
import { printable } from '../../../shared/telemetry/printable.ts';
import type { Context } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { printJsonLine } from '../output/json-lines.ts';
import { callApi } from '../server/call-api.ts';
import { withServer, type ServerOptions } from '../server/open-server.ts';

export async function runApiTokenRevoke(context: Context, id: string, options: ServerOptions): Promise<number> {
  const { io, globals } = context;
  await withServer(context, options, (caller) =>
    callApi(caller, { method: 'DELETE', path: `/v1/api-tokens/${encodeURIComponent(id)}` }, z.unknown()),
  );
  if (globals.json) printJsonLine(io, { type: 'report', id, revoked: true });
  else if (!globals.quiet) io.stdout.write(`${printable(id)}  revoked\n`);
  return EXIT.done;
}
