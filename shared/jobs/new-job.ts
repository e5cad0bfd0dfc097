// Turns what is asked for into a job, within the sizes that every store can hold.
import { TransshipError } from '../errors.ts';
import { MAX_ATTEMPTS } from './backoff.ts';
import type { Job, NewJob } from './job.ts';

// One DynamoDB item holds 400 KB and one transaction 100 items; a job must fit there with all its leases. All of these together leave room
// for what a job becomes in its life: one that was accepted can always be claimed, be given back, and end.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
export const MAX_PAYLOAD_BYTES = 96 * 1024;
export const MAX_CHECKPOINT_BYTES = 64 * 1024;
export const MAX_RESULT_BYTES = 128 * 1024;
export const MAX_EVENT_BYTES = 4 * 1024;
export const MAX_MESSAGE_BYTES = 64 * 1024;
/** Targets and hosts as JSON. The message that a dead job leaves names all its targets. */
const MAX_NAMES_BYTES = 48 * 1024;
/** A job that runs for days tells of its progress every second. */
export const MAX_PROGRESS_LINES = 1000;
const MAX_TARGETS = 80;
const MAX_NAME_LENGTH = 1024;

/** The job in its first state. @throws TransshipError invalid-job */
export function newJob(asked: NewJob, id: string, now: Date): Job {
  const targets = [...new Set(asked.targets)].sort();
  if (targets.length > MAX_TARGETS) invalid(`a job has at most ${MAX_TARGETS} targets, not ${targets.length}`);
  const hosts = [...new Set(asked.hosts)].sort();
  for (const name of [asked.kind, ...targets, ...hosts]) assertName(name);
  for (const name of [asked.coalesce, asked.traceparent]) if (name !== undefined) assertName(name);
  assertRoom(targets, hosts);
  return {
    id,
    kind: asked.kind,
    targets,
    coalesce: asked.coalesce ?? purposeOf(targets),
    hosts,
    payload: asked.payload,
    priority: integer(asked.priority ?? 0, -1_000_000, 'priority'),
    state: 'READY',
    acceptedAt: now,
    runAt: asked.runAt ?? now,
    leaseUntil: undefined,
    owner: undefined,
    fence: 0,
    attempts: 0,
    maxAttempts: integer(asked.maxAttempts ?? MAX_ATTEMPTS, 1, 'maxAttempts'),
    advanced: false,
    cancelRequested: false,
    checkpoint: undefined,
    result: undefined,
    problem: undefined,
    supersededBy: undefined,
    traceparent: asked.traceparent,
    finishedAt: undefined,
  };
}

/** What a job is for that says nothing else: its targets. */
export function purposeOf(targets: readonly string[]): string | undefined {
  return targets.length === 0 ? undefined : JSON.stringify(targets);
}

function assertRoom(targets: readonly string[], hosts: readonly string[]): void {
  const sizeBytes = Buffer.byteLength(JSON.stringify([targets, hosts]));
  if (sizeBytes <= MAX_NAMES_BYTES) return;
  throw new TransshipError(
    'invalid-job',
    `the ${targets.length} targets of a job and their hosts have ${sizeBytes} bytes, more than the ${MAX_NAMES_BYTES} allowed`,
    { hint: 'ask for some of the targets with one job and for the others with another' },
  );
}

/** A kind, target, host or key as a store can index it. @throws TransshipError invalid-job */
export function assertName(name: string): void {
  if (name === '' || name.length > MAX_NAME_LENGTH) {
    invalid(`a name in a job has 1 to ${MAX_NAME_LENGTH} characters, not ${name.length}`);
  }
}

function integer(value: number, least: number, what: string): number {
  if (!Number.isInteger(value) || value < least || value > 1_000_000) invalid(`${what} cannot be ${value}`);
  return value;
}

function invalid(message: string): never {
  throw new TransshipError('invalid-job', message);
}
