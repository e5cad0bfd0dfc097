// A sweep that was interrupted goes on behind what is done, and counts nothing twice.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { sweepCursor } from '../../../functions/sync-mirrors/sweep-cursor.ts';

const repositories = (...names: string[]) => names.map((repository) => ({ registry: 's.io', repository }));

const OF = { rule: 'base', job: 'j1' };

test('keeps what is done without a gap', () => {
  const cursor = sweepCursor(OF, undefined);
  const [a, b, c] = cursor.choose(repositories('c', 'a', 'b'));
  if (a === undefined || b === undefined || c === undefined) throw new Error('three were given');
  expect(cursor.done(c, { tags: 4 }, 'done')).toBe(false);
  expect(cursor.state()).toMatchObject({ after: null, counts: { repositories: 0 } });
  expect(cursor.done(a, { tags: 1 }, 'done')).toBe(true);
  expect(cursor.state()).toMatchObject({ after: 'a', counts: { repositories: 1, tags: 1 } });
  expect(cursor.done(b, { tags: 2 }, 'done')).toBe(true);
  expect(cursor.state()).toMatchObject({ after: 'c', counts: { repositories: 3, tags: 7 } });
});

test('of another rule, or of no known form, does not count', () => {
  const other = sweepCursor({ rule: 'other', job: 'j1' }, undefined);
  for (const one of other.choose(repositories('b'))) other.done(one, {}, 'done');
  for (const checkpoint of [other.state(), { rule: 'base' }, 7, null])
    expect(sweepCursor(OF, checkpoint).choose(repositories('a'))).toHaveLength(1);
});

test('a failed repository is passed, counted once, and comes again', () => {
  const first = sweepCursor(OF, undefined);
  for (const one of first.choose(repositories('a', 'b', 'c')))
    first.done(one, one.repository === 'b' ? { failed: 1 } : { tags: 1 }, one.repository === 'b' ? 'failed' : 'done');
  expect(first.counts()).toMatchObject({ repositories: 3, tags: 2, failed: 1 });
  const second = sweepCursor(OF, first.state());
  const again = second.choose(repositories('a', 'b', 'c'));
  expect(again.map(({ repository }) => repository)).toEqual(['b']);
  expect(second.counts()).toMatchObject({ repositories: 2, failed: 0 });
  for (const one of again) expect(second.done(one, { tags: 5 }, 'done')).toBe(true);
  expect(second.counts()).toMatchObject({ repositories: 3, tags: 7, failed: 0 });
  expect(sweepCursor(OF, second.state()).choose(repositories('a', 'b', 'c'))).toEqual([]);
});

test('does not pass more failures than a checkpoint holds', () => {
  const names = Array.from({ length: 300 }, (_, number) => `${String(number).padStart(3, '0')}${'x'.repeat(250)}`);
  const cursor = sweepCursor(OF, undefined);
  for (const one of cursor.choose(repositories(...names))) cursor.done(one, { failed: 1 }, 'failed');
  expect(Buffer.byteLength(JSON.stringify(cursor.state()))).toBeLessThan(64 * 1024);
  expect(sweepCursor(OF, cursor.state()).choose(repositories(...names))).toHaveLength(300);
});

test('of a job that this one replaces, begins where that stopped and leaves nothing out', () => {
  const older = sweepCursor(OF, undefined);
  for (const one of older.choose(repositories('a', 'b', 'c', 'd')).slice(0, 2)) older.done(one, { tags: 1 }, 'done');
  const newer = sweepCursor({ rule: 'base', job: 'j2' }, older.state());
  const all = newer.choose(repositories('a', 'b', 'c', 'd'));
  expect(all.map(({ repository }) => repository)).toEqual(['c', 'd', 'a', 'b']);
  expect(newer.counts()).toMatchObject({ repositories: 0, tags: 0 });
  for (const one of all.slice(0, 3)) newer.done(one, {}, 'done');
  const rest = sweepCursor({ rule: 'base', job: 'j2' }, newer.state()).choose(repositories('a', 'b', 'c', 'd'));
  expect(rest.map(({ repository }) => repository)).toEqual(['b']);
});

test('interrupted anywhere, failing or replaced, all repositories are done and counted once', () => {
  const name = fc.string({ unit: fc.constantFrom('a', 'b', 'c', '/'), minLength: 1, maxLength: 4 });
  const stop = fc.record({ after: fc.nat(20), fails: fc.nat(5), isReplaced: fc.boolean() });
  fc.assert(
    fc.property(fc.uniqueArray(name, { maxLength: 20 }), fc.array(stop), (names, stops) => {
      let checkpoint: unknown;
      let job = 0;
      let seen = new Set<string>();
      for (const { after, fails, isReplaced } of [...stops, { after: Infinity, fails: 20, isReplaced: false }]) {
        if (isReplaced) {
          job += 1;
          seen = new Set();
        }
        const cursor = sweepCursor({ rule: 'base', job: `j${job}` }, checkpoint);
        const left = cursor.choose(repositories(...names));
        // Those behind the first come first.
        for (const [index, one] of left.slice(0, after).toReversed().entries()) {
          const isFailure = index % 6 === fails;
          if (!isFailure) seen.add(one.repository);
          cursor.done(one, isFailure ? { failed: 1 } : { tags: 1 }, isFailure ? 'failed' : 'done');
        }
        checkpoint = cursor.state();
      }
      expect([...seen].toSorted()).toEqual(names.toSorted());
      const counts = sweepCursor({ rule: 'base', job: `j${job}` }, checkpoint).counts();
      expect([counts.repositories, counts.tags, counts.failed]).toEqual([names.length, names.length, 0]);
    }),
  );
});
