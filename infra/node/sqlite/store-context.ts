// What the operations of the store share: the open file, its prepared table, the clock, and the way to a durable write.
import type { DatabaseSync } from 'node:sqlite';
import type { Clock } from '../../../shared/jobs/clock.ts';
import type { GroupCommit } from './group-commit.ts';
import type { JobTable } from './job-table.ts';

export type StoreContext = {
  database: DatabaseSync;
  table: JobTable;
  clock: Clock;
  bootId: string;
  write: GroupCommit['write'];
  /** What is committed, with errors that callers understand. */
  read: <T>(operation: () => T) => Promise<T>;
  /** Throws while the disk has no room for new work. @throws TransshipError store-unavailable */
  assertRoom: () => void;
};
