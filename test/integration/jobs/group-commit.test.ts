// Writes that share a transaction: what they share, and what they do not.
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, it } from 'vitest';
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
  commits = groupCommit(database, { onCommit: note('committed'), onFailure: note('failed') });
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
  await add('a');
  const results = await Promise.allSettled([add('b'), add('a'), add('c')]);
  expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
  expect(words()).toEqual(['a']);
  await add('d');
  expect([log, words()]).toEqual([
    ['committed', 'failed', 'committed'],
    ['a', 'd'],
  ]);
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
