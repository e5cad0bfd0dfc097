// The jobs of the SQLite store alone, for tests that need nothing else of it.
import { openSqliteStore, type SqliteStoreOptions } from '../../../infra/node/sqlite-store.ts';
import type { JobStore } from '../../../shared/jobs/job-store.ts';

export type SqliteJobStore = JobStore & { unreadyReason(): string | undefined; close(): Promise<void> };

export async function openSqliteJobStore(options: SqliteStoreOptions): Promise<SqliteJobStore> {
  const { jobs, unreadyReason, close } = await openSqliteStore(options);
  return { ...jobs, unreadyReason, close };
}
