// Messages that wait to be delivered.
import type { JobStore } from '../../../shared/jobs/job-store.ts';
import type { OutboxEntry } from '../../../shared/jobs/job.ts';
import { integer, parsed, text, time, type Row } from './job-rows.ts';
import type { StoreContext } from './store-context.ts';

type Operations = Pick<JobStore, 'outbox' | 'delivered' | 'postpone'>;

export function outboxRows({ database, clock, write, read }: StoreContext): Operations {
  const pending = database.prepare(
    'SELECT * FROM outbox WHERE delivered_at IS NULL AND next_at <= :now ORDER BY seq LIMIT :limit',
  );
  const deliver = database.prepare('UPDATE outbox SET delivered_at = ? WHERE id = ? AND delivered_at IS NULL');
  const postpone = database.prepare(
    'UPDATE outbox SET next_at = ?, attempts = attempts + 1 WHERE id = ? AND delivered_at IS NULL',
  );
  return {
    outbox: (now, limit) => read(() => pending.all({ now: now.getTime(), limit }).map(entryOf)),
    delivered: (ids) =>
      write(() => {
        for (const id of ids) deliver.run(clock.now().getTime(), id);
      }),
    postpone: (id, at) => write(() => void postpone.run(at.getTime(), id)),
  };
}

function entryOf(row: Row): OutboxEntry {
  return {
    id: text(row, 'id'),
    jobId: text(row, 'job_id'),
    type: text(row, 'type'),
    body: parsed(row, 'body') ?? null,
    createdAt: time(row, 'created_at'),
    attempts: integer(row, 'attempts'),
  };
}
