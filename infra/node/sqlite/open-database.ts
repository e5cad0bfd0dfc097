// Opens the file of the job store as its only owner, durable at every commit, checked after a stop that was none.
import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { TransshipError } from '../../../shared/errors.ts';
import { closeToOthers, makeOwnFile } from '../owner-only.ts';
import { readMeta, writeMeta } from './meta.ts';
import { migrate } from './schema.ts';
import { storeError } from './sqlite-errors.ts';
import { assertSafeSqlite } from './version-guard.ts';

export type OpenDatabase = {
  database: DatabaseSync;
  /** New at every opening: whoever held a lease under another one is gone. */
  bootId: string;
};

/** SQLite's calls block the process: a lock is not waited for longer than this. */
const BUSY_TIMEOUT_MS = 50;
/** 16 MiB of log at 4 KiB a page; an idle store writes it back earlier. */
const LOG_PAGES = 4096;

/** @throws TransshipError store-locked where another process owns the file, store-unavailable where it cannot be used */
export function openDatabase(file: string): OpenDatabase {
  let database: DatabaseSync | undefined;
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    closeToOthers(dirname(file));
    // SQLite gives its log the rights of the file
    makeOwnFile(file);
    database = new DatabaseSync(file, { timeout: BUSY_TIMEOUT_MS, defensive: true });
    setPragmas(database);
    assertSafeSqlite(String(database.prepare('SELECT sqlite_version() AS version').get()?.['version']));
    return { database, bootId: begin(database) };
  } catch (error) {
    database?.close();
    throw storeError(error);
  }
}

function setPragmas(database: DatabaseSync): void {
  // Exclusive before anything reads the file: then there is no shared memory beside it, and a second process is refused at once.
  // https://sqlite.org/wal.html#use_of_wal_without_shared_memory
  database.exec('PRAGMA locking_mode = EXCLUSIVE');
  const mode = database.prepare('PRAGMA journal_mode = WAL').get()?.['journal_mode'];
  if (mode !== 'wal') {
    throw new TransshipError('store-unavailable', 'the disk of the data folder cannot hold the job store', {
      hint: 'use a local disk, not a network share',
    });
  }
  database.exec(`PRAGMA synchronous = FULL; PRAGMA trusted_schema = OFF; PRAGMA wal_autocheckpoint = ${LOG_PAGES}`);
}

/** Tables, check and the new owner's mark in one transaction. */
function begin(database: DatabaseSync): string {
  const bootId = randomUUID();
  database.exec('BEGIN IMMEDIATE');
  migrate(database);
  if (readMeta(database, 'clean') === 'no') assertIntegrity(database);
  writeMeta(database, 'boot_id', bootId);
  writeMeta(database, 'clean', 'no');
  database.exec('COMMIT');
  return bootId;
}

function assertIntegrity(database: DatabaseSync): void {
  const found = database
    .prepare('PRAGMA integrity_check(3)')
    .all()
    .map((row) => String(row['integrity_check']));
  if (found.length === 1 && found[0] === 'ok') return;
  throw new TransshipError('store-unavailable', `the file of the job store is damaged: ${found.join('; ')}`, {
    hint: 'restore the data folder from a backup',
  });
}

/** Marks the store as closed on purpose and writes the log back; where that fails, the next opening checks the file. */
export function closeDatabase(database: DatabaseSync): void {
  if (!database.isOpen) return;
  try {
    writeMeta(database, 'clean', 'yes');
    database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  } catch {
    // everything that was acknowledged is in the log already
  }
  database.close();
}
