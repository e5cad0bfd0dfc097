// The record of received pushes as rows. What became of a push is looked up when it is written: its jobs were accepted before it, in
// the same transaction or an earlier one.
import type { PushEvent } from '../../../shared/events/push-event.ts';
import type { NewPush, PushLog, PushRecord } from '../../../shared/events/push-log.ts';
import { integer, parsed, text, time, type Row } from './job-rows.ts';
import { numberOfCursor } from './read-jobs.ts';
import type { StoreContext } from './store-context.ts';

export function pushRows({ database, write, read, assertRoom }: StoreContext): PushLog {
  const jobByKey = database.prepare('SELECT id, accepted_at FROM job WHERE dedupe_key = ?');
  const insert = database.prepare(`
    INSERT INTO push (id, received_at, receiver_id, relevant, event, job_ids, repeated)
    VALUES (?, ?, ?, ?, ?, ?, ?)`);
  const byId = database.prepare('SELECT * FROM push WHERE id = ?');
  const pageOf = (condition: string) =>
    database.prepare(`
      SELECT * FROM push WHERE seq < :before AND ${condition} AND (:relevant IS NULL OR relevant = :relevant)
      ORDER BY seq DESC LIMIT :limit`);
  const page = pageOf('TRUE');
  const pageOfReceiver = pageOf('receiver_id = :receiver');
  const remove = database.prepare(
    'DELETE FROM push WHERE seq IN (SELECT seq FROM push WHERE received_at < ? ORDER BY received_at LIMIT ?)',
  );

  function insertNow({ id, receivedAt, event, jobKeys }: NewPush): void {
    assertRoom();
    const jobs = jobKeys.map((key) => jobByKey.get(key)).filter((row) => row !== undefined);
    insert.run(
      id,
      receivedAt.getTime(),
      event.receiverId,
      event.relevant ? 1 : 0,
      JSON.stringify(event),
      JSON.stringify(jobs.map((row) => text(row, 'id'))),
      jobs.some((row) => time(row, 'accepted_at') < receivedAt) ? 1 : 0,
    );
  }

  return {
    async record(pushes) {
      // one operation each, so that thousands of them in one request leave room for others
      await Promise.all(pushes.map((push) => write(() => insertNow(push))));
    },
    get: (id) =>
      read(() => {
        const row = byId.get(id);
        return row === undefined ? undefined : pushOf(row);
      }),
    list: ({ receiverId, relevant }, limit, cursor) =>
      read(() => {
        const wanted = relevant === undefined ? null : relevant ? 1 : 0;
        const values = { before: numberOfCursor(cursor), relevant: wanted, limit: limit + 1 };
        const found =
          receiverId === undefined ? page.all(values) : pageOfReceiver.all({ ...values, receiver: receiverId });
        const rows = found.slice(0, limit);
        const last = rows.at(-1);
        const next = found.length > limit && last !== undefined ? String(integer(last, 'seq')) : undefined;
        return { pushes: rows.map(pushOf), next };
      }),
    purge: (before, limit) => write(() => Number(remove.run(before.getTime(), limit).changes)),
  };
}

function pushOf(row: Row): PushRecord {
  const event: PushEvent | undefined = parsed(row, 'event');
  if (event === undefined) throw new TypeError(`no push: ${text(row, 'id')}`);
  return {
    id: text(row, 'id'),
    receivedAt: time(row, 'received_at'),
    event,
    jobIds: parsed(row, 'job_ids') ?? [],
    isRepeated: integer(row, 'repeated') === 1,
  };
}
