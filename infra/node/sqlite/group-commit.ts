// Writes of one turn of the event loop share one transaction and one flush to disk. An operation that refuses (its lease is lost,
// say) fails alone and must not have written anything; any other error undoes the whole batch and fails everyone in it.
import type { DatabaseSync } from 'node:sqlite';
import { isTransshipError, type TransshipError } from '../../../shared/errors.ts';
import { storeError } from './sqlite-errors.ts';

export type GroupCommit = {
  /** Runs the operation in the next transaction; resolves when that is on disk. */
  write: <T>(operation: () => T) => Promise<T>;
  /** Commits what waits, now. */
  flush(): void;
  /** Fails what waits and every further write. */
  end(error: TransshipError): void;
};

type Waiting = { run: () => void; settle: () => void; fail: (error: TransshipError) => void };

/** So many operations block the event loop for some milliseconds; what is left over waits one turn more. */
const MAX_BATCH = 256;

export function groupCommit(
  database: DatabaseSync,
  { onCommit, onFailure }: { onCommit: () => void; onFailure: (error: unknown) => void },
): GroupCommit {
  const queue: Waiting[] = [];
  let isScheduled = false;
  let ended: TransshipError | undefined;

  function schedule(): void {
    if (isScheduled) return;
    isScheduled = true;
    setImmediate(commitBatch);
  }

  function commitBatch(): void {
    isScheduled = false;
    const batch = queue.splice(0, MAX_BATCH);
    if (queue.length > 0) schedule();
    if (batch.length === 0) return;
    try {
      database.exec('BEGIN IMMEDIATE');
      for (const waiting of batch) waiting.run();
      database.exec('COMMIT');
    } catch (error) {
      rollBack(database);
      onFailure(error);
      for (const waiting of batch) waiting.fail(storeError(error));
      return;
    }
    for (const waiting of batch) waiting.settle();
    onCommit();
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

function rollBack(database: DatabaseSync): void {
  try {
    if (database.isTransaction) database.exec('ROLLBACK');
  } catch {
    // SQLite rolls back by itself where it cannot go on; the error that led here is the one to tell.
  }
}
