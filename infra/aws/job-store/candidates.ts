// Finds work by the index of work: several shards read side by side and told in one order. What it finds may be out of date; whoever acts
// on it reads the job itself.
import type { JobState } from '../../../shared/jobs/job.ts';
import { s, text, type Item } from '../dynamo/attributes.ts';
import { allOf, merged } from '../dynamo/lanes.ts';
import { leasedGroups, placeOf, readyGroups, stateGroups } from './keys.ts';
import { STATE_INDEX, WORK_INDEX } from './table.ts';
import type { TableAccess } from '../dynamo/table-access.ts';

/** Most of the time the first ones have a free place. */
const FIRST_PAGE = 25;
/** Whoever keeps house takes so many at a time, and no shard has all of them. */
const LANE_PAGE = 100;

/**
 * The jobs of a kind that are due, by priority, time and age.
 * @param behind a place in that order; @param page how many of a shard are read at once
 */
export function dueJobs(
  table: TableAccess,
  kind: string,
  now: Date,
  behind = '0',
  page = FIRST_PAGE,
): AsyncGenerator<Item> {
  return merged(
    readyGroups(kind).map((group) => dueIn(table, group, now, behind, page)),
    'workOrder',
  );
}

/** What is in the groups up to a place, in order. */
export function upTo(table: TableAccess, groups: readonly string[], last: string): AsyncGenerator<Item> {
  const lanes = groups.map((group) =>
    allOf(table, {
      IndexName: WORK_INDEX,
      KeyConditionExpression: 'workGroup = :group AND workOrder < :last',
      ExpressionAttributeValues: { ':group': s(group), ':last': s(last) },
      Limit: LANE_PAGE,
    }),
  );
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
async function* dueIn(
  table: TableAccess,
  group: string,
  now: Date,
  behind: string,
  page: number,
): AsyncGenerator<Item> {
  let from = behind;
  let limit = page;
  for (;;) {
    const { items, last } = await table.query({
      IndexName: WORK_INDEX,
      KeyConditionExpression: 'workGroup = :group AND workOrder > :from',
      ExpressionAttributeValues: { ':group': s(group), ':from': s(from) },
      Limit: limit,
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
    limit = skipTo === '' ? page : FIRST_PAGE;
    if (from < skipTo) from = skipTo;
  }
}

/** The jobs in a state, oldest first. */
export async function* inState(table: TableAccess, state: JobState): AsyncGenerator<Item> {
  const lanes = stateGroups(state).map((group) =>
    allOf(table, {
      IndexName: STATE_INDEX,
      KeyConditionExpression: 'stateGroup = :group',
      ExpressionAttributeValues: { ':group': s(group) },
    }),
  );
  yield* merged(lanes, 'age');
}
