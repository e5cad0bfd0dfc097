// Sends again for jobs that wait although their time has come: a send may have failed, a message may have been lost with its worker, and
// a wait may have been longer than a queue holds a message back.
import type { Job } from '../../../shared/jobs/job.ts';
import { number, text } from '../dynamo/attributes.ts';
import { inState } from './candidates.ts';
import { jobIdOf } from './keys.ts';
import type { StoreContext } from './store-context.ts';

/** A job that was told of has this long to be taken; about the time between two sweeps. */
const PATIENCE_MS = 60_000;

/** At most `limit` messages, for the oldest jobs. */
export async function wakeForgotten({ table, wake }: StoreContext, now: Date, limit: number): Promise<void> {
  const forgotten: Pick<Job, 'id' | 'kind' | 'runAt' | 'traceparent'>[] = [];
  for await (const item of inState(table, 'READY')) {
    if (forgotten.length === limit) break;
    const runAt = new Date(number(item, 'runAt'));
    const wasTold = item['woken']?.BOOL === true;
    const dueInMs = runAt.getTime() - now.getTime();
    const isForgotten = wasTold ? dueInMs <= -PATIENCE_MS : dueInMs <= PATIENCE_MS;
    if (isForgotten) forgotten.push({ id: jobIdOf(item), kind: text(item, 'kind'), runAt, traceparent: undefined });
  }
  await wake(forgotten, now);
}
