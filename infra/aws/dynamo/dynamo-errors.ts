// What the errors of DynamoDB mean for a store.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html
import {
  ConditionalCheckFailedException,
  ProvisionedThroughputExceededException,
  TransactionCanceledException,
  TransactionConflictException,
  TransactionInProgressException,
  type TransactWriteItem,
} from '@aws-sdk/client-dynamodb';
import { TransshipError, isTransshipError, messageOf } from '../../../shared/errors.ts';
import type { Item } from './attributes.ts';

/** The writes whose condition did not hold, with what is there instead. */
export type Refused<Write> = ReadonlyMap<Write, Item | undefined>;

const RETRY_AFTER_MS = 5000;
const HINTS: Readonly<Record<string, string>> = {
  ResourceNotFoundException: 'check the name and the region of the table, and that it was deployed',
  AccessDeniedException: 'the role of this function must be allowed this call on the table and its indexes',
};
/** Reasons within a cancelled transaction that go away by themselves. */
const PASSING: readonly (string | undefined)[] = [
  'TransactionConflict',
  'ThrottlingError',
  'ProvisionedThroughputExceeded',
];

/** The error for whoever waited on the store. */
export function storeError(error: unknown, tableName: string): TransshipError {
  if (isTransshipError(error)) return error;
  const name = error instanceof Error ? error.name : 'Error';
  const hint = HINTS[name];
  const mayPass = hint === undefined && name !== 'ValidationException';
  return new TransshipError(
    'store-unavailable',
    `the table ${tableName} cannot be used: ${name}: ${messageOf(error)}`,
    {
      retryable: mayPass,
      ...(mayPass ? { retryAfterMs: RETRY_AFTER_MS } : {}),
      ...(hint === undefined ? {} : { hint }),
      cause: error,
    },
  );
}

/** True when the same write may succeed in a moment: somebody else was writing, or too much was written. */
export function isPassing(error: unknown): boolean {
  if (error instanceof TransactionCanceledException) {
    return (error.CancellationReasons ?? []).every(({ Code }) => Code === 'None' || PASSING.includes(Code));
  }
  return (
    error instanceof TransactionConflictException ||
    error instanceof TransactionInProgressException ||
    error instanceof ProvisionedThroughputExceededException
  );
}

/** True where DynamoDB counts more bytes than an item or a transaction has. */
export function isTooLarge(error: unknown): boolean {
  const reasons = error instanceof TransactionCanceledException ? (error.CancellationReasons ?? []) : [];
  const refusals = reasons.filter(({ Code }) => Code === 'ValidationError').map(({ Message }) => Message);
  if (error instanceof Error && error.name === 'ValidationException') refusals.push(error.message);
  return refusals.some((message) => /size.*exceed/i.test(message ?? ''));
}

/** Empty where the error is about something else. */
export function refusedOf<Write extends TransactWriteItem>(writes: readonly Write[], error: unknown): Refused<Write> {
  const refused = new Map<Write, Item | undefined>();
  const [only] = writes;
  if (error instanceof ConditionalCheckFailedException && only !== undefined) refused.set(only, error.Item);
  if (error instanceof TransactionCanceledException) {
    for (const [index, write] of writes.entries()) {
      const reason = error.CancellationReasons?.[index];
      if (reason?.Code === 'ConditionalCheckFailed') refused.set(write, reason.Item);
    }
  }
  return refused;
}
