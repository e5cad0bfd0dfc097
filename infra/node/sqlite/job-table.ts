// Loads jobs and saves their moves: the job, its targets' leases, the line in its history and its messages, in the transaction
// that is open. Everything is checked before the first write.
import { createHash } from 'node:crypto';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { jsonText } from '../../../shared/jobs/json.ts';
import type { Job } from '../../../shared/jobs/job.ts';
import type { JobChange } from '../../../shared/jobs/job-store.ts';
import { MAX_EVENT_BYTES, MAX_MESSAGE_BYTES, MAX_PROGRESS_LINES } from '../../../shared/jobs/new-job.ts';
import type { Move } from '../../../shared/jobs/transitions.ts';
import {
  CHANGING_COLUMNS,
  FIXED_COLUMNS,
  changingValues,
  fixedValues,
  integer,
  jobOf,
  type Row,
  type Values,
} from './job-rows.ts';

/** A job and its row's number, which orders jobs by acceptance. */
export type StoredJob = { seq: number; job: Job };

export type JobTable = {
  byId(id: string): StoredJob | undefined;
  /** The rows of a query on the table, as jobs. */
  select(statement: StatementSync, values: Values): StoredJob[];
  insert(move: Move, key: string | undefined): void;
  save(before: StoredJob, move: Move, now: Date): void;
  /** A line in the history that is no change of state. */
  note(stored: StoredJob, data: Parameters<typeof jsonText>[0], now: Date): void;
};

const FORGET_EVERY = 100;

/** @param changes gets what was changed, to be told once it is committed */
export function jobTable(database: DatabaseSync, changes: JobChange[]): JobTable {
  const byId = database.prepare('SELECT * FROM job WHERE id = ?');
  const columns = ['dedupe_key', ...FIXED_COLUMNS, ...CHANGING_COLUMNS];
  // by place: SQLite looks every name up, and this runs for every push
  const insert = database.prepare(
    `INSERT INTO job (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`,
  );
  const assignments = CHANGING_COLUMNS.map((name) => `${name} = :${name}`);
  const update = database.prepare(`UPDATE job SET ${assignments.join(', ')} WHERE seq = :seq`);
  const hold = database.prepare('INSERT INTO target_lease (target, job_seq) VALUES (?, ?)');
  const free = database.prepare('DELETE FROM target_lease WHERE job_seq = ?');
  const addFirstEvent = database.prepare(
    'INSERT INTO job_event (job_seq, sequence, at, type, data) VALUES (?, 1, ?, ?, ?)',
  );
  const addEvent = database.prepare(`
    INSERT INTO job_event (job_seq, sequence, at, type, data)
    SELECT :seq, coalesce(max(sequence), 0) + 1, :at, :type, :data FROM job_event WHERE job_seq = :seq
    RETURNING sequence`);
  const forget = database.prepare(`DELETE FROM job_event WHERE job_seq = ? AND sequence <= ? AND type = 'progress'`);
  const addMessage = database.prepare(`
    INSERT INTO outbox (id, job_id, type, body, created_at, next_at, attempts)
    VALUES (:id, :job_id, :type, :body, :at, :at, 0)`);

  function writeBeside(
    seq: number,
    { job, event }: Move,
    dataText: string,
    messages: readonly Values[],
    now: Date,
  ): void {
    // a lease that was extended is no news
    if (event === undefined) return;
    const sequence = Number(addEvent.get({ seq, at: now.getTime(), type: event.type, data: dataText })?.['sequence']);
    // now and then, in gulps: it is cheap, and only jobs that run long have so many
    if (sequence % FORGET_EVERY === 0) forget.run(seq, sequence - MAX_PROGRESS_LINES);
    for (const message of messages) addMessage.run(message);
    changes.push({ jobId: job.id, kind: job.kind, state: job.state, outbox: messages.length > 0 });
  }

  return {
    byId: (id) => stored(byId.get(id)),
    select: (statement, values) => statement.all(values).flatMap((row) => stored(row) ?? []),
    insert(move, key) {
      const { job, event } = move;
      const fixed = fixedValues(job);
      const changing = changingValues(job);
      const { lastInsertRowid: seq } = insert.run(
        key ?? null,
        ...FIXED_COLUMNS.map((name) => fixed[name]),
        ...CHANGING_COLUMNS.map((name) => changing[name]),
      );
      if (event !== undefined) addFirstEvent.run(seq, job.acceptedAt.getTime(), event.type, eventText(move));
      changes.push({ jobId: job.id, kind: job.kind, state: job.state, outbox: false });
    },
    save({ seq, job: before }, move, now) {
      const values = changingValues(move.job);
      const dataText = eventText(move);
      const messages = messageValues(move, now);
      update.run({ seq, ...values });
      if (move.job.state === 'LEASED' && before.state !== 'LEASED') {
        for (const target of move.job.targets) hold.run(target, seq);
      }
      if (before.state === 'LEASED' && move.job.state !== 'LEASED') free.run(seq);
      writeBeside(seq, move, dataText, messages, now);
    },
    note({ seq, job }, data, now) {
      const dataText = jsonText(data, MAX_EVENT_BYTES, 'progress');
      writeBeside(seq, { job, event: { type: 'progress', data }, outbox: [] }, dataText, [], now);
    },
  };
}

function stored(row: Row | undefined): StoredJob | undefined {
  return row === undefined ? undefined : { seq: integer(row, 'seq'), job: jobOf(row) };
}

function eventText({ event }: Move): string {
  return event === undefined ? 'null' : jsonText(event.data, MAX_EVENT_BYTES, 'event');
}

/** A message's id follows from the transition, so that whoever gets it twice can tell. */
function messageValues({ job, outbox }: Move, now: Date): Values[] {
  return outbox.map(({ type, body }, index) => ({
    id: createHash('sha256').update(`${job.id}\n${job.fence}\n${job.state}\n${index}`).digest('hex'),
    job_id: job.id,
    type,
    body: jsonText(body, MAX_MESSAGE_BYTES, 'message'),
    at: now.getTime(),
  }));
}
