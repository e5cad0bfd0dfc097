// Messages that wait to be delivered; a delivered one is removed.
import type { JobStore } from '../../../shared/jobs/job-store.ts';
import type { OutboxEntry } from '../../../shared/jobs/job.ts';
import { integer, parsed, text, time, type Row } from './job-rows.ts';
import type { StoreContext } from './store-context.ts';

type Operations = Pick<JobStore, 'outbox' | 'delivered' | 'postpone'>;

export function outboxRows({ database, write, read }: StoreContext): Operations {
  const pending = database.prepare('SELECT * FROM outbox WHERE next_at <= :now ORDER BY seq LIMIT :limit');
  const remove = database.prepare('DELETE FROM outbox WHERE id = ?');
  const postpone = database.prepare('UPDATE outbox SET next_at = ?, attempts = attempts + 1 WHERE id = ?');
  return {
    outbox: (now, limit) => read(() => pending.all({ now: now.getTime(), limit }).map(entryOf)),
    delivered: (ids) =>
      write(() => {
        for (const id of ids) remove.run(id);
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
