// Collects what one transaction writes. DynamoDB takes one write per item: counters and the lists of waiting jobs, which several moves may
// touch, are added up first.
import type { JobState } from '../../../shared/jobs/job.ts';
import { n, s, type Item } from '../dynamo/attributes.ts';
import { ABSENT, UNCOUNTED, heldBy, unchanged } from '../dynamo/conditions.ts';
import { COUNTER_SHARDS, counterKey, targetKey, waitingKey } from './keys.ts';
import { FORGET_AT } from './table.ts';
import type { Write } from '../dynamo/table-access.ts';

type Counter = JobState | 'accepted' | 'purged';

export type WriteSet = {
  put(item: Item, condition?: object): Write;
  update(key: Item, update: object): Write;
  remove(key: Item, condition?: object): Write;
  hold(target: string, jobId: string): void;
  free(target: string, jobId: string): void;
  count(counter: Counter, by: 1 | -1): void;
  joins(kind: string, coalesce: string, jobId: string): void;
  leaves(kind: string, coalesce: string, jobId: string): void;
  /** Replaces the list of those that wait with a purpose, if it is as it was seen; nothing else may touch it. */
  replaceWaiting(kind: string, coalesce: string, seen: Item | undefined, jobIds: readonly string[]): Write;
  all(): Write[];
};

/** A list of waiting jobs that nobody touched so long is empty. */
const FORGET_AFTER_MS = 60 * 24 * 3_600_000;

export function writeSet(TableName: string, now: Date, random: () => number): WriteSet {
  const writes: Write[] = [];
  const counts = new Map<Counter, number>();
  const waiting = new Map<string, { key: Item; joins: Set<string>; leaves: Set<string> }>();
  const forgetAt = n(Math.ceil((now.getTime() + FORGET_AFTER_MS) / 1000));

  function add(write: Write): Write {
    writes.push(write);
    return write;
  }

  function waitingOf(kind: string, coalesce: string) {
    const key = waitingKey(kind, coalesce);
    const name = key['pk']?.S ?? '';
    const known = waiting.get(name) ?? { key, joins: new Set(), leaves: new Set() };
    waiting.set(name, known);
    return known;
  }

  function waitingUpdate({ key, joins, leaves }: { key: Item; joins: Set<string>; leaves: Set<string> }): Write {
    const word = joins.size > 0 ? 'ADD' : 'DELETE';
    const SS = [...(joins.size > 0 ? joins : leaves)];
    // who saw the list before somebody joined has to look again; one that left is missed by its own item
    const rev = joins.size > 0 ? ', rev :one' : '';
    return {
      Update: {
        TableName,
        Key: key,
        UpdateExpression: `SET ${FORGET_AT} = :forgetAt ${word} jobIds :jobIds${rev}`,
        ExpressionAttributeValues: {
          ':forgetAt': forgetAt,
          ':jobIds': { SS },
          ...(rev === '' ? {} : { ':one': n(1) }),
        },
      },
    };
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
    free: (target, jobId) => void set.remove(targetKey(target), heldBy(jobId)),
    count: (counter, by) => void counts.set(counter, (counts.get(counter) ?? 0) + by),
    joins: (kind, coalesce, jobId) => void waitingOf(kind, coalesce).joins.add(jobId),
    leaves: (kind, coalesce, jobId) => void waitingOf(kind, coalesce).leaves.add(jobId),
    replaceWaiting(kind, coalesce, seen, jobIds) {
      const key = waitingKey(kind, coalesce);
      waiting.delete(key['pk']?.S ?? '');
      const rev = Number(seen?.['rev']?.N ?? 0);
      const item = { ...key, rev: n(rev + 1), jobIds: { SS: [...jobIds] }, [FORGET_AT]: forgetAt };
      return set.put(item, rev === 0 ? UNCOUNTED : unchanged(rev));
    },
    all: () => [...writes, ...[...waiting.values()].map(waitingUpdate), ...countUpdate()],
  };
  return set;
}
