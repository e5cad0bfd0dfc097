// Jobs and what hangs on them as rows, and back. Times are milliseconds, data is JSON text.
import type { SQLInputValue, SQLOutputValue } from 'node:sqlite';
import {
  JOB_EVENT_TYPES,
  JOB_STATES,
  type Job,
  type JobEvent,
  type JobEventType,
  type JobState,
} from '../../../shared/jobs/job.ts';
import { jsonText } from '../../../shared/jobs/json.ts';
import { MAX_CHECKPOINT_BYTES, MAX_RESULT_BYTES } from '../../../shared/jobs/new-job.ts';

export type Row = Record<string, SQLOutputValue>;
export type Values = Record<string, SQLInputValue>;

/** What never changes in a job. */
export const FIXED_COLUMNS = [
  'id',
  'kind',
  'targets',
  'coalesce_key',
  'hosts',
  'payload',
  'priority',
  'accepted_at',
  'max_attempts',
  'traceparent',
] as const;

/** What a move may change. */
export const CHANGING_COLUMNS = [
  'state',
  'run_at',
  'lease_until',
  'owner',
  'fence',
  'attempts',
  'advanced',
  'cancel_requested',
  'checkpoint',
  'result',
  'problem',
  'superseded_by',
  'finished_at',
] as const;

export function fixedValues(job: Job): Record<(typeof FIXED_COLUMNS)[number], SQLInputValue> {
  return {
    id: job.id,
    kind: job.kind,
    targets: JSON.stringify(job.targets),
    coalesce_key: job.coalesce ?? null,
    hosts: JSON.stringify(job.hosts),
    // checked when it was asked for, before it got into a transaction
    payload: JSON.stringify(job.payload),
    priority: job.priority,
    accepted_at: job.acceptedAt.getTime(),
    max_attempts: job.maxAttempts,
    traceparent: job.traceparent ?? null,
  };
}

export function changingValues(job: Job): Record<(typeof CHANGING_COLUMNS)[number], SQLInputValue> {
  return {
    state: job.state,
    run_at: job.runAt.getTime(),
    lease_until: job.leaseUntil?.getTime() ?? null,
    owner: job.owner ?? null,
    fence: job.fence,
    attempts: job.attempts,
    advanced: job.advanced ? 1 : 0,
    cancel_requested: job.cancelRequested ? 1 : 0,
    checkpoint: job.checkpoint === undefined ? null : jsonText(job.checkpoint, MAX_CHECKPOINT_BYTES, 'checkpoint'),
    result: job.result === undefined ? null : jsonText(job.result, MAX_RESULT_BYTES, 'result'),
    problem: job.problem === undefined ? null : JSON.stringify(job.problem),
    superseded_by: job.supersededBy ?? null,
    finished_at: job.finishedAt?.getTime() ?? null,
  };
}

export function jobOf(row: Row): Job {
  return {
    id: text(row, 'id'),
    kind: text(row, 'kind'),
    targets: parsed(row, 'targets') ?? [],
    coalesce: optionalText(row, 'coalesce_key'),
    hosts: parsed(row, 'hosts') ?? [],
    payload: parsed(row, 'payload') ?? null,
    priority: integer(row, 'priority'),
    state: stateOf(row),
    acceptedAt: time(row, 'accepted_at'),
    runAt: time(row, 'run_at'),
    leaseUntil: optionalTime(row, 'lease_until'),
    owner: optionalText(row, 'owner'),
    fence: integer(row, 'fence'),
    attempts: integer(row, 'attempts'),
    maxAttempts: integer(row, 'max_attempts'),
    advanced: integer(row, 'advanced') === 1,
    cancelRequested: integer(row, 'cancel_requested') === 1,
    checkpoint: parsed(row, 'checkpoint'),
    result: parsed(row, 'result'),
    problem: parsed(row, 'problem'),
    supersededBy: optionalText(row, 'superseded_by'),
    traceparent: optionalText(row, 'traceparent'),
    finishedAt: optionalTime(row, 'finished_at'),
  };
}

export function eventOf(row: Row): JobEvent {
  return {
    sequence: integer(row, 'sequence'),
    at: time(row, 'at'),
    type: eventTypeOf(row),
    data: parsed(row, 'data') ?? null,
  };
}

export function stateOf(row: Row): JobState {
  const state = JOB_STATES.find((known) => known === row['state']);
  if (state === undefined) throw new TypeError(`no state of a job: ${String(row['state'])}`);
  return state;
}

function eventTypeOf(row: Row): JobEventType {
  const type = JOB_EVENT_TYPES.find((known) => known === row['type']);
  if (type === undefined) throw new TypeError(`no event of a job: ${String(row['type'])}`);
  return type;
}

export function text(row: Row, column: string): string {
  return optionalText(row, column) ?? '';
}

export function integer(row: Row, column: string): number {
  return Number(row[column]);
}

export function time(row: Row, column: string): Date {
  return new Date(integer(row, column));
}

/** JSON that this store wrote itself, in the shape that the column has. */
export function parsed(row: Row, column: string) {
  const value = optionalText(row, column);
  return value === undefined ? undefined : JSON.parse(value);
}

function optionalText(row: Row, column: string): string | undefined {
  const value = row[column];
  return typeof value === 'string' ? value : undefined;
}

export function optionalTime(row: Row, column: string): Date | undefined {
  return row[column] === null ? undefined : time(row, column);
}
