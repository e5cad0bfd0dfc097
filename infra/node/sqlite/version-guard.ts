// Which versions of SQLite may hold the jobs: those that do not lose commits when the write-ahead log starts anew.
// https://sqlite.org/wal.html#walresetbug
import { TransshipError } from '../../../shared/errors.ts';

/** @throws TransshipError store-unavailable for a version with the defect, or that was withdrawn */
export function assertSafeSqlite(version: string): void {
  const [major = 0, minor = 0, patch = 0] = version.split('.').map(Number);
  if (major > 3 || (major === 3 && (minor >= 53 || (minor === 51 && patch >= 3)))) return;
  throw new TransshipError('store-unavailable', `SQLite ${version} can lose committed jobs`, {
    hint: 'run Transship with Node 24.18.1 or later',
  });
}
