// Adds a move of a job to a transaction: the job with its history, the leases on its targets, its place among those that wait, its
// messages and the counters. Everything is checked before anything is sent.
import { createHash } from 'node:crypto';
import { jsonText } from '../../../shared/jobs/json.ts';
import type { JobEvent } from '../../../shared/jobs/job.ts';
import { MAX_MESSAGE_BYTES } from '../../../shared/jobs/new-job.ts';
import type { Move } from '../../../shared/jobs/transitions.ts';
import type { AgeOrder } from '../dynamo/age-order.ts';
import { ABSENT, unchanged } from '../dynamo/conditions.ts';
import { assertLine, jobItem, linesText, pageItem, type StoredJob } from './job-items.ts';
import { outboxItem, packetItems, type Message } from './message-items.ts';
import { canWake } from './wake-workers.ts';
import type { Write } from '../dynamo/table-access.ts';
import type { WriteSet } from './write-set.ts';

/** So many lines stay with the job, and so much; then they become a page. */
export const LINES_PER_PAGE = 20;
const MAX_LINES_BYTES = 16 * 1024;
/** Room that a transaction of 100 writes has beside 80 targets. */
const MAX_SINGLE_MESSAGES = 10;

export type MoveWritten = { after: StoredJob; /** The write of the job itself. */ write: Write };

export function writeNewJob(
  set: WriteSet,
  { job, event }: Move,
  age: string,
  key: string | undefined,
  now: Date,
): MoveWritten {
  const lines = event === undefined ? [] : [{ sequence: 1, at: now, ...event }];
  const after = { job, rev: 1, age, key, lines, pagedTo: 0, woken: canWake(job, now) };
  set.count('accepted', 1);
  set.count(job.state, 1);
  return { after, write: set.put(jobItem(after), ABSENT) };
}

export function writeMove(set: WriteSet, before: StoredJob, move: Move, now: Date, order: AgeOrder): MoveWritten {
  const { job, event } = move;
  if (event !== undefined) assertLine(event.data, event.type === 'progress' ? 'progress' : 'event');
  const added: JobEvent[] =
    event === undefined ? [] : [{ sequence: before.pagedTo + before.lines.length + 1, at: now, ...event }];
  const lines = [...before.lines, ...added];
  const isFull = lines.length > LINES_PER_PAGE || Buffer.byteLength(linesText(lines)) > MAX_LINES_BYTES;
  const paged = isFull ? before.lines : [];
  const waitsAgain = job.state === 'READY' && before.job.state !== 'READY';
  const after: StoredJob = {
    ...before,
    job,
    rev: before.rev + 1,
    lines: isFull ? added : lines,
    pagedTo: before.pagedTo + paged.length,
    woken: waitsAgain ? canWake(job, now) : before.woken,
  };
  // first, so that a transaction says first whether the job is as it was seen
  const write = set.put(jobItem(after), unchanged(before.rev));
  if (paged.length > 0) set.put(pageItem(job.id, paged));
  if (job.state !== before.job.state) writeChangeOfState(set, before, after);
  writeMessages(set, move, now, order);
  return { after, write };
}

function writeChangeOfState(set: WriteSet, { job: before }: StoredJob, { job }: StoredJob): void {
  set.count(before.state, -1);
  set.count(job.state, 1);
  if (job.state === 'LEASED') for (const target of job.targets) set.hold(target, job.id);
  if (before.state === 'LEASED') for (const target of job.targets) set.free(target);
  // it does not leave the list when it runs or ends: whoever reads the list reads its jobs, too
  if (job.coalesce !== undefined && job.state === 'READY') set.joins(job.kind, job.coalesce, job.id);
}

/** A message's id follows from the transition, so that whoever gets it twice can tell. */
function writeMessages(set: WriteSet, { job, outbox }: Move, now: Date, order: AgeOrder): void {
  const messages: Message[] = outbox.map(({ type, body }, index) => ({
    id: createHash('sha256').update(`${job.id}\n${job.fence}\n${job.state}\n${index}`).digest('hex'),
    jobId: job.id,
    type,
    body: jsonText(body, MAX_MESSAGE_BYTES, 'message'),
    createdAtMs: now.getTime(),
    age: order(),
  }));
  const items = messages.length > MAX_SINGLE_MESSAGES ? packetItems(messages) : messages.map(outboxItem);
  for (const item of items) set.put(item);
}
