// What happens to jobs from outside their workers: cancelled, offered again, freed from a vanished worker, removed in the end.
import { TransshipError } from '../../../shared/errors.ts';
import type { JobStore } from '../../../shared/jobs/job-store.ts';
import { abandoned, cancelAsked, redriven } from '../../../shared/jobs/transitions.ts';
import { integer } from './job-rows.ts';
import { readMeta, writeMeta } from './meta.ts';
import type { StoreContext } from './store-context.ts';

type Operations = Pick<JobStore, 'cancel' | 'redrive' | 'sweep' | 'purge'>;

export function keepHouse({ database, table, clock, write }: StoreContext): Operations {
  const expired = database.prepare(
    `SELECT * FROM job WHERE state = 'LEASED' AND lease_until <= :now ORDER BY lease_until LIMIT :limit`,
  );
  const dead = database.prepare(`
    SELECT * FROM job WHERE state = 'DEAD' AND (:kind IS NULL OR kind = :kind)
    AND (:ids IS NULL OR id IN (SELECT value FROM json_each(:ids))) ORDER BY seq LIMIT :limit`);
  const finished = database.prepare(
    'SELECT seq FROM job WHERE finished_at < :before ORDER BY finished_at LIMIT :limit',
  );
  const removeJob = database.prepare('DELETE FROM job WHERE seq = ?');
  const removeEvents = database.prepare('DELETE FROM job_event WHERE job_seq = ?');
  const removeMessages = database.prepare('DELETE FROM outbox WHERE created_at < ?');

  return {
    cancel: (id) =>
      write(() => {
        const before = table.byId(id);
        if (before === undefined) throw new TransshipError('not-found', `there is no job ${id}`);
        const now = clock.now();
        const move = cancelAsked(before.job, now);
        if (move === undefined) return before.job;
        table.save(before, move, now);
        return move.job;
      }),
    redrive: ({ ids, kind }, limit) =>
      write(() => {
        const now = clock.now();
        const wanted = { kind: kind ?? null, ids: ids === undefined ? null : JSON.stringify(ids), limit };
        const found = table.select(dead, wanted);
        for (const one of found) table.save(one, redriven(one.job, now), now);
        return found.map(({ job }) => job.id);
      }),
    sweep: (now, limit) =>
      write(() => {
        const found = table.select(expired, { now: now.getTime(), limit });
        for (const one of found) table.save(one, abandoned(one.job, now), now);
        return found.length;
      }),
    purge: (before, limit) =>
      write(() => {
        const found = finished.all({ before: before.getTime(), limit }).map((row) => integer(row, 'seq'));
        for (const seq of found) {
          removeEvents.run(seq);
          removeJob.run(seq);
        }
        removeMessages.run(before.getTime());
        const purged = Number(readMeta(database, 'purged') ?? 0) + found.length;
        if (found.length > 0) writeMeta(database, 'purged', String(purged));
        return found.length;
      }),
  };
}

/** Frees what the process before this one held: whoever owned the file then is gone. */
export async function freeOldLeases({ database, table, clock, bootId, write }: StoreContext): Promise<void> {
  const old = database.prepare(`SELECT * FROM job WHERE state = 'LEASED' AND owner <> :bootId`);
  await write(() => {
    const now = clock.now();
    for (const one of table.select(old, { bootId })) table.save(one, abandoned(one.job, now), now);
  });
}
