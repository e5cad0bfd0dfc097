// Since when the job that has waited longest could run: how far behind the workers are. Read by index, one range per queue and
// priority, so that a long queue costs no more than a short one.
import { integer } from './job-rows.ts';
import type { StoreContext } from './store-context.ts';

export function oldestDue({ database, read }: StoreContext): (now: Date) => Promise<Date | undefined> {
  const first = database.prepare(
    `SELECT kind, priority, run_at FROM job WHERE state = 'READY' AND (kind, priority) > (:kind, :priority)
    ORDER BY kind, priority, run_at LIMIT 1`,
  );
  return (now) =>
    read(() => {
      let oldestMs = Number.POSITIVE_INFINITY;
      let place = { kind: '', priority: Number.MIN_SAFE_INTEGER };
      for (let row = first.get(place); row !== undefined; row = first.get(place)) {
        oldestMs = Math.min(oldestMs, integer(row, 'run_at'));
        place = { kind: String(row['kind']), priority: integer(row, 'priority') };
      }
      return oldestMs <= now.getTime() ? new Date(oldestMs) : undefined;
    });
}
