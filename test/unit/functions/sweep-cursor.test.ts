// A sweep that was interrupted goes on behind what is done, and counts nothing twice.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { sweepCursor } from '../../../functions/sync-mirrors/sweep-cursor.ts';

const repositories = (...names: string[]) => names.map((repository) => ({ registry: 's.io', repository }));

test('keeps what is done without a gap', () => {
  const cursor = sweepCursor('base', undefined);
  const [a, b, c] = cursor.choose(repositories('c', 'a', 'b'));
  if (a === undefined || b === undefined || c === undefined) throw new Error('three were given');
  expect(cursor.done(c, { tags: 4 })).toBe(false);
  expect(cursor.state()).toMatchObject({ after: '', counts: { repositories: 0 } });
  expect(cursor.done(a, { tags: 1 })).toBe(true);
  expect(cursor.state()).toMatchObject({ after: 'a', counts: { repositories: 1, tags: 1 } });
  expect(cursor.done(b, { tags: 2 })).toBe(true);
  expect(cursor.state()).toMatchObject({ after: 'c', counts: { repositories: 3, tags: 7 } });
});

test('of another rule, or of no known form, does not count', () => {
  const state = sweepCursor('other', undefined).state();
  for (const checkpoint of [state, { rule: 'base' }, 7, null])
    expect(sweepCursor('base', checkpoint).choose(repositories('a'))).toHaveLength(1);
});

test('interrupted anywhere, all repositories are done and counted once', () => {
  const name = fc.string({ unit: fc.constantFrom('a', 'b', 'c', '/'), minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(fc.uniqueArray(name, { maxLength: 20 }), fc.array(fc.nat(20)), (names, stops) => {
      let checkpoint: unknown;
      const seen = new Set<string>();
      for (const stop of [...stops, Infinity]) {
        const cursor = sweepCursor('base', checkpoint);
        const left = cursor.choose(repositories(...names));
        // Those behind the first come first.
        for (const one of left.slice(0, stop).toReversed()) {
          seen.add(one.repository);
          cursor.done(one, { tags: 1 });
        }
        checkpoint = cursor.state();
      }
      expect([...seen].toSorted()).toEqual(names.toSorted());
      const { counts } = sweepCursor('base', checkpoint);
      expect([counts.repositories, counts.tags]).toEqual([names.length, names.length]);
    }),
  );
});
