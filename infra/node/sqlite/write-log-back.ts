// Writes SQLite's log back into its file when the store is idle, so that the commits of a busy time do not pay for it.
import type { DatabaseSync } from 'node:sqlite';
import type { Clock } from '../../../shared/jobs/clock.ts';

const IDLE_MS = 1000;

/** `wrote` is told after each commit. */
export function writeLogBack(database: DatabaseSync, clock: Clock): { wrote(): void; stop(): void } {
  let commits = 0;
  let callOff: (() => void) | undefined;

  function wait(): void {
    const before = commits;
    callOff = clock.after(IDLE_MS, () => {
      callOff = undefined;
      if (commits === before) checkpoint(database);
      else wait();
    });
  }

  return {
    wrote() {
      commits += 1;
      if (callOff === undefined) wait();
    },
    stop() {
      callOff?.();
    },
  };
}

/** Passive: it waits for nobody. A disk without room refuses it, and nothing is lost by that. */
function checkpoint(database: DatabaseSync): void {
  try {
    database.exec('PRAGMA wal_checkpoint(PASSIVE)');
  } catch {
    // the next commit meets the same trouble, and somebody waits for that one
  }
}
