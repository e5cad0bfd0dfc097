// Since when the job that has waited longest could run: how far behind the workers are. An index answers, for a figure that people look at.
import { number } from '../dynamo/attributes.ts';
import type { TableAccess } from '../dynamo/table-access.ts';
import { inState } from './candidates.ts';

/** The jobs that were accepted first are those that wait longest, but for some that were tried meanwhile. */
const ENOUGH = 500;

export async function oldestDue(table: TableAccess, now: Date): Promise<Date | undefined> {
  let oldestMs = Number.POSITIVE_INFINITY;
  let read = 0;
  for await (const item of inState(table, 'READY')) {
    oldestMs = Math.min(oldestMs, number(item, 'runAt'));
    read += 1;
    // many may wait for a later time, in front of one that is due
    if (read >= ENOUGH && oldestMs <= now.getTime()) break;
  }
  return oldestMs <= now.getTime() ? new Date(oldestMs) : undefined;
}
