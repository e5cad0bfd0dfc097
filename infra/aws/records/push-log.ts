// The record of received pushes on DynamoDB. It shares no transaction with the jobs: each is durable by itself before its sender is
// answered, and what one of them lacks the sender brings again. The list is found by indexes, which lag by a moment.
import type { PushLog, PushRecord } from '../../../shared/events/push-log.ts';
import { systemClock, type Clock } from '../../../shared/jobs/clock.ts';
import { ageOrder, isAge, type AgeOrder } from '../dynamo/age-order.ts';
import { s, text, type Item } from '../dynamo/attributes.ts';
import { keyOf, timeKey } from '../dynamo/key-parts.ts';
import { allOf, merged, newestOf } from '../dynamo/lanes.ts';
import { jobsByKey } from '../job-store/jobs-by-key.ts';
import { pushGroups, pushKey } from './keys.ts';
import { openKeys, pushItem, pushRecord } from './push-items.ts';
import { recordTable, type RecordTableOptions } from './record-table.ts';
import { LIST_INDEX, RECEIVER_INDEX } from './table.ts';

export type AwsPushLogOptions = RecordTableOptions & {
  /** The table of the jobs that pushes ask for. */
  jobsTableName: string;
  clock?: Clock;
  /** The ages that this process gives; absent: by its clock. */
  order?: AgeOrder;
};

const PURGE_PAGE = 100;

export function awsPushLog(options: AwsPushLogOptions): PushLog {
  const table = recordTable(options);
  const jobs = recordTable({ ...options, tableName: options.jobsTableName });
  const order = options.order ?? ageOrder(options.clock ?? systemClock);

  async function recordsOf(items: readonly Item[]): Promise<PushRecord[]> {
    const found = await jobsByKey(jobs, items.flatMap(openKeys));
    return items.map((item) => pushRecord(item, found));
  }

  return {
    async record(pushes) {
      // jobs that are there before their push are those of an earlier one
      const known = await jobsByKey(
        jobs,
        pushes.flatMap(({ jobKeys }) => jobKeys),
      );
      await table.putAll(pushes.map((push) => pushItem(push, known, order())));
    },
    async get(id) {
      const item = await table.get(pushKey(id));
      const [record] = item === undefined ? [] : await recordsOf([item]);
      return record;
    },
    async list({ receiverId, relevant }, limit, cursor = '~') {
      if (cursor !== '~' && !isAge(cursor)) return { pushes: [], next: undefined };
      const lanes = await Promise.all(
        pushGroups(relevant, receiverId).map((group) => newestOf(table, ofGroup(group, receiverId, cursor), limit + 1)),
      );
      const found = lanes.flat().sort((one, other) => (text(one, 'listOrder') > text(other, 'listOrder') ? -1 : 1));
      const page = found.slice(0, limit);
      const whole = new Map((await table.getAll(page.map(keyOf))).map((item) => [text(item, 'pk'), item]));
      const items = page.map((item) => whole.get(text(item, 'pk'))).filter((item) => item !== undefined);
      const last = page.at(-1);
      const next = found.length > limit && last !== undefined ? text(last, 'listOrder') : undefined;
      return { pushes: await recordsOf(items), next };
    },
    async purge(before, limit) {
      const lanes = pushGroups(undefined).map((group) =>
        allOf(table, { ...ofGroup(group, undefined, timeKey(before)), Limit: PURGE_PAGE }),
      );
      const old: Item[] = [];
      for await (const item of merged(lanes, 'listOrder')) {
        if (old.length === limit) break;
        old.push(keyOf(item));
      }
      await table.deleteAll(old);
      return old.length;
    },
  };
}

function ofGroup(group: string, receiverId: string | undefined, before: string) {
  return {
    IndexName: receiverId === undefined ? LIST_INDEX : RECEIVER_INDEX,
    KeyConditionExpression: `${receiverId === undefined ? 'listGroup' : 'receiverGroup'} = :group AND listOrder < :before`,
    ExpressionAttributeValues: { ':group': s(group), ':before': s(before) },
  };
}
