// `transship receivers list`: the receivers of the configuration.
import type { Context } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { loadConfigFor } from '../load-config.ts';
import { printJsonLine } from '../output/json-lines.ts';
import { printTable } from '../output/table-with-heading.ts';
import { receiverUrl } from '../receiver-url.ts';

export type ReceiversListOptions = { base?: string };

export async function runReceiversList(context: Context, { base }: ReceiversListOptions): Promise<number> {
  const { io, globals } = context;
  const { config } = await loadConfigFor(context);
  const receivers = config.receivers.map((receiver) => {
    const { id, kind, registry, auth } = receiver;
    return { id, kind, registry, auth: auth.mode, url: receiverUrl(config, receiver, base) };
  });
  if (!globals.json) {
    // the token is a secret: only `receivers url` shows it
    const rows = receivers.map(({ id, kind, registry, auth, url }) => [
      id,
      kind,
      registry,
      auth,
      auth === 'path' ? `${url}/…` : url,
    ]);
    printTable(context, ['ID', 'KIND', 'REGISTRY', 'AUTH', 'URL'], rows, 'no receivers');
    return EXIT.done;
  }
  for (const receiver of globals.quiet ? [] : receivers) printJsonLine(io, { type: 'receiver', ...receiver });
  printJsonLine(io, { type: 'report', receivers: receivers.length });
  return EXIT.done;
}
