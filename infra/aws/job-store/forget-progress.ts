// Removes old progress from the history of a job that tells very much. Now and then, in gulps: it is cheap, and only jobs that run long
// have so many lines.
import { MAX_PROGRESS_LINES } from '../../../shared/jobs/new-job.ts';
import { s, type Item } from '../dynamo/attributes.ts';
import { PRESENT } from '../dynamo/conditions.ts';
import { keyOf } from '../dynamo/key-parts.ts';
import { linesOf, linesText, type StoredJob } from './job-items.ts';
import { jobKey, pageRow } from './keys.ts';
import type { TableAccess } from '../dynamo/table-access.ts';

const EVERY_LINES = 100;

/** Called after each write of a job. */
export async function forgetProgress(
  table: TableAccess,
  before: StoredJob,
  { job, pagedTo }: StoredJob,
): Promise<void> {
  const isTime = Math.floor(pagedTo / EVERY_LINES) > Math.floor(before.pagedTo / EVERY_LINES);
  if (!isTime || pagedTo <= MAX_PROGRESS_LINES) return;
  const pages = await table.queryAll({
    KeyConditionExpression: 'pk = :job AND sk BETWEEN :first AND :last',
    ExpressionAttributeValues: {
      ':job': jobKey(job.id)['pk'] ?? s(''),
      ':first': s(pageRow(0)),
      ':last': s(pageRow(pagedTo - MAX_PROGRESS_LINES)),
    },
    ConsistentRead: true,
  });
  const emptied: Item[] = [];
  for (const page of pages) {
    const all = linesOf(page);
    const kept = all.filter(({ type }) => type !== 'progress');
    if (kept.length === 0) emptied.push(keyOf(page));
    else if (kept.length < all.length) {
      const Item = { ...page, lines: s(linesText(kept)) };
      // refused where the job was removed meanwhile, with its pages
      await table.commit([{ Put: { TableName: table.name, Item, ...PRESENT } }]);
    }
  }
  await table.deleteAll(emptied);
}
