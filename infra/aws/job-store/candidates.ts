// Finds work by the index of work: several shards read side by side and told in one order. What it finds may be out of date; whoever acts
// on it reads the job itself.
import type { JobState } from '../../../shared/jobs/job.ts';
import { s, text, type Item } from '../dynamo/attributes.ts';
import { leasedGroups, placeOf, readyGroups, stateGroups } from './keys.ts';
import { STATE_INDEX, WORK_INDEX } from './table.ts';
import type { TableAccess } from '../dynamo/table-access.ts';

const PAGE = 25;

/** The jobs of a kind that are due, by priority, time and age. */
export function dueJobs(table: TableAccess, kind: string, now: Date): AsyncGenerator<Item> {
  return merged(
    readyGroups(kind).map((group) => dueIn(table, group, now)),
    'workOrder',
  );
}

/** What is in the groups up to a place, in order. */
export function upTo(table: TableAccess, groups: readonly string[], last: string): AsyncGenerator<Item> {
  const within = 'workGroup = :group AND workOrder < :last';
  const lanes = groups.map((group) => allOf(table, WORK_INDEX, within, { ':group': s(group), ':last': s(last) }));
  return merged(lanes, 'workOrder');
}

/** Every job that runs, as far as the index knows. */
export async function runningJobs(table: TableAccess): Promise<Item[]> {
  const groups = await Promise.all(
    leasedGroups().map((group) =>
      table.queryAll({
        IndexName: WORK_INDEX,
        KeyConditionExpression: 'workGroup = :group',
        ExpressionAttributeValues: { ':group': s(group) },
      }),
    ),
  );
  return groups.flat();
}

/** Reads over those of a priority whose time has not come. */
async function* dueIn(table: TableAccess, group: string, now: Date): AsyncGenerator<Item> {
  let from = '0';
  for (;;) {
    const { items, last } = await table.query({
      IndexName: WORK_INDEX,
      KeyConditionExpression: 'workGroup = :group AND workOrder > :from',
      ExpressionAttributeValues: { ':group': s(group), ':from': s(from) },
      Limit: PAGE,
    });
    let skipTo = '';
    for (const item of items) {
      from = text(item, 'workOrder');
      if (from < skipTo) continue;
      const { runAtMs, behindPriority } = placeOf(from);
      if (runAtMs <= now.getTime()) yield item;
      else skipTo = behindPriority;
    }
    if (last === undefined) return;
    if (from < skipTo) from = skipTo;
  }
}

async function* allOf(
  table: TableAccess,
  IndexName: string,
  KeyConditionExpression: string,
  ExpressionAttributeValues: Item,
): AsyncGenerator<Item> {
  const query = { IndexName, KeyConditionExpression, ExpressionAttributeValues };
  let start: Item | undefined;
  do {
    const page = await table.query({ ...query, ...(start === undefined ? {} : { ExclusiveStartKey: start }) });
    yield* page.items;
    start = page.last;
  } while (start !== undefined);
}

async function* merged(lanes: readonly AsyncGenerator<Item>[], by: 'workOrder' | 'age'): AsyncGenerator<Item> {
  const started = await Promise.all(lanes.map(async (lane) => ({ lane, head: await lane.next() })));
  for (;;) {
    let first: { lane: AsyncGenerator<Item>; item: Item; order: string } | undefined;
    for (const { lane, head } of started) {
      if (head.done === true) continue;
      const order = text(head.value, by);
      if (first === undefined || order < first.order) first = { lane, item: head.value, order };
    }
    if (first === undefined) return;
    const { lane, item } = first;
    yield item;
    const taken = started.find((one) => one.lane === lane);
    if (taken !== undefined) taken.head = await lane.next();
  }
}

/** The jobs in a state, oldest first. */
export async function* inState(table: TableAccess, state: JobState): AsyncGenerator<Item> {
  yield* merged(
    stateGroups(state).map((group) => allOf(table, STATE_INDEX, 'stateGroup = :group', { ':group': s(group) })),
    'age',
  );
}
