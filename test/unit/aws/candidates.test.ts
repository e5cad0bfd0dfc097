// How the index of work is read: in few requests, however much waits.
import { expect, it } from 'vitest';
import { number, s, text, type Item } from '../../../infra/aws/dynamo/attributes.ts';
import type { Query, TableAccess } from '../../../infra/aws/dynamo/table-access.ts';
import { dueJobs } from '../../../infra/aws/job-store/candidates.ts';
import { jobIndexKeys } from '../../../infra/aws/job-store/keys.ts';
import { newJob } from '../../../shared/jobs/new-job.ts';

const NOW = new Date('2026-07-01T12:00:00Z');

function waiting(count: number, asked: { priority?: number; inMs?: number } = {}): Item[] {
  const { priority = 0, inMs = 0 } = asked;
  return Array.from({ length: count }, (_, index) => {
    const id = index.toString(16).padStart(8, '0');
    const runAt = new Date(NOW.getTime() + inMs);
    const job = newJob({ kind: 'mirror', payload: null, priority, runAt }, id, NOW);
    const keys = Object.entries(jobIndexKeys(job, id)).map(([name, value]) => [name, s(value)] as const);
    return { ...Object.fromEntries(keys), runAt: { N: String(runAt.getTime()) } };
  });
}

/** A table of which only the index is asked. */
function indexOf(items: readonly Item[]) {
  const asked: Query[] = [];
  const query: TableAccess['query'] = async (one) => {
    asked.push(one);
    const { ':group': group, ':from': from } = one.ExpressionAttributeValues ?? {};
    const behind = items
      .filter((item) => text(item, 'workGroup') === group?.S && text(item, 'workOrder') > (from?.S ?? ''))
      .toSorted((left, right) => (text(left, 'workOrder') < text(right, 'workOrder') ? -1 : 1));
    const page = behind.slice(0, one.Limit);
    return { items: page, last: page.length < behind.length ? page.at(-1) : undefined };
  };
  const unused = () => Promise.reject(new Error('the index is all that is read'));
  const table: TableAccess = {
    name: 'jobs',
    query,
    get: unused,
    getAll: unused,
    queryAll: unused,
    commit: unused,
    putAll: unused,
    deleteAll: unused,
  };
  return { table, asked };
}

async function all(table: TableAccess): Promise<Item[]> {
  const found: Item[] = [];
  for await (const item of dueJobs(table, 'mirror', NOW)) found.push(item);
  return found;
}

it('reads over thousands of jobs that all wait for a place in a few requests', async () => {
  const { table, asked } = indexOf(waiting(8000));
  expect(await all(table)).toHaveLength(8000);
  expect(asked.length).toBeLessThanOrEqual(12);
});

it('reads little where the first one is taken, and skips those whose time has not come', async () => {
  const later = waiting(2000, { priority: 9, inMs: 60_000 });
  const { table, asked } = indexOf([...later, ...waiting(8)]);
  const due = await all(table);
  expect(due.map((item) => number(item, 'runAt'))).toEqual(Array.from({ length: 8 }, () => NOW.getTime()));
  expect(asked.map(({ Limit }) => Limit)).toEqual(Array.from({ length: 8 }, () => 25));
});
