// Finds the next job that may be leased. Jobs that work with the same hosts stand in one line, so that a long line whose hosts have no
// room costs no more than a short one.
import type { Room } from '../../../shared/jobs/job-store.ts';
import { integer, text } from './job-rows.ts';
import type { StoredJob } from './job-table.ts';
import type { StoreContext } from './store-context.ts';

type NextReady = (kind: string, now: Date, room: Room | undefined) => StoredJob | undefined;

export function readyJobs({ database, table }: StoreContext): NextReady {
  const running = database.prepare(
    `SELECT hosts, count(*) AS jobs FROM job WHERE state = 'LEASED' AND kind = ? GROUP BY hosts`,
  );
  const priorityBelow = database.prepare(
    `SELECT max(priority) AS priority FROM job WHERE state = 'READY' AND kind = :kind AND priority < :below`,
  );
  const lineAfter = database.prepare(
    `SELECT min(hosts) AS hosts FROM job
    WHERE state = 'READY' AND kind = :kind AND priority = :priority AND hosts > :after`,
  );
  const firstOf = database.prepare(`
    SELECT * FROM job WHERE state = 'READY' AND kind = :kind AND priority = :priority AND hosts = :hosts AND run_at <= :now
    AND NOT EXISTS (
      SELECT 1 FROM json_each(job.targets) AS wanted CROSS JOIN target_lease ON target_lease.target = wanted.value)
    ORDER BY run_at, seq LIMIT 1`);

  /** Says of the hosts of a line whether another job may work with them. */
  function roomOf(kind: string, room: Room | undefined): (hosts: string) => boolean {
    if (room === undefined) return () => true;
    const byRoute = new Map<string, number>();
    const byHost = new Map<string, number>();
    for (const row of running.all(kind)) {
      const [route, jobs] = [text(row, 'hosts'), integer(row, 'jobs')];
      byRoute.set(route, jobs);
      for (const host of hostsOf(route)) byHost.set(host, (byHost.get(host) ?? 0) + jobs);
    }
    return (route) => {
      const hosts = hostsOf(route);
      if (hosts.length === 0) return true;
      return (byRoute.get(route) ?? 0) < room.perRoute && hosts.every((host) => (byHost.get(host) ?? 0) < room.perHost);
    };
  }

  /** The first of all lines of a priority. */
  function firstIn(kind: string, priority: number, now: Date, hasRoom: (hosts: string) => boolean) {
    let best: StoredJob | undefined;
    let after = '';
    for (;;) {
      const hosts = lineAfter.get({ kind, priority, after })?.['hosts'];
      if (typeof hosts !== 'string') return best;
      after = hosts;
      if (!hasRoom(hosts)) continue;
      const [first] = table.select(firstOf, { kind, priority, hosts, now: now.getTime() });
      if (first !== undefined && (best === undefined || isBefore(first, best))) best = first;
    }
  }

  return (kind, now, room) => {
    const hasRoom = roomOf(kind, room);
    let below = Number.MAX_SAFE_INTEGER;
    for (;;) {
      const priority = priorityBelow.get({ kind, below })?.['priority'];
      if (typeof priority !== 'number') return undefined;
      const found = firstIn(kind, priority, now, hasRoom);
      if (found !== undefined) return found;
      below = priority;
    }
  };
}

function isBefore(one: StoredJob, other: StoredJob): boolean {
  const apart = one.job.runAt.getTime() - other.job.runAt.getTime();
  return apart < 0 || (apart === 0 && one.seq < other.seq);
}

function hostsOf(line: string): readonly string[] {
  return JSON.parse(line);
}
