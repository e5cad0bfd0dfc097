// `transship receivers url`: the whole address of a receiver, with its token where that is the credential.
import type { Context } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { loadConfigFor } from '../load-config.ts';
import { printJsonLine } from '../output/json-lines.ts';
import { pathTokenFor, receiverOf, receiverUrl } from '../receiver-url.ts';

export type ReceiversUrlOptions = { base?: string };

export async function runReceiversUrl(context: Context, id: string, { base }: ReceiversUrlOptions): Promise<number> {
  const { io, globals } = context;
  const { config } = await loadConfigFor(context);
  const receiver = receiverOf(config, id);
  const token = await pathTokenFor(context, config, receiver);
  const url = receiverUrl(config, receiver, base) + (token === undefined ? '' : `/${token}`);
  if (globals.json) printJsonLine(io, { type: 'report', id, kind: receiver.kind, auth: receiver.auth.mode, url });
  else io.stdout.write(`${url}\n`);
  return EXIT.done;
}
