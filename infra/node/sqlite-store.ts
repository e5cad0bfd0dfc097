// The store of a single process: jobs, received pushes, written tags, API tokens and grants in one SQLite file in the data folder, durable
// before a promise resolves. Lost leases are freed when the file is opened, since its owner is gone then.
import { join } from 'node:path';
import type { ApiTokenStore } from '../../functions/http-api/api-token.ts';
import { TransshipError } from '../../shared/errors.ts';
import type { PushLog } from '../../shared/events/push-log.ts';
import type { GrantStore } from '../../shared/grants/grant-store.ts';
import { systemClock, type Clock } from '../../shared/jobs/clock.ts';
import type { JobChange, JobStore } from '../../shared/jobs/job-store.ts';
import type { TagJournal } from '../../shared/mirror/tag-journal.ts';
import { acceptJobs } from './sqlite/accept-jobs.ts';
import { apiTokenRows } from './sqlite/api-token-rows.ts';
import { ballast, type Ballast } from './sqlite/ballast.ts';
import { commitPace, type CommitPace } from './sqlite/commit-pace.ts';
import { grantRows } from './sqlite/grant-rows.ts';
import { groupCommit } from './sqlite/group-commit.ts';
import { jobTable } from './sqlite/job-table.ts';
import { freeOldLeases, keepHouse } from './sqlite/keep-house.ts';
import { leaseJobs } from './sqlite/lease-jobs.ts';
import { writeMeta } from './sqlite/meta.ts';
import { oldestDue } from './sqlite/oldest-due.ts';
import { closeDatabase, openDatabase, type OpenDatabase } from './sqlite/open-database.ts';
import { outboxRows } from './sqlite/outbox-rows.ts';
import { pushRows } from './sqlite/push-rows.ts';
import { readJobs } from './sqlite/read-jobs.ts';
import { isDiskFull, isFatal, storeError } from './sqlite/sqlite-errors.ts';
import { tagRows } from './sqlite/tag-rows.ts';
import { writeLogBack } from './sqlite/write-log-back.ts';
import { writeTrouble } from './sqlite/write-trouble.ts';
import type { StoreContext } from './sqlite/store-context.ts';

export type SqliteStore = {
  jobs: JobStore;
  pushes: PushLog;
  journal: TagJournal;
  apiTokens: ApiTokenStore;
  grants: GrantStore;
  /** Absent: new work is taken. Otherwise why not, in words for a readiness check. */
  unreadyReason: () => string | undefined;
  /** Why nothing can be written any more by this process; absent: it can, or may again. */
  brokenReason: () => string | undefined;
  /** Since when the job could run that has waited longest; undefined if none waits. */
  oldestDue: (now: Date) => Promise<Date | undefined>;
  /** Commits what waits and gives the file up; every later write is refused. */
  close: () => Promise<void>;
};

export type SqliteStoreOptions = {
  /** The folder that holds the store; created, for its owner only. */
  dataDir: string;
  clock?: Clock;
  /** When writes are committed; tests that move the clock do not wait for a real one. */
  pace?: CommitPace;
  /** Called after each commit, for every change in it. */
  onChange?: (change: JobChange) => void;
  /** Room that is given up when the disk is full. */
  ballastBytes?: number;
};

const BALLAST_BYTES = 16 * 1024 * 1024;
const RESTORE_EVERY_MS = 2000;
const RETRY_AFTER_MS = 5000;

/** @throws TransshipError store-locked where another process owns the folder, store-unavailable where it cannot be used */
export async function openSqliteStore(options: SqliteStoreOptions): Promise<SqliteStore> {
  const { dataDir, clock = systemClock, onChange = () => {} } = options;
  const room = ballast(join(dataDir, 'ballast'), options.ballastBytes ?? BALLAST_BYTES);
  const { database, bootId } = openWithRoom(join(dataDir, 'jobs.sqlite'), room);
  const changes: JobChange[] = [];
  let stopRestoring = (): void => {};
  let failure: TransshipError | undefined;

  const logBack = writeLogBack(database, clock);
  const trouble = writeTrouble(clock, () =>
    commits.write(() => writeMeta(database, 'probed_at', clock.now().toISOString())),
  );
  const commits = groupCommit(database, {
    pace: options.pace ?? commitPace(),
    onCommit() {
      logBack.wrote();
      for (const change of changes.splice(0)) onChange(change);
    },
    onUndo() {
      changes.length = 0;
    },
    onFailure(error) {
      trouble.failed(error);
      if (isDiskFull(error)) {
        room.drop();
        restoreLater();
      }
      if (!isFatal(error)) return;
      failure = storeError(error);
      commits.end(failure);
    },
  });

  async function restoreRoom(): Promise<void> {
    if (failure !== undefined || room.isIntact()) return;
    await room.restore();
    restoreLater();
  }

  function restoreLater(): void {
    stopRestoring();
    if (failure !== undefined || room.isIntact()) return;
    stopRestoring = clock.after(RESTORE_EVERY_MS, () => void restoreRoom());
  }

  async function read<T>(operation: () => T): Promise<T> {
    if (failure !== undefined) throw failure;
    try {
      return operation();
    } catch (error) {
      throw storeError(error);
    }
  }

  function end(): void {
    failure ??= new TransshipError('store-unavailable', 'the job store is closed');
    stopRestoring();
    trouble.stop();
    logBack.stop();
    commits.end(failure);
    closeDatabase(database);
  }

  try {
    const table = jobTable(database, changes);
    const context: StoreContext = {
      database,
      table,
      clock,
      bootId,
      write: commits.write,
      read,
      assertRoom: () => assertIntact(room),
    };
    await restoreRoom();
    await freeOldLeases(context);
    return {
      jobs: {
        ...acceptJobs(context),
        ...leaseJobs(context),
        ...keepHouse(context),
        ...readJobs(context),
        ...outboxRows(context),
      },
      pushes: pushRows(context),
      journal: tagRows(context),
      apiTokens: apiTokenRows(context),
      grants: grantRows(context),
      brokenReason: () => failure?.message,
      unreadyReason: () => failure?.message ?? (room.isIntact() ? trouble.reason() : 'the disk is full'),
      oldestDue: oldestDue(context),
      async close() {
        commits.flush();
        end();
      },
    };
  } catch (error) {
    end();
    throw storeError(error);
  }
}

/** A disk that filled up while nothing ran: the ballast makes room to start. */
function openWithRoom(file: string, room: Ballast): OpenDatabase {
  try {
    return openDatabase(file);
  } catch (error) {
    if (!(error instanceof Error) || !isDiskFull(error.cause)) throw error;
    room.drop();
    return openDatabase(file);
  }
}

function assertIntact(room: Ballast): void {
  if (room.isIntact()) return;
  throw new TransshipError('store-unavailable', 'the job store takes no new work: the disk is full', {
    retryable: true,
    retryAfterMs: RETRY_AFTER_MS,
    hint: 'free space on the disk of the data folder',
  });
}
