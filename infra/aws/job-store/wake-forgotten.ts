// Sends again for jobs that wait although their time has come: a send may have failed, a message may have been lost with its worker, and
// a wait may have been longer than a queue holds a message back.
import type { Job } from '../../../shared/jobs/job.ts';
import { number, text } from '../dynamo/attributes.ts';
import { inState } from './candidates.ts';
import { jobIdOf } from './keys.ts';
import type { StoreContext } from './store-context.ts';

/** A job that was told of has this long to be taken; about the time between two sweeps. */
const PATIENCE_MS = 60_000;
/** Of all that are told of. One message wakes a worker that goes on with whatever waits of its kind: thousands of one kind hide no other. */
const SHARE_OF_KIND = 1 / 4;

/** At most `limit` messages, for the oldest jobs of each kind. */
export async function wakeForgotten({ table, wake }: StoreContext, now: Date, limit: number): Promise<void> {
  const forgotten: Pick<Job, 'id' | 'kind' | 'runAt' | 'traceparent'>[] = [];
  const countByKind = new Map<string, number>();
  const mostOfKind = Math.ceil(limit * SHARE_OF_KIND);
  for await (const item of inState(table, 'READY')) {
    if (forgotten.length === limit) break;
    const kind = text(item, 'kind');
    const count = countByKind.get(kind) ?? 0;
    if (count === mostOfKind) continue;
    const runAt = new Date(number(item, 'runAt'));
    const wasTold = item['woken']?.BOOL === true;
    const dueInMs = runAt.getTime() - now.getTime();
    const isForgotten = wasTold ? dueInMs <= -PATIENCE_MS : dueInMs <= PATIENCE_MS;
    if (!isForgotten) continue;
    countByKind.set(kind, count + 1);
    forgotten.push({ id: jobIdOf(item), kind, runAt, traceparent: undefined });
  }
  await wake(forgotten, now);
}
