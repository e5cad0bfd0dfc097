// `transship events list`: the pushes that came, newest first, and what became of each.
import { printable } from '../../../shared/telemetry/printable.ts';
import type { Context } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { ago } from '../output/ago.ts';
import { printJsonLine } from '../output/json-lines.ts';
import { printMore } from '../output/more.ts';
import { printTable } from '../output/table-with-heading.ts';
import { count } from '../output/units.ts';
import { listApi } from '../server/call-api.ts';
import { withServer, type ServerOptions } from '../server/open-server.ts';
import { pushView, type PushView } from '../server/shapes.ts';

export type EventsListOptions = ServerOptions & { receiver?: string; relevant?: boolean; limit: number };

export async function runEventsList(context: Context, options: EventsListOptions): Promise<number> {
  const { io, globals } = context;
  const { receiver, relevant, limit } = options;
  const query = { receiver, relevant: relevant === true ? 'true' : undefined };
  const { items, hasMore } = await withServer(context, options, (caller) =>
    listApi(caller, '/v1/events', query, limit, pushView),
  );
  if (!globals.json) {
    const rows = items.map((push) => rowOf(push, Date.now()));
    printTable(context, ['ID', 'RECEIVED', 'RECEIVER', 'ACTION', 'OF', 'BECAME'], rows, 'no pushes');
    printMore(context, hasMore);
    return EXIT.done;
  }
  for (const push of globals.quiet ? [] : items) printJsonLine(io, { type: 'event', ...push });
  printJsonLine(io, { type: 'report', events: items.length, more: hasMore });
  return EXIT.done;
}

function rowOf(push: PushView, nowMs: number): string[] {
  const { id, receivedAt, event } = push;
  return [
    printable(id),
    ago(receivedAt, nowMs),
    printable(event.receiverId),
    printable(event.action),
    printable(nameOf(event)),
    printable(fateOf(push)),
  ];
}

/** `registry/repository:tag` as far as it is known. */
export function nameOf({ registry, repository, tag, digest }: PushView['event']): string {
  if (repository === null) return registry;
  const selector = tag === null ? (digest === null ? '' : `@${digest}`) : `:${tag}`;
  return `${registry}/${repository}${selector}`;
}

/** What became of it, or why nothing did. */
export function fateOf({ event, jobIds, isRepeated }: PushView): string {
  if (event.reason !== null) return `ignored: ${event.reason}`;
  if (jobIds.length === 0) return 'ignored: no rule takes it';
  return `${count(jobIds.length, 'job')}${isRepeated ? ' (came again)' : ''}`;
}
