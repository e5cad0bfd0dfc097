// Writes that come within a moment of each other share one transaction and one flush to disk. An operation that refuses (its lease is lost,
// say) fails alone and must not have written anything. One that breaks, with an error that is not the store's, is taken out: the
// others run again without it. An error of the store undoes the whole batch and fails everyone in it.
import type { DatabaseSync } from 'node:sqlite';
import { TransshipError, isTransshipError, messageOf } from '../../../shared/errors.ts';
import type { CommitPace } from './commit-pace.ts';
import { isOfStatement, storeError } from './sqlite-errors.ts';

export type GroupCommit = {
  /** Runs the operation in the next transaction, again where another one broke; resolves when that is on disk. */
  write: <T>(operation: () => T) => Promise<T>;
  /** Commits what waits, now. */
  flush(): void;
  /** Fails what waits and every further write. */
  end(error: TransshipError): void;
};

type GroupCommitOptions = {
  pace: CommitPace;
  onCommit: () => void;
  /** What was done since the last commit is undone. */
  onUndo: () => void;
  /** The store failed; after `onUndo`. */
  onFailure: (error: unknown) => void;
};

type Waiting = { run: () => void; settle: () => void; fail: (error: TransshipError) => void };

/** So many operations block the event loop for some milliseconds; what is left over waits for the next commit. */
const MAX_BATCH = 256;

export function groupCommit(
  database: DatabaseSync,
  { pace, onCommit, onUndo, onFailure }: GroupCommitOptions,
): GroupCommit {
  const queue: Waiting[] = [];
  let isScheduled = false;
  let ended: TransshipError | undefined;

  function schedule(): void {
    if (isScheduled || queue.length === 0) return;
    isScheduled = true;
    pace(commitBatch);
  }

  function commitBatch(): void {
    isScheduled = false;
    const batch = queue.splice(0, MAX_BATCH);
    schedule();
    if (batch.length === 0) return;
    let running: Waiting | undefined;
    try {
      database.exec('BEGIN IMMEDIATE');
      for (running of batch) running.run();
      running = undefined;
      database.exec('COMMIT');
    } catch (error) {
      rollBack(database);
      onUndo();
      if (running !== undefined && isOfStatement(error)) takeOut(running, batch, error);
      else failAll(batch, error);
      return;
    }
    for (const waiting of batch) waiting.settle();
    onCommit();
  }

  /** The others go first in the next commit. */
  function takeOut(broken: Waiting, batch: readonly Waiting[], error: unknown): void {
    broken.fail(brokenWrite(error));
    queue.unshift(...batch.filter((one) => one !== broken));
    schedule();
  }

  function failAll(batch: readonly Waiting[], error: unknown): void {
    onFailure(error);
    for (const waiting of batch) waiting.fail(storeError(error));
  }

  return {
    async write<T>(operation: () => T) {
      if (ended !== undefined) throw ended;
      const { promise, resolve, reject } = Promise.withResolvers<T>();
      let settle = (): void => {};
      const run = (): void => {
        try {
          const value = operation();
          settle = () => resolve(value);
        } catch (error) {
          if (!isTransshipError(error)) throw error;
          settle = () => reject(error);
        }
      };
      queue.push({ run, settle: () => settle(), fail: reject });
      schedule();
      return promise;
    },
    flush() {
      while (queue.length > 0) commitBatch();
    },
    end(error) {
      ended = error;
      for (const waiting of queue.splice(0)) waiting.fail(error);
    },
  };
}

function brokenWrite(error: unknown): TransshipError {
  return new TransshipError('internal', `the job store could not take this: ${messageOf(error)}`, { cause: error });
}

function rollBack(database: DatabaseSync): void {
  try {
    if (database.isTransaction) database.exec('ROLLBACK');
  } catch {
    // SQLite rolls back by itself where it cannot go on; the error that led here is the one to tell.
  }
}
