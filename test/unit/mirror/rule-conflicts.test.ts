// Rules that cannot hold together.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { findRuleConflicts, patternsMeet } from '../../../shared/mirror/rule-conflicts.ts';
import type { MirrorRule } from '../../../shared/mirror/rule.ts';
import { parseSourcePattern } from '../../../shared/mirror/source-pattern.ts';
import { parseTargetTemplate } from '../../../shared/mirror/target-template.ts';

type Short = [from: string, ...to: string[]];

function rule([from, ...to]: Short, index = 0, rest: Partial<MirrorRule> = {}): MirrorRule {
  return {
    name: `rule-${index}`,
    from: parseSourcePattern(from),
    to: to.map(parseTargetTemplate),
    tags: [{}],
    referrers: true,
    onConflict: 'overwrite',
    onPush: true,
    prune: 'off',
    priority: 0,
    ...rest,
  };
}

function conflicts(...rules: Short[]): string[] {
  return findRuleConflicts(rules.map((one, index) => rule(one, index))).map(({ kind, certain, routes }) => {
    return `${certain ? '' : 'perhaps '}${kind} ${routes.map((route) => `${route.rule}:${route.source}`).join(' ')}`;
  });
}

describe('two sources onto one target', () => {
  test.each<[why: string, rules: Short[], expected: string[]]>([
    [
      'of two rules',
      [
        ['gcr.io/x/y', 'h.io/{repository}'],
        ['docker.io/x/y', 'h.io/{repository}'],
      ],
      ['collision 1:docker.io/x/y 0:gcr.io/x/y'],
    ],
    ['of one rule', [['docker.io/{a,b}/redis', 'h.io/{name}']], ['collision 0:docker.io/b/redis 0:docker.io/a/redis']],
    ['by a fixed target', [['q.io/{a,b}', 'h.io/all']], ['collision 0:q.io/b 0:q.io/a']],
    [
      'perhaps, by a pattern',
      [
        ['gcr.io/x/y', 'h.io/m/{name}'],
        ['q.io/z/*', 'h.io/m/{name}'],
      ],
      ['perhaps collision 1:q.io/z/* 0:gcr.io/x/y'],
    ],
    ['perhaps, within one pattern', [['q.io/**', 'h.io/m/{name}']], ['perhaps collision 0:q.io/** 0:q.io/**']],
    [
      'not with the registry in the path',
      [
        ['gcr.io/x/y', 'h.io/{registry}/{repository}'],
        ['docker.io/x/y', 'h.io/{registry}/{repository}'],
      ],
      [],
    ],
    [
      'not at two registries',
      [
        ['gcr.io/x/y', 'h.io/{repository}'],
        ['docker.io/x/y', 'g.io/{repository}'],
      ],
      [],
    ],
    [
      'not with tags that cannot be the same',
      [
        ['gcr.io/x/y', 'h.io/a:gcr-{tag}'],
        ['docker.io/x/y', 'h.io/a:hub-{tag}'],
      ],
      [],
    ],
    [
      'not of one source by two rules',
      [
        ['gcr.io/x/y', 'h.io/a'],
        ['gcr.io/x/y', 'h.io/a'],
      ],
      [],
    ],
    ['not by a pattern that keeps the whole path', [['q.io/team/**', 'h.io/m/{repository}']], []],
    ['not by namespace and name', [['q.io/*/*', 'h.io/m/{namespace}/{name}']], []],
  ])('%s', (_why, rules, expected) => {
    expect(conflicts(...rules)).toEqual(expected);
  });
});

test('one target twice', () => {
  expect(conflicts(['q.io/a', 'h.io/a', 'h.io/{name}'])).toEqual(['duplicate 0:q.io/a 0:q.io/a']);
});

test('a repository onto itself, or into its own pattern', () => {
  expect(conflicts(['q.io/a', 'q.io/{repository}'])).toEqual(['itself 0:q.io/a']);
  expect(conflicts(['q.io/**', 'q.io/copy/{repository}'])).toEqual(['itself 0:q.io/**']);
  expect(conflicts(['q.io/a/*', 'q.io/copy/{repository}'])).toEqual([]);
});

describe('a circle', () => {
  const there = ['a.io/x', 'b.io/x'] as const satisfies Short;
  const back = ['b.io/x', 'a.io/x'] as const satisfies Short;

  test('of exact copies comes to rest', () => {
    expect(conflicts([...there], [...back])).toEqual([]);
  });

  test('that changes the tag never does', () => {
    expect(conflicts([...there], ['b.io/x', 'a.io/x:{tag}-back'])).toEqual(['circle 1:b.io/x']);
  });

  test('that makes other indexes never does', () => {
    const platforms = { include: ['linux/amd64'], mode: 'rewrite' as const };
    const rules = [rule([...there], 0, { platforms }), rule([...back], 1)];
    expect(findRuleConflicts(rules)).toMatchObject([{ kind: 'circle', routes: [{ rule: 0 }] }]);
  });
});

describe('patterns meet', () => {
  test.each<[left: string, right: string, meet: boolean]>([
    ['a/b', 'a/b', true],
    ['a/*', 'a/b', true],
    ['a/*', 'a/b/c', false],
    ['a/**', 'a/b/c', true],
    ['a*', '*b', true],
    ['a*c', 'b*c', false],
    ['**/x', 'a/*', true],
    ['*', '', true],
    ['*/*', '*', false],
  ])('%s %s: %s', (left, right, meet) => {
    expect(patternsMeet(left, right)).toBe(meet);
    expect(patternsMeet(right, left)).toBe(meet);
  });

  test('wherever some text fits both', () => {
    const pattern = fc
      .array(fc.constantFrom('a', 'b', '/', '*', '**'), { maxLength: 5 })
      .map((parts) => parts.join('').replaceAll(/\*{2,}/g, '**'));
    const texts = fc.sample(fc.string({ unit: fc.constantFrom('a', 'b', '/'), maxLength: 5 }), {
      numRuns: 200,
      seed: 1,
    });
    const fits = (one: string) => {
      const source = one.replaceAll('**', '%').replaceAll('*', '[^/]*').replaceAll('%', '.*');
      const expression = new RegExp(`^${source}$`);
      return (text: string) => expression.test(text);
    };
    fc.assert(
      fc.property(pattern, pattern, (left, right) => {
        const witness = texts.find((text) => fits(left)(text) && fits(right)(text));
        expect(witness === undefined || patternsMeet(left, right)).toBe(true);
      }),
    );
  });
});
