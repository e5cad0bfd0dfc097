// What passes between the server and the thread of its store: the calls of one turn of the event loop in one message, of a long turn in
// a few, and answers with what was committed. Plain data only: an object with behaviour, a Secret say, would lose it on the way and be
// taken for data.
import type { JobChange } from '../../../shared/jobs/job-store.ts';
import {
  TransshipError,
  isTransshipError,
  messageOf,
  type ErrorCode,
  type ErrorDetails,
} from '../../../shared/errors.ts';

/** A method of one of the ports of the store, or of the store as a whole where no port is named. */
export type Call = { id: number; port: string; method: string; args: readonly unknown[] };

export type Reply = { id: number; value: unknown } | { id: number; error: SentError };

/** Changes may come before the store is open: opening frees what the last process held. `failure`: it cannot be opened. */
export type FromThread = {
  isOpen: boolean;
  replies: readonly Reply[];
  changes: readonly JobChange[];
  failure?: SentError;
  /** Why nothing can be written any more: known before anybody asks, since whoever asks for it must not wait for a disk. */
  broken?: string | undefined;
};

export type SentError = {
  code: ErrorCode;
  message: string;
  hint: string | undefined;
  retryable: boolean;
  retryAfterMs: number | undefined;
  details: ErrorDetails;
  cause: string | undefined;
};

export function sentError(error: unknown): SentError {
  const { code, message, hint, retryable, retryAfterMs, details, cause } = isTransshipError(error)
    ? error
    : new TransshipError('internal', messageOf(error));
  return {
    code,
    message,
    hint,
    retryable,
    retryAfterMs,
    details,
    cause: cause === undefined ? undefined : messageOf(cause),
  };
}

export function receivedError({
  code,
  message,
  hint,
  retryable,
  retryAfterMs,
  details,
  cause,
}: SentError): TransshipError {
  return new TransshipError(code, message, {
    retryable,
    details,
    ...(hint === undefined ? {} : { hint }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ...(cause === undefined ? {} : { cause: new Error(cause) }),
  });
}

/** @throws TransshipError invalid-job where a part would arrive as another thing than it is */
export function assertSendable(args: readonly unknown[]): void {
  for (const arg of args) {
    const place = strangePart(arg);
    if (place !== undefined) throw new TransshipError('invalid-job', `${place.replace(/^\./, '')} is no plain data`);
  }
}

/** Where in the value it is, `.payload[0].secret` for one; undefined if there is none. */
function strangePart(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) {
    return typeof value === 'function' || typeof value === 'symbol' ? '' : undefined;
  }
  if (value instanceof Date) return undefined;
  if (!Array.isArray(value) && !isPlain(value)) return '';
  for (const [name, member] of Object.entries(value)) {
    const place = strangePart(member);
    if (place !== undefined) return `${Array.isArray(value) ? `[${name}]` : `.${name}`}${place}`;
  }
  return undefined;
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
