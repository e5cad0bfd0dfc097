// `transship api-token create`: makes a token, and prints its text once.
import { printable } from '../../../shared/telemetry/printable.ts';
import { logs, type Context } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { printJsonLine } from '../output/json-lines.ts';
import { styleFor } from '../output/style.ts';
import { readExpiry } from '../read-expiry.ts';
import { callApi } from '../server/call-api.ts';
import { withServer, type ServerOptions } from '../server/open-server.ts';
import { newTokenView } from '../server/shapes.ts';

export type ApiTokenCreateOptions = ServerOptions & {
  name: string;
  scope: string[];
  rule?: string[];
  registry?: string[];
  expires?: string;
};

export async function runApiTokenCreate(context: Context, options: ApiTokenCreateOptions): Promise<number> {
  const { io, globals } = context;
  const { name, scope, rule, registry, expires } = options;
  const order = {
    name,
    scopes: scope,
    ...(rule === undefined ? {} : { rules: rule }),
    ...(registry === undefined ? {} : { registries: registry }),
    ...(expires === undefined ? {} : { expiresAt: readExpiry(expires).toISOString() }),
  };
  const made = await withServer(
    context,
    options,
    (caller) => callApi(caller, { method: 'POST', path: '/v1/api-tokens', json: order }, newTokenView),
    { makesStore: true },
  );
  if (globals.json) {
    printJsonLine(io, { type: 'report', ...made });
    return EXIT.done;
  }
  // alone on stdout: TOKEN=$(transship api-token create …)
  io.stdout.write(`${made.token}\n`);
  if (!logs(globals, 'warn')) return EXIT.done;
  const style = styleFor(io.stderr, io, globals);
  const life = made.expiresAt === undefined ? 'it never expires' : `it expires at ${printable(made.expiresAt)}`;
  io.stderr.write(`${style('dim', `token ${printable(made.id)}, shown only now; ${life}`)}\n`);
  return EXIT.done;
}
