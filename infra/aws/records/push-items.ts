// Pushes as items, and back. A push is recorded while its jobs are being accepted: which they are is found by their keys, when somebody
// asks. What was there before is written down: it may be removed before the record is.
import type { PushEvent } from '../../../shared/events/push-event.ts';
import type { NewPush, PushRecord } from '../../../shared/events/push-log.ts';
import { n, number, s, text, type Item } from '../dynamo/attributes.ts';
import type { KeyedJob } from '../job-store/jobs-by-key.ts';
import { pushIndexKeys, pushKey } from './keys.ts';

/** Of the 400 KB of an item; a push that asks for more jobs than it can name names the first. */
const MAX_JOBS_BYTES = 256 * 1024;

type JobOf = { key: string; /** Absent: not known when it was recorded. */ id?: string };

/** A job that was accepted so much later is another one of the same key: the first one was removed. */
const SAME_WITHIN_MS = 3_600_000;

export function pushItem(
  { id, receivedAt, event, jobKeys }: NewPush,
  known: ReadonlyMap<string, KeyedJob>,
  age: string,
): Item {
  const jobs: JobOf[] = [];
  let bytes = 0;
  for (const key of jobKeys) {
    const job = known.get(key);
    const its = job === undefined ? { key } : { key, id: job.id };
    bytes += Buffer.byteLength(JSON.stringify(its)) + 1;
    if (bytes > MAX_JOBS_BYTES) break;
    jobs.push(its);
  }
  const isRepeated = jobKeys.some((key) => isBefore(known.get(key), receivedAt));
  return {
    ...pushKey(id),
    ...pushIndexKeys(event, age),
    id: s(id),
    receivedAt: n(receivedAt.getTime()),
    event: s(JSON.stringify(event)),
    jobs: s(JSON.stringify(jobs)),
    isRepeated: { BOOL: isRepeated },
  };
}

/** The keys of jobs that were not known when the push was recorded. */
export function openKeys(item: Item): string[] {
  return jobsOf(item).flatMap(({ key, id }) => (id === undefined ? [key] : []));
}

export function pushRecord(item: Item, found: ReadonlyMap<string, KeyedJob>): PushRecord {
  const receivedAt = new Date(number(item, 'receivedAt'));
  const event: PushEvent = JSON.parse(text(item, 'event'));
  const its = openKeys(item).flatMap((key): [string, KeyedJob][] => {
    const job = found.get(key);
    const isIts = job !== undefined && job.acceptedAt.getTime() - receivedAt.getTime() <= SAME_WITHIN_MS;
    return isIts ? [[key, job]] : [];
  });
  const byKey = new Map(its);
  return {
    id: text(item, 'id'),
    receivedAt,
    event,
    jobIds: jobsOf(item).flatMap(({ key, id = byKey.get(key)?.id }) => (id === undefined ? [] : [id])),
    isRepeated: item['isRepeated']?.BOOL === true || its.some(([, job]) => isBefore(job, receivedAt)),
  };
}

function jobsOf(item: Item): JobOf[] {
  return JSON.parse(text(item, 'jobs'));
}

function isBefore(job: KeyedJob | undefined, receivedAt: Date): boolean {
  return job !== undefined && job.acceptedAt < receivedAt;
}
