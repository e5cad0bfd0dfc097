// Which tags a rule's selection takes.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { judgeTag, selectTags, type TagSelection, type TagSet } from '../../../shared/mirror/selection.ts';
import { failureOf } from '../../support/failure.ts';

const TAGS = [
  'latest',
  '3',
  '3.17',
  '3.18',
  '3.18.4',
  'v3.19',
  '3.20-rc1',
  '3.20',
  '4.0.0-beta.2',
  'edge',
  '3.19-slim',
];

describe('takes', () => {
  test.each<[why: string, selection: TagSelection | undefined, expected: string[]]>([
    ['everything without a selection', undefined, TAGS],
    ['everything for an empty set', {}, TAGS],
    ['what is allowed', { allow: ['latest', '3.1?'] }, ['latest', '3.17', '3.18']],
    ['alternatives', { allow: ['{edge,latest}'] }, ['latest', 'edge']],
    ['regular expressions, found anywhere', { allow: ['/^3\\.\\d+$/'] }, ['3.17', '3.18', '3.20']],
    ['regular expressions in any case', { allow: ['/^EDGE$/i'] }, ['edge']],
    ['nothing that is denied', { allow: ['3.2*'], deny: ['*-rc*'] }, ['3.20']],
    ['versions in a range, what is missing being zero', { semver: '>=3.18' }, ['3.18', '3.18.4', 'v3.19', '3.20']],
    ['ranges with a comma, as Helm writes them', { semver: '>=3.17, <3.18' }, ['3.17']],
    ['one of several ranges', { semver: '3.17.x || ~3.20' }, ['3.17', '3.20']],
    ['pre-releases if the range names one', { semver: '>=3.20-0' }, ['3.20-rc1', '3.20', '4.0.0-beta.2']],
    [
      'pre-releases if asked to',
      { semver: '>=3.19', prereleases: true, deny: ['*-beta*'] },
      ['v3.19', '3.20-rc1', '3.20', '3.19-slim'],
    ],
    ['the highest versions', { latest: 2 }, ['3.20', '4.0.0-beta.2']],
    ['the highest in a range', { semver: '<4', latest: 2 }, ['v3.19', '3.20']],
    ['the highest of what is not denied', { semver: '<4', latest: 2, deny: ['3.20'] }, ['3.18.4', 'v3.19']],
    ['the highest of one variant', { allow: ['*-slim'], latest: 1 }, ['3.19-slim']],
    ['as many as there are', { semver: '3.17', latest: 9 }, ['3.17']],
    ['always these, denied or not', { semver: '3.17', always: ['latest', 'e*'], deny: ['*'] }, ['latest', 'edge']],
    ['the union of several sets', [{ allow: ['edge'] }, { semver: '>3.18', latest: 1 }], ['3.20', 'edge']],
    [
      'denied tags of one set through another',
      [{ deny: ['e*'], allow: ['latest'] }, { allow: ['edge'] }],
      ['latest', 'edge'],
    ],
    ['nothing for no sets', [], []],
  ])('%s', (_why, selection, expected) => {
    expect(selectTags(TAGS, selection)).toEqual(expected);
  });
});

describe('by the time of the push', () => {
  const at = (name: string, day: number) => ({ name, pushedAt: new Date(Date.UTC(2026, 0, day)) });

  test('takes what was pushed last, versions or not', () => {
    const tags = [at('a', 3), at('1.0', 1), at('b', 5)];
    expect(selectTags(tags, { latest: 2, by: 'pushed' })).toEqual(['a', 'b']);
  });

  test('says so where the registry does not tell', () => {
    expect(failureOf(() => selectTags(['a', 'b'], { latest: 1, by: 'pushed' }))).toMatchObject({
      code: 'unsupported',
      message: 'the registry does not tell when the tag a was pushed',
    });
  });
});

test('a calendar version and a build of Helm are versions; four parts and words are not', () => {
  expect(selectTags(['2024.01.05', '1.2.3_build.7', '1.2.3.4', 'a1.2', '1.2.'], { semver: '>=1' })).toEqual([
    '2024.01.05',
    '1.2.3_build.7',
  ]);
});

test.each<[set: TagSet, message: string]>([
  [{ semver: 'newest' }, '"newest" is not a range of versions'],
  [{ semver: '' }, '"" is not a range of versions'],
  [{ allow: ['a/b'] }, 'it can never match'],
  [{ deny: ['{a'] }, 'a "}" is missing'],
  [{ always: ['/(/'] }, '")" is missing'],
])('refuses %j', (set, message) => {
  expect(failureOf(() => selectTags([], set))).toMatchObject({
    code: 'invalid-config',
    message: expect.stringContaining(message),
  });
});

describe('whatever the tags and sets', () => {
  const tag = fc.oneof(
    fc.constantFrom('latest', 'edge', '1.0', '1.1-rc1', '2', 'v2.1.0', '10.0'),
    fc.string({ unit: fc.constantFrom('a', 'b', '1', '2', '.', '-'), minLength: 1, maxLength: 5 }),
  );
  const glob = fc.string({ unit: fc.constantFrom('a', 'b', '1', '.', '*', '?'), minLength: 1, maxLength: 4 });
  const globs = fc.array(glob, { minLength: 1, maxLength: 3 });
  const set: fc.Arbitrary<TagSet> = fc.record(
    {
      allow: globs,
      deny: globs,
      always: globs,
      semver: fc.constantFrom('>=1', '^2', '*'),
      latest: fc.integer({ min: 1, max: 3 }),
    },
    { requiredKeys: [] },
  );
  const tags = fc.array(tag, { maxLength: 12 });

  test('the choice is a part of the tags, in their order, each once', () => {
    fc.assert(
      fc.property(tags, set, (all, one) => {
        const chosen = selectTags(all, one);
        expect(chosen).toEqual([...new Set(all)].filter((name) => chosen.includes(name)));
      }),
    );
  });

  test('several sets choose what each of them does', () => {
    fc.assert(
      fc.property(tags, fc.array(set, { maxLength: 3 }), (all, sets) => {
        const each = new Set(sets.flatMap((one) => selectTags(all, one)));
        expect(new Set(selectTags(all, sets))).toEqual(each);
      }),
    );
  });

  test('nothing that is denied is taken, unless always; always is taken in any case', () => {
    fc.assert(
      fc.property(tags, set, globs, globs, (all, one, deny, always) => {
        const chosen = new Set(selectTags(all, { ...one, deny, always }));
        const denied = new Set(selectTags(all, { allow: deny }));
        const kept = new Set(selectTags(all, { allow: always }));
        const wrong = all.filter((name) => (kept.has(name) ? !chosen.has(name) : denied.has(name) && chosen.has(name)));
        expect(wrong).toEqual([]);
      }),
    );
  });

  test('the order of the tags does not change the choice', () => {
    fc.assert(
      fc.property(tags, set, (all, one) => {
        expect(new Set(selectTags(all.toReversed(), one))).toEqual(new Set(selectTags(all, one)));
      }),
    );
  });

  test('what is said of one tag alone holds whatever other tags there are', () => {
    fc.assert(
      fc.property(tag, tags, fc.array(set, { minLength: 1, maxLength: 3 }), (one, others, sets) => {
        const judgement = judgeTag(one, sets);
        const isSelected = selectTags([...others, one], sets).includes(one);
        const isSelectedAlone = selectTags([one], sets).includes(one);
        expect(judgement === 'unselected' ? [isSelected, isSelectedAlone] : [false, !isSelectedAlone]).toEqual([
          false,
          false,
        ]);
        expect(judgement === 'selected' && !isSelected).toBe(false);
        expect(judgement === 'depends' && sets.every(({ latest }) => latest === undefined)).toBe(false);
      }),
    );
  });

  test('globs fit as the same regular expression does', () => {
    fc.assert(
      fc.property(tags, glob, (all, one) => {
        const expression = one.replaceAll('.', '\\.').replaceAll('*', '.*').replaceAll('?', '.');
        expect(selectTags(all, { allow: [one] })).toEqual(selectTags(all, { allow: [`/^(?:${expression})$/`] }));
      }),
    );
  });
});
