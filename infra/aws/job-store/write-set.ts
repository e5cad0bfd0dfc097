// Collects what one transaction writes. DynamoDB takes one write per item: the counters, which several moves may touch, are added up first.
import type { JobState } from '../../../shared/jobs/job.ts';
import { n, s, type Item } from '../dynamo/attributes.ts';
import { ABSENT, UNCOUNTED, unchanged } from '../dynamo/conditions.ts';
import { COUNTER_SHARDS, counterKey, targetKey, waitingKey } from './keys.ts';
import { FORGET_AT } from './table.ts';
import type { Write } from '../dynamo/table-access.ts';

type Counter = JobState | 'accepted' | 'purged';

export type WriteSet = {
  put(item: Item, condition?: object): Write;
  update(key: Item, update: object): Write;
  remove(key: Item, condition?: object): Write;
  hold(target: string, jobId: string): void;
  /** Without a condition: that the job was running, as it was seen, says that it holds its targets. */
  free(target: string): void;
  count(counter: Counter, by: 1 | -1): void;
  joins(kind: string, coalesce: string, jobId: string): void;
  /** Replaces the list of those that wait with a purpose, if it is as it was seen; nothing else of the transaction may touch it. */
  replaceWaiting(kind: string, coalesce: string, seen: Item | undefined, jobIds: readonly string[]): Write;
  all(): Write[];
};

/** In a list of waiting jobs that nobody touched so long none waits any more. */
const FORGET_AFTER_MS = 60 * 24 * 3_600_000;

export function writeSet(TableName: string, now: Date, random: () => number): WriteSet {
  const writes: Write[] = [];
  const counts = new Map<Counter, number>();
  const forgetAt = n(Math.ceil((now.getTime() + FORGET_AFTER_MS) / 1000));

  function add(write: Write): Write {
    writes.push(write);
    return write;
  }

  function countUpdate(): Write[] {
    const changed = [...counts].filter(([, by]) => by !== 0);
    if (changed.length === 0) return [];
    return [
      {
        Update: {
          TableName,
          Key: counterKey(Math.floor(random() * COUNTER_SHARDS)),
          UpdateExpression: `ADD ${changed.map((_, index) => `#c${index} :c${index}`).join(', ')}`,
          ExpressionAttributeNames: Object.fromEntries(changed.map(([name], index) => [`#c${index}`, name])),
          ExpressionAttributeValues: Object.fromEntries(changed.map(([, by], index) => [`:c${index}`, n(by)])),
        },
      },
    ];
  }

  const set: WriteSet = {
    put: (Item, condition = {}) => add({ Put: { TableName, Item, ...condition } }),
    update: (Key, update) => add({ Update: { TableName, Key, UpdateExpression: '', ...update } }),
    remove: (Key, condition = {}) => add({ Delete: { TableName, Key, ...condition } }),
    hold: (target, jobId) => void set.put({ ...targetKey(target), jobId: s(jobId) }, ABSENT),
    free: (target) => void set.remove(targetKey(target)),
    count: (counter, by) => void counts.set(counter, (counts.get(counter) ?? 0) + by),
    joins: (kind, coalesce, jobId) =>
      void set.update(waitingKey(kind, coalesce), {
        // who saw the list before somebody joined has to look again
        UpdateExpression: `SET ${FORGET_AT} = :forgetAt ADD jobIds :jobIds, rev :one`,
        ExpressionAttributeValues: { ':forgetAt': forgetAt, ':jobIds': { SS: [jobId] }, ':one': n(1) },
      }),
    replaceWaiting(kind, coalesce, seen, jobIds) {
      const key = waitingKey(kind, coalesce);
      const rev = Number(seen?.['rev']?.N ?? 0);
      const item = { ...key, rev: n(rev + 1), jobIds: { SS: [...jobIds] }, [FORGET_AT]: forgetAt };
      return set.put(item, rev === 0 ? UNCOUNTED : unchanged(rev));
    },
    all: () => [...writes, ...countUpdate()],
  };
  return set;
}
