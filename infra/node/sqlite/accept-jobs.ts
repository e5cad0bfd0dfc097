// Takes jobs in: one per key, in place of those that wait with the same purpose; and schedules, whose firing is an acceptance.
import { newJobId } from '../../../shared/jobs/job-id.ts';
import type { Accepted, JobStore } from '../../../shared/jobs/job-store.ts';
import type { NewJob } from '../../../shared/jobs/job.ts';
import { jsonText } from '../../../shared/jobs/json.ts';
import { MAX_PAYLOAD_BYTES, assertName, newJob } from '../../../shared/jobs/new-job.ts';
import { firingKey, type Schedule, type Timing } from '../../../shared/jobs/schedule.ts';
import { accepted, superseded, superseding } from '../../../shared/jobs/transitions.ts';
import { integer, parsed, text, time, type Row } from './job-rows.ts';
import type { StoreContext } from './store-context.ts';

type Operations = Pick<JobStore, 'accept' | 'schedule' | 'unschedule' | 'schedules' | 'due' | 'fire'>;

export function acceptJobs({ database, table, clock, write, read, assertRoom }: StoreContext): Operations {
  const idByKey = database.prepare('SELECT id FROM job WHERE dedupe_key = ?');
  const waiting = database.prepare(
    `SELECT * FROM job WHERE state = 'READY' AND coalesce_key = :coalesce AND kind = :kind ORDER BY seq`,
  );
  const scheduleById = database.prepare('SELECT * FROM schedule WHERE id = ?');
  const allSchedules = database.prepare('SELECT * FROM schedule ORDER BY id');
  const dueSchedules = database.prepare('SELECT * FROM schedule WHERE next_at <= ? ORDER BY next_at, id');
  const saveSchedule = database.prepare(
    'INSERT OR REPLACE INTO schedule (id, timing, job, next_at) VALUES (:id, :timing, :job, :next_at)',
  );
  const removeSchedule = database.prepare('DELETE FROM schedule WHERE id = ?');
  const moveOn = database.prepare('UPDATE schedule SET next_at = :next WHERE id = :id AND next_at = :seen');

  /** Inside a transaction; checks before it writes. */
  function acceptNow(asked: NewJob, key: string | undefined): Accepted {
    const known = key === undefined ? undefined : idByKey.get(key);
    if (known !== undefined) return { id: text(known, 'id'), isNew: false };
    assertRoom();
    const now = clock.now();
    let job = newJob(asked, newJobId(now), now);
    const older = table.select(waiting, { coalesce: job.coalesce ?? null, kind: job.kind });
    for (const { job: one } of older) job = superseding(job, one);
    for (const one of older) table.save(one, superseded(one.job, job.id, now), now);
    table.insert(accepted(job), key);
    return { id: job.id, isNew: true };
  }

  return {
    async accept(asked, key) {
      assertStorable(asked, key);
      return write(() => acceptNow(asked, key));
    },
    async schedule(schedule) {
      assertStorable(schedule.job, schedule.id);
      const timing = jsonText(schedule.timing, MAX_PAYLOAD_BYTES, 'timing');
      await write(() => {
        const before = scheduleById.get(schedule.id);
        const isSame = before !== undefined && text(before, 'timing') === timing;
        const nextAt = isSame ? integer(before, 'next_at') : schedule.nextAt.getTime();
        saveSchedule.run({ id: schedule.id, timing, job: JSON.stringify(schedule.job), next_at: nextAt });
      });
    },
    unschedule: (id) => write(() => void removeSchedule.run(id)),
    schedules: () => read(() => allSchedules.all().map(scheduleOf)),
    due: (now) => read(() => dueSchedules.all(now.getTime()).map(scheduleOf)),
    fire(schedule, next, runAt) {
      return write(() => {
        assertRoom();
        const seen = { id: schedule.id, seen: schedule.nextAt.getTime(), next: next.getTime() };
        if (moveOn.run(seen).changes === 0) return false;
        return acceptNow({ ...schedule.job, runAt }, firingKey(schedule)).isNew;
      });
    },
  };
}

/** Throws before the job gets into a transaction that others share. */
function assertStorable(asked: NewJob, key: string | undefined): void {
  newJob(asked, '', new Date(0));
  jsonText(asked.payload, MAX_PAYLOAD_BYTES, 'payload');
  if (key !== undefined) assertName(key);
}

function scheduleOf(row: Row): Schedule {
  const timing: Timing | undefined = parsed(row, 'timing');
  const job: Schedule['job'] | undefined = parsed(row, 'job');
  if (timing === undefined || job === undefined) throw new TypeError(`no schedule: ${text(row, 'id')}`);
  return { id: text(row, 'id'), timing, job, nextAt: time(row, 'next_at') };
}
