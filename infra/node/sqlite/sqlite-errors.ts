// What SQLite's error numbers mean for a store of jobs. Every error of node:sqlite has the same `code`; `errcode` tells them apart.
// https://sqlite.org/rescode.html
import { TransshipError, isTransshipError, messageOf } from '../../../shared/errors.ts';

const BUSY = 5;
const READONLY = 8;
const IOERR = 10;
const CORRUPT = 11;
const FULL = 13;
const NOTADB = 26;
/** Too big, a broken constraint, a wrong type, a bad index: SQLite's words for a statement that is wrong in itself. */
const OF_STATEMENT: readonly number[] = [18, 19, 20, 25];
/** The disk said that it did not keep what it had taken: what is on it is unknown until the file is read anew. */
const IOERR_FSYNC = 10 | (4 << 8);

const RETRY_AFTER_MS = 5000;

/** The error for whoever waited on the store. */
export function storeError(error: unknown): TransshipError {
  if (isTransshipError(error)) return error;
  const number = errorNumber(error);
  const [what, hint] = meaning(number) ?? [messageOf(error), undefined];
  const code = primary(number) === BUSY ? 'store-locked' : 'store-unavailable';
  const mayPass = [READONLY, IOERR, FULL].includes(primary(number)) && !isFatal(error);
  return new TransshipError(code, `the job store cannot be used: ${what}`, {
    retryable: mayPass,
    ...(mayPass ? { retryAfterMs: RETRY_AFTER_MS } : {}),
    ...(hint === undefined ? {} : { hint }),
    details: { sqliteError: number },
    cause: error,
  });
}

export function isDiskFull(error: unknown): boolean {
  return primary(errorNumber(error)) === FULL;
}

/** True when nothing more may be written by this process. */
export function isFatal(error: unknown): boolean {
  const number = errorNumber(error);
  return number === IOERR_FSYNC || [CORRUPT, NOTADB].includes(primary(number));
}

/** True where the one who wrote is wrong, not the store: what others write is fine. */
export function isOfStatement(error: unknown): boolean {
  const number = errorNumber(error);
  return number === 0 || OF_STATEMENT.includes(primary(number));
}

function meaning(number: number): readonly [string, string] | undefined {
  switch (primary(number)) {
    case BUSY:
      return ['another process owns it', 'one process owns the data folder; talk to the server that runs'];
    case READONLY:
      return ['it is read-only', 'check the rights of the data folder and how its file system is mounted'];
    case IOERR:
      return ['the disk failed', 'check the disk and its quota'];
    case CORRUPT:
    case NOTADB:
      return ['its file is damaged', 'restore the data folder from a backup'];
    case FULL:
      return ['the disk is full', 'free space on the disk of the data folder'];
    default:
      return undefined;
  }
}

function errorNumber(error: unknown): number {
  return error instanceof Error && 'errcode' in error && typeof error.errcode === 'number' ? error.errcode : 0;
}

function primary(number: number): number {
  return number & 0xff;
}
