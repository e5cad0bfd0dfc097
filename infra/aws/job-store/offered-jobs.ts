// The jobs that one claim looks at. Most of the time one of the first has a place. Where thousands wait for hosts that have no room, a claim
// looks at some of those behind the first, and the next claim goes on from there, in whatever process: what it reads does not grow with
// what waits, and whoever waits behind a busy host is looked at when his turn comes around. Up to FIRST + FURTHER jobs are all looked at
// each time, in the order of the queue.
//
//   first ones, every time ─▶ from the place where the last claim left off ─▶ at the end of the queue, from behind the first ones
//
import { s, text, type Item } from '../dynamo/attributes.ts';
import type { TableAccess } from '../dynamo/table-access.ts';
import { dueJobs } from './candidates.ts';
import { LAST, placeKey } from './keys.ts';

const FIRST = 100;
const FURTHER = 1000;
/** Of each shard. */
const FURTHER_PAGE = FURTHER / 4;

/** In the order in which they are to be claimed; whoever has enough leaves off. */
export async function* offeredJobs(table: TableAccess, kind: string, now: Date): AsyncGenerator<Item> {
  let first = '';
  let count = 0;
  for await (const item of dueJobs(table, kind, now)) {
    yield item;
    first = text(item, 'workOrder');
    count += 1;
    if (count === FIRST) break;
  }
  if (count === FIRST) yield* further(table, kind, now, first);
}

/** @param first the place of the last of the first ones */
async function* further(table: TableAccess, kind: string, now: Date, first: string): AsyncGenerator<Item> {
  const left = text((await table.get(placeKey(kind))) ?? {}, 'workOrder');
  const ahead = { from: left > first ? left : first, to: LAST };
  const stretches = left > first ? [ahead, { from: first, to: left }] : [ahead];
  let count = 0;
  for (const { from, to } of stretches) {
    for await (const item of dueJobs(table, kind, now, from, FURTHER_PAGE)) {
      const place = text(item, 'workOrder');
      if (place > to) break;
      yield item;
      count += 1;
      if (count < FURTHER) continue;
      await table.putAll([{ ...placeKey(kind), workOrder: s(place) }]);
      return;
    }
  }
  if (left > first) await table.deleteAll([placeKey(kind)]);
}
