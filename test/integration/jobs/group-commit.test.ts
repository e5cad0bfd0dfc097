// Writes that share a transaction: what they share, and what they do not.
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { commitPace } from '../../../infra/node/sqlite/commit-pace.ts';
import { groupCommit, type GroupCommit } from '../../../infra/node/sqlite/group-commit.ts';
import { TransshipError } from '../../../shared/errors.ts';

let database: DatabaseSync;
let commits: GroupCommit;
let log: string[] = [];
beforeEach(() => {
  database = new DatabaseSync(':memory:');
  database.exec('CREATE TABLE word (text TEXT PRIMARY KEY) STRICT');
  log = [];
  const note = (line: string) => (): void => void log.push(line);
  const [onCommit, onUndo, onFailure] = [note('committed'), note('undone'), note('failed')];
  commits = groupCommit(database, { pace: commitPace(), onCommit, onUndo, onFailure });
});
afterEach(() => database.close());

const add = (text: string) => commits.write(() => database.prepare('INSERT INTO word VALUES (?)').run(text).changes);
const words = () =>
  database
    .prepare('SELECT text FROM word ORDER BY text')
    .all()
    .map(({ text }) => text);

it('commits the writes of one turn together', async () => {
  expect(await Promise.all(['a', 'b', 'c'].map(add))).toEqual([1, 1, 1]);
  expect([log, words()]).toEqual([['committed'], ['a', 'b', 'c']]);
});

it('commits a storm in several goes', async () => {
  await Promise.all(Array.from({ length: 1000 }, (_, index) => add(`word ${index}`)));
  expect(log.length).toBeGreaterThan(2);
  expect(words()).toHaveLength(1000);
});

it('fails everyone in a batch that cannot be committed, keeps nothing of it, and goes on', async () => {
  // such a key is looked at when the transaction ends
  database.exec('CREATE TABLE pair (text TEXT REFERENCES word (text) DEFERRABLE INITIALLY DEFERRED) STRICT');
  await add('a');
  const lonely = commits.write(() => database.exec(`INSERT INTO pair VALUES ('nobody')`));
  const results = await Promise.allSettled([add('b'), lonely, add('c')]);
  expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
  await expect(lonely).rejects.toMatchObject({ code: 'store-unavailable' });
  expect(words()).toEqual(['a']);
  await add('d');
  expect([log, words()]).toEqual([
    ['committed', 'undone', 'failed', 'committed'],
    ['a', 'd'],
  ]);
});

it.each<[string, () => unknown]>([
  ['with an error of its own', () => new Date(Number.NaN).toISOString()],
  ['on a rule of the tables', () => database.exec(`INSERT INTO word VALUES ('a')`)],
  ['on a value that is none', () => database.prepare('INSERT INTO word VALUES (?)').run(new Uint8Array(1))],
])('takes a write out that breaks %s, with all that it wrote, and keeps the others', async (_how, breaks) => {
  await add('a');
  const broken = () =>
    commits.write(() => {
      database.exec(`INSERT INTO word VALUES ('half')`);
      breaks();
    });
  const results = await Promise.allSettled([add('b'), broken(), add('c'), broken(), add('d')]);
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'rejected', 'fulfilled']);
  expect(results[1]).toMatchObject({ reason: { code: 'internal' } });
  expect(words()).toEqual(['a', 'b', 'c', 'd']);
  expect(log).toEqual(['committed', 'undone', 'undone', 'committed']);
});

it('fails a write alone that refuses before it wrote', async () => {
  const refusal = new TransshipError('fence-lost', 'no');
  const refused = commits.write(() => {
    throw refusal;
  });
  const results = await Promise.allSettled([add('a'), refused, add('b')]);
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  await expect(refused).rejects.toBe(refusal);
  expect(words()).toEqual(['a', 'b']);
});

it('fails what waits when it is ended', async () => {
  const end = new TransshipError('store-unavailable', 'closed');
  const waiting = add('a');
  commits.end(end);
  await expect(waiting).rejects.toBe(end);
  await expect(add('b')).rejects.toBe(end);
  expect(words()).toEqual([]);
});
