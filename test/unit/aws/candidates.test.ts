// How the index of work is read: in few requests, however much waits, and so that nobody is passed over for ever.
import { expect, it } from 'vitest';
import { number, s, text, type Item } from '../../../infra/aws/dynamo/attributes.ts';
import type { Query, TableAccess } from '../../../infra/aws/dynamo/table-access.ts';
import { dueJobs } from '../../../infra/aws/job-store/candidates.ts';
import { offeredJobs } from '../../../infra/aws/job-store/offered-jobs.ts';
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

/** A table of which only the index is asked, and one item: the place where the next claim goes on. */
function indexOf(items: readonly Item[]) {
  const asked: Query[] = [];
  let place: Item | undefined;
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
    get: async () => place,
    getAll: unused,
    queryAll: unused,
    commit: unused,
    putAll: async ([item]) => void (place = item),
    deleteAll: async () => void (place = undefined),
  };
  return { table, asked, place: () => place };
}

async function all(table: TableAccess): Promise<Item[]> {
  const found: Item[] = [];
  for await (const item of dueJobs(table, 'mirror', NOW)) found.push(item);
  return found;
}

/** What one claim looks at that has a place for none, or for the first that is wanted. */
async function offered(table: TableAccess, wanted?: Item): Promise<Item[]> {
  const found: Item[] = [];
  for await (const item of offeredJobs(table, 'mirror', NOW)) {
    found.push(item);
    if (item === wanted) break;
  }
  return found;
}

it('looks at all of a thousand jobs that wait for a place, in their order, every time', async () => {
  const items = waiting(1000);
  const { table, asked, place } = indexOf(items);
  for (let round = 0; round < 2; round += 1) {
    expect((await offered(table)).map((item) => text(item, 'age'))).toEqual(items.map((item) => text(item, 'age')));
  }
  expect(place()).toBeUndefined();
  expect(asked.length).toBeLessThanOrEqual(2 * 16);
});

it('looks at no more of thousands in one claim, and at each of them after some', async () => {
  const items = waiting(5000);
  const { table, asked, place } = indexOf(items);
  const seen = new Set<Item>();
  for (let claim = 0; claim < 5; claim += 1) {
    asked.length = 0;
    const found = await offered(table);
    expect(found.slice(0, 100)).toEqual(items.slice(0, 100));
    expect(found.length).toBe(1100);
    expect(new Set(found).size).toBe(found.length);
    expect(asked.length).toBeLessThanOrEqual(20);
    expect(asked.reduce((sum, { Limit = 0 }) => sum + Limit, 0)).toBeLessThanOrEqual(3500);
    for (const item of found) seen.add(item);
  }
  expect(seen.size).toBe(items.length);
  // where one is taken, the next claim looks there again
  const before = place();
  await offered(table, items[1000]);
  expect(place()).toBe(before);
});

it('looks at all again from the front where most of them are gone', async () => {
  const items = waiting(5000);
  const { table, place } = indexOf(items);
  await offered(table);
  await offered(table);
  expect(place()).toBeDefined();
  items.splice(600);
  expect(new Set(await offered(table)).size).toBe(600);
  expect(place()).toBeUndefined();
});

it('reads little where the first one is taken, and skips those whose time has not come', async () => {
  const later = waiting(2000, { priority: 9, inMs: 60_000 });
  const { table, asked } = indexOf([...later, ...waiting(8)]);
  const due = await all(table);
  expect(due.map((item) => number(item, 'runAt'))).toEqual(Array.from({ length: 8 }, () => NOW.getTime()));
  expect(asked.map(({ Limit }) => Limit)).toEqual(Array.from({ length: 8 }, () => 25));
});
