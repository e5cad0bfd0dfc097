// What the keys of the table and of its indexes are made of. Text sorts them, so numbers are padded; what is spread over shards keeps
// each partition of an index far from its limit of writes.
//
//   J#<job> J            the job with its newest lines of history      D#<key>        the job that a key stands for
//   J#<job> E#<last>     older lines, a page each                      L#<target>     the job that holds a target
//   O#<message>          what the outside is to be told                W#<purpose>    the jobs that wait with one purpose
//   S <schedule>         a schedule                                    N#<shard>      counters
import { createHash } from 'node:crypto';
import type { Job } from '../../../shared/jobs/job.ts';
import { s, text, type Item } from './attributes.ts';

/** May grow and never shrink: what was written stays where it is. */
const SHARDS = 4;
export const COUNTER_SHARDS = 16;

/** Behind everything that continues with a digit. */
const LAST = '~';
/** A partition key has at most 2,048 bytes, a sort key of an index 1,024. */
const MAX_PART_BYTES = 512;

export const JOB_ROW = 'J';
export const SCHEDULES = 'S';

export const jobKey = (id: string): Item => key(`J#${id}`, JOB_ROW);
export const pageKey = (id: string, last: number): Item => key(`J#${id}`, pageRow(last));
export const dedupeKey = (name: string): Item => key(`D#${part(name)}`);
export const targetKey = (name: string): Item => key(`L#${part(name)}`);
export const messageKey = (id: string): Item => key(`O#${id}`);
export const scheduleKey = (id: string): Item => key(SCHEDULES, part(id));
export const counterKey = (shard: number): Item => key(`N#${shard}`);
export const waitingKey = (kind: string, coalesce: string): Item => key(`W#${part(JSON.stringify([kind, coalesce]))}`);

/** The id of a job from its item, or from what an index has of it. */
export function jobIdOf(item: Item): string {
  return text(item, 'pk').slice('J#'.length);
}

/** The sort key of a page of history, by its last line. */
export function pageRow(last: number): string {
  return `E#${String(last).padStart(10, '0')}`;
}

export function timeKey(at: Date): string {
  return String(at.getTime()).padStart(16, '0');
}

export const readyGroups = (kind: string): string[] => shards(`READY#${part(kind)}`);
export const leasedGroups = (): string[] => shards('LEASED');
export const endedGroups = (): string[] => shards('ENDED');
export const messageGroups = (): string[] => shards('OUTBOX');
export const ageGroups = (): string[] => shards('JOB');
export const stateGroups = (state: Job['state']): string[] => shards(`IN#${state}`);

/** Where the indexes find a job. */
export function jobIndexKeys(job: Job, age: string): Record<string, string> {
  const shard = shardOf(job.id);
  const groups = { stateGroup: `IN#${job.state}#${shard}`, ageGroup: `JOB#${shard}`, age };
  if (job.state === 'READY') {
    const workOrder = `${priorityKey(job.priority)}#${timeKey(job.runAt)}#${age}`;
    return { ...groups, workGroup: `READY#${part(job.kind)}#${shard}`, workOrder };
  }
  const at = job.state === 'LEASED' ? job.leaseUntil : job.finishedAt;
  const group = job.state === 'LEASED' ? 'LEASED' : 'ENDED';
  return { ...groups, workGroup: `${group}#${shard}`, workOrder: `${timeKey(at ?? job.acceptedAt)}#${age}` };
}

export function messageIndexKeys(id: string, nextAt: Date, age: string): Record<string, string> {
  return { workGroup: `OUTBOX#${shardOf(id)}`, workOrder: `${timeKey(nextAt)}#${age}` };
}

/** What a place in the queue says: from when on, and where those of the next priority begin. */
export function placeOf(workOrder: string): { runAtMs: number; behindPriority: string } {
  const [priority = '', runAt = ''] = workOrder.split('#');
  return { runAtMs: Number(runAt), behindPriority: `${priority}#${LAST}` };
}

/** A higher one sorts first. */
function priorityKey(priority: number): string {
  return String(1_000_000 - priority).padStart(7, '0');
}

/** Ids of jobs and messages end in hexadecimal digits that are as good as random. */
function shardOf(id: string): number {
  return Number.parseInt(id.slice(-4), 16) % SHARDS;
}

function shards(group: string): string[] {
  return Array.from({ length: SHARDS }, (_, shard) => `${group}#${shard}`);
}

function part(name: string): string {
  if (Buffer.byteLength(name) <= MAX_PART_BYTES) return `=${name}`;
  return `+${createHash('sha256').update(name).digest('hex')}`;
}

function key(pk: string, sk = '-'): Item {
  return { pk: s(pk), sk: s(sk) };
}
