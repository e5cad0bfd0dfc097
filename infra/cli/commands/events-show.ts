// `transship events show`: one push, as it was understood.
import { printable } from '../../../shared/telemetry/printable.ts';
import type { Context } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { ago } from '../output/ago.ts';
import { printFacts } from '../output/facts.ts';
import { printJsonLine } from '../output/json-lines.ts';
import { callApi } from '../server/call-api.ts';
import { withServer, type ServerOptions } from '../server/open-server.ts';
import { pushView } from '../server/shapes.ts';
import { fateOf, nameOf } from './events-list.ts';

export async function runEventsShow(context: Context, id: string, options: ServerOptions): Promise<number> {
  const push = await withServer(context, options, (caller) =>
    callApi(caller, { method: 'GET', path: `/v1/events/${encodeURIComponent(id)}` }, pushView),
  );
  const { event, jobIds, receivedAt } = push;
  if (context.globals.json) {
    printJsonLine(context.io, { type: 'report', ...push });
    return EXIT.done;
  }
  const shown = (text: string | null): string | undefined => (text === null ? undefined : printable(text));
  printFacts(context, [
    ['event', printable(push.id)],
    ['received', `${printable(receivedAt)} (${ago(receivedAt, Date.now())})`],
    ['receiver', `${printable(event.receiverId)} (${printable(event.source)})`],
    ['action', printable(event.action)],
    ['of', printable(nameOf(event))],
    ['digest', shown(event.digest)],
    ['by', shown(event.actor)],
    ['happened', shown(event.occurredAt)],
    ['became', printable(fateOf(push))],
    ...jobIds.map((jobId): [string, string] => ['job', printable(jobId)]),
  ]);
  return EXIT.done;
}
