// Removes a job with its key and history, and counts it; and messages that nobody took.
import { number, s, type Item } from '../dynamo/attributes.ts';
import { unchanged } from '../dynamo/conditions.ts';
import { keyOf } from '../dynamo/key-parts.ts';
import type { StoredJob } from './job-items.ts';
import { JOB_ROW, dedupeKey, jobKey, messageGroups } from './keys.ts';
import type { StoreContext } from './store-context.ts';
import { WORK_INDEX } from './table.ts';
import type { TableAccess } from '../dynamo/table-access.ts';
import { writeSet } from './write-set.ts';

/** Beside job, key and counter there is room for these in a transaction. */
const MAX_PAGES = 90;

/** False: it changed meanwhile and stays. */
export async function removeJob({ table, clock, random }: StoreContext, stored: StoredJob): Promise<boolean> {
  const { job, rev, key } = stored;
  const pages = await table.queryAll({
    KeyConditionExpression: 'pk = :job AND sk < :row',
    ExpressionAttributeValues: { ':job': jobKey(job.id)['pk'] ?? s(''), ':row': s(JOB_ROW) },
    ProjectionExpression: 'pk, sk',
    ConsistentRead: true,
  });
  // the oldest of a very long history go first: the rest and the job go together
  await table.deleteAll(pages.slice(0, -MAX_PAGES));
  const set = writeSet(table.name, clock.now(), random);
  set.remove(jobKey(job.id), unchanged(rev));
  for (const page of pages.slice(-MAX_PAGES)) set.remove(page);
  if (key !== undefined) set.remove(dedupeKey(key));
  set.count(job.state, -1);
  set.count('purged', 1);
  return (await table.commit(set.all())) === undefined;
}

export async function removeMessages(table: TableAccess, before: Date): Promise<void> {
  const old: Item[] = [];
  for (const group of messageGroups()) {
    const messages = await table.queryAll({
      IndexName: WORK_INDEX,
      KeyConditionExpression: 'workGroup = :group',
      ExpressionAttributeValues: { ':group': s(group) },
    });
    for (const item of messages) {
      if (number(item, 'createdAt') < before.getTime()) old.push(keyOf(item));
    }
  }
  await table.deleteAll(old);
}
