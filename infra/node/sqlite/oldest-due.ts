// Since when the job that has waited longest could run: how far behind the workers are. Read by index, one range per queue,
// priority and hosts, so that a long queue costs no more than a short one.
import { integer } from './job-rows.ts';
import type { StoreContext } from './store-context.ts';

export function oldestDue({ database, read }: StoreContext): (now: Date) => Promise<Date | undefined> {
  // named, because SQLite would take the index of the states and sort all that wait
  const first = database.prepare(
    `SELECT kind, priority, hosts, run_at FROM job INDEXED BY job_next
    WHERE state = 'READY' AND (kind, priority, hosts) > (:kind, :priority, :hosts)
    ORDER BY kind, priority, hosts, run_at LIMIT 1`,
  );
  return (now) =>
    read(() => {
      let oldestMs = Number.POSITIVE_INFINITY;
      let place = { kind: '', priority: Number.MIN_SAFE_INTEGER, hosts: '' };
      for (let row = first.get(place); row !== undefined; row = first.get(place)) {
        oldestMs = Math.min(oldestMs, integer(row, 'run_at'));
        place = { kind: String(row['kind']), priority: integer(row, 'priority'), hosts: String(row['hosts']) };
      }
      return oldestMs <= now.getTime() ? new Date(oldestMs) : undefined;
    });
}
