// What stands under the key that a job was accepted with: which job, and when it was accepted.
import type { Job } from '../../../shared/jobs/job.ts';
import { n, number, s, text, type Item } from '../dynamo/attributes.ts';
import type { TableAccess } from '../dynamo/table-access.ts';
import { dedupeKey } from './keys.ts';

export type KeyedJob = { id: string; acceptedAt: Date };

export function keyItem(key: string, { id, acceptedAt }: Job): Item {
  return { ...dedupeKey(key), jobId: s(id), acceptedAt: n(acceptedAt.getTime()) };
}

/** By key; those of which there is no job, or none any more, are left out. @throws TransshipError store-unavailable */
export async function jobsByKey(table: TableAccess, keys: Iterable<string>): Promise<ReadonlyMap<string, KeyedJob>> {
  const asked = new Map([...keys].map((key) => [text(dedupeKey(key), 'pk'), key]));
  const found = asked.size === 0 ? [] : await table.getAll([...asked.values()].map(dedupeKey));
  return new Map(
    found.flatMap((item): [string, KeyedJob][] => {
      const key = asked.get(text(item, 'pk'));
      return key === undefined
        ? []
        : [[key, { id: text(item, 'jobId'), acceptedAt: new Date(number(item, 'acceptedAt')) }]];
    }),
  );
}
