// What the keys of the table and of its indexes are made of. What is spread over shards keeps each partition of an index far from its
// limit of writes.
//
//   J#<job> J            the job with its newest lines of history      D#<key>        the job that a key stands for
//   J#<job> E#<last>     older lines, a page each                      L#<target>     the job that holds a target
//   O#<message>          what the outside is to be told                W#<purpose>    the jobs that wait with one purpose
//   S <schedule>         a schedule                                    N#<shard>      counters
//   C#<kind>             where the next claim looks further (offered-jobs.ts)
import type { Job } from '../../../shared/jobs/job.ts';
import { text, type Item } from '../dynamo/attributes.ts';
import { itemKey, part, timeKey } from '../dynamo/key-parts.ts';

/** May grow and never shrink: what was written stays where it is. */
const SHARDS = 4;
export const COUNTER_SHARDS = 16;

/** Behind everything that continues with a digit. */
export const LAST = '~';

export const JOB_ROW = 'J';
export const SCHEDULES = 'S';

export const jobKey = (id: string): Item => itemKey(`J#${id}`, JOB_ROW);
export const pageKey = (id: string, last: number): Item => itemKey(`J#${id}`, pageRow(last));
export const dedupeKey = (name: string): Item => itemKey(`D#${part(name)}`);
export const targetKey = (name: string): Item => itemKey(`L#${part(name)}`);
export const messageKey = (id: string): Item => itemKey(`O#${id}`);
export const scheduleKey = (id: string): Item => itemKey(SCHEDULES, part(id));
export const counterKey = (shard: number): Item => itemKey(`N#${shard}`);
export const placeKey = (kind: string): Item => itemKey(`C#${part(kind)}`);
export const waitingKey = (kind: string, coalesce: string): Item =>
  itemKey(`W#${part(JSON.stringify([kind, coalesce]))}`);

/** The id of a job from its item, or from what an index has of it. */
export function jobIdOf(item: Item): string {
  return text(item, 'pk').slice('J#'.length);
}

/** The sort key of a page of history, by its last line. */
export function pageRow(last: number): string {
  return `E#${String(last).padStart(10, '0')}`;
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
