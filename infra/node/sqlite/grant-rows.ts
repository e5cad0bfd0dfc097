// The journal of grants as rows that are only ever added, and what its lines add up to as rows of their own, brought up to date in the same
// transaction: nobody has to read years of lines to know what holds now.
import type { SQLInputValue } from 'node:sqlite';
import { foldLines } from '../../../shared/grants/fold-journal.ts';
import type { GrantStore, StoredLine } from '../../../shared/grants/grant-store.ts';
import type { EntryRecord, GrantRecord, GrantsState } from '../../../shared/grants/grants-state.ts';
import { grantsOf, type JournalLine } from '../../../shared/grants/journal.ts';
import { entryKey } from '../../../shared/grants/plan-hash.ts';
import { entryRecordOf, grantRecordOf, lineOf } from '../../../shared/grants/journal-json.ts';
import { integer, text, type Row } from './job-rows.ts';
import type { StoreContext } from './store-context.ts';

export function grantRows({ database, clock, bootId, write, read, assertRoom }: StoreContext): GrantStore {
  const insert = database.prepare('INSERT INTO grant_line (at, line) VALUES (?, ?)');
  const insertName = database.prepare('INSERT OR IGNORE INTO grant_line_of (grant_id, seq) VALUES (?, ?)');
  const page = database.prepare('SELECT seq, line FROM grant_line WHERE seq > :after ORDER BY seq LIMIT :limit');
  const pageOfGrant = database.prepare(`
    SELECT seq, line FROM grant_line_of JOIN grant_line USING (seq)
    WHERE grant_id = :grant AND seq > :after ORDER BY seq LIMIT :limit`);
  const newest = database.prepare('SELECT COALESCE(MAX(seq), 0) AS seq FROM grant_line');
  const allGrants = database.prepare('SELECT grant_id AS key, record FROM grant_record ORDER BY grant_id');
  const allEntries = database.prepare('SELECT entry_key AS key, record FROM grant_entry ORDER BY entry_key');
  const oneGrant = database.prepare('SELECT record FROM grant_record WHERE grant_id = ?');
  const oneEntry = database.prepare('SELECT record FROM grant_entry WHERE entry_key = ?');
  const saveGrant = database.prepare('INSERT OR REPLACE INTO grant_record (grant_id, record) VALUES (?, ?)');
  const saveEntry = database.prepare('INSERT OR REPLACE INTO grant_entry (entry_key, record) VALUES (?, ?)');
  const removeGrant = database.prepare('DELETE FROM grant_record WHERE grant_id = ?');
  const removeEntry = database.prepare('DELETE FROM grant_entry WHERE entry_key = ?');
  // whoever held it in a process before this one is gone
  const take = database.prepare(`
    INSERT INTO grant_hold (target, holder, boot_id, until) VALUES (:target, :holder, :boot, :until)
    ON CONFLICT (target) DO UPDATE SET holder = :holder, boot_id = :boot, until = :until
    WHERE holder = :holder OR boot_id <> :boot OR until <= :now`);
  const giveBack = database.prepare('DELETE FROM grant_hold WHERE target = ? AND holder = ?');

  function keep(line: JournalLine): void {
    const { lastInsertRowid } = insert.run(line.at.getTime(), JSON.stringify(line));
    for (const grant of grantsOf(line)) insertName.run(grant, lastInsertRowid);
  }

  /** Only what the lines can touch. */
  function stateOf(grants: ReadonlySet<string>, entries: ReadonlySet<string>): GrantsState {
    const found = (statement: typeof oneGrant, keys: ReadonlySet<string>) =>
      [...keys].flatMap((key): Row[] => {
        const row = statement.get(key);
        return row === undefined ? [] : [{ ...row, key }];
      });
    return stateOfRows(found(oneGrant, grants), found(oneEntry, entries));
  }

  function save(before: GrantsState, after: GrantsState): void {
    for (const [id, record] of after.grants) {
      if (record !== before.grants.get(id)) saveGrant.run(id, JSON.stringify(record));
    }
    for (const [key, record] of after.entries) {
      if (record !== before.entries.get(key)) saveEntry.run(key, JSON.stringify(record));
    }
    for (const id of before.grants.keys()) if (!after.grants.has(id)) removeGrant.run(id);
    for (const key of before.entries.keys()) if (!after.entries.has(key)) removeEntry.run(key);
  }

  return {
    append: (lines) =>
      write(() => {
        // what has been done is written down also where the disk is full
        if (lines.some(({ event }) => event !== 'written' && event !== 'verified')) assertRoom();
        const grants = new Set(lines.flatMap(grantsOf));
        const entries = new Set(lines.flatMap((line) => ('key' in line ? [entryKey(line.target, line.key)] : [])));
        const before = stateOf(grants, entries);
        for (const line of lines) keep(line);
        save(before, foldLines(before, lines));
      }),
    state: () => read(() => stateOfRows(allGrants.all(), allEntries.all())),
    lines: ({ after = 0, grant, limit }) =>
      read(() => {
        const found = grant === undefined ? page.all({ after, limit }) : pageOfGrant.all({ after, limit, grant });
        return found.map((row): StoredLine => ({ seq: integer(row, 'seq'), line: lineOf(text(row, 'line')) }));
      }),
    last: () => read(() => integer(newest.get() ?? {}, 'seq')),
    hold: (target, holder, leaseMs) =>
      write(() => {
        const now = clock.now().getTime();
        const values: Record<string, SQLInputValue> = { target, holder, boot: bootId, until: now + leaseMs, now };
        return Number(take.run(values).changes) > 0;
      }),
    release: (target, holder) => write(() => void giveBack.run(target, holder)),
  };
}

function stateOfRows(grants: readonly Row[], entries: readonly Row[]): GrantsState {
  return {
    grants: new Map(grants.map((row): [string, GrantRecord] => [text(row, 'key'), grantRecordOf(text(row, 'record'))])),
    entries: new Map(
      entries.map((row): [string, EntryRecord] => [text(row, 'key'), entryRecordOf(text(row, 'record'))]),
    ),
  };
}
