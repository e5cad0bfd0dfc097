// What the outside sees of the jobs. Reads see what is committed; each ends in one call, so that none keeps the log from being
// written back.
import type { JobState } from '../../../shared/jobs/job.ts';
import type { JobStore } from '../../../shared/jobs/job-store.ts';
import { eventOf, integer, stateOf } from './job-rows.ts';
import { readMeta } from './meta.ts';
import type { StoreContext } from './store-context.ts';

type Operations = Pick<JobStore, 'get' | 'list' | 'log' | 'counts'>;

export function readJobs({ database, table, read }: StoreContext): Operations {
  const pageOf = (condition: string) =>
    database.prepare(`SELECT * FROM job WHERE seq < :before AND ${condition} ORDER BY seq DESC LIMIT :limit`);
  const ofKind = '(:kind IS NULL OR kind = :kind)';
  const page = pageOf(ofKind);
  // a query of its own, so that a rare state is found without reading all jobs
  const pageInState = pageOf(`state = :state AND ${ofKind}`);
  const events = database.prepare(`
    SELECT * FROM job_event WHERE job_seq = (SELECT seq FROM job WHERE id = :id) AND sequence > :after
    ORDER BY sequence LIMIT :limit`);
  const byState = database.prepare('SELECT state, count(*) AS jobs FROM job GROUP BY state');
  const lastSeq = database.prepare(`SELECT seq FROM sqlite_sequence WHERE name = 'job'`);

  return {
    get: (id) => read(() => table.byId(id)?.job),
    list: ({ state, kind }, limit, cursor) =>
      read(() => {
        const values = { before: numberOfCursor(cursor), kind: kind ?? null, limit: limit + 1 };
        const found =
          state === undefined ? table.select(page, values) : table.select(pageInState, { ...values, state });
        const jobs = found.slice(0, limit);
        return { jobs: jobs.map(({ job }) => job), next: found.length > limit ? String(jobs.at(-1)?.seq) : undefined };
      }),
    log: (id, after, limit) => read(() => events.all({ id, after, limit }).map(eventOf)),
    counts: () =>
      read(() => {
        const states: Record<JobState, number> = { READY: 0, LEASED: 0, DONE: 0, DEAD: 0, CANCELLED: 0, SUPERSEDED: 0 };
        for (const row of byState.all()) states[stateOf(row)] = integer(row, 'jobs');
        const accepted = Number(lastSeq.get()?.['seq'] ?? 0);
        return { accepted, purged: Number(readMeta(database, 'purged') ?? 0), states };
      }),
  };
}

/** The row before which a page begins; an unknown cursor starts behind the last page. */
export function numberOfCursor(cursor: string | undefined): number {
  if (cursor === undefined) return Number.MAX_SAFE_INTEGER;
  return /^\d{1,15}$/.test(cursor) ? Number(cursor) : 0;
}
