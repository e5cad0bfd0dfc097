// The linear regular expressions: the same answers as JavaScript's own, and no expression that takes long.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compileRegex } from '../../../../shared/mirror/pattern/regex.ts';
import { failureOf } from '../../../support/failure.ts';

const TEXTS = ['', 'a', 'b', 'ab', 'aab', 'abc', '1.2.3', 'v1.2', '3.20-rc1', 'A_b-C', 'aaaa', '-', '.', 'x]y', 'a\nb'];

describe('matches as JavaScript does', () => {
  test.each([
    '',
    'a',
    '^a$',
    'a|b',
    '^(?:a|b)+$',
    '^v?\\d+(\\.\\d+){0,2}$',
    '[a-c]b',
    '[^a-z]',
    '[]y]',
    '[a-]',
    '[\\w.]+-rc',
    '\\D\\W\\S',
    'a{2}',
    'a{2,}',
    'a{0,1}b',
    '^a*?b$',
    'a.b',
    '(?<name>a)b',
    '^$',
    '(a*)*$',
    '(|a)+b',
    '\\t|\\.',
    '(^a|b$)',
  ])('%s', (expression) => {
    // only JavaScript takes "]" at the beginning of a class for its end
    const own = new RegExp(expression.replace('[]', '[\\]'));
    for (const text of TEXTS) expect([text, compileRegex(expression)(text)]).toEqual([text, own.test(text)]);
  });

  test('for random expressions and texts', () => {
    const leaf = fc.constantFrom('a', 'b', '.', '[ab]', '[^a]', '\\d', '1');
    const { node } = fc.letrec<{ node: string }>((tie) => ({
      node: fc.oneof(
        { maxDepth: 4 },
        leaf,
        fc.tuple(tie('node'), tie('node')).map(([left, right]) => `${left}${right}`),
        fc.tuple(tie('node'), tie('node')).map(([left, right]) => `(?:${left}|${right})`),
        fc.tuple(tie('node'), fc.constantFrom('*', '+', '?', '{2}', '{1,3}')).map(([one, sign]) => `(${one})${sign}`),
      ),
    }));
    const anchored = fc.tuple(fc.boolean(), node, fc.boolean()).map(([start, one, end]) => {
      return `${start ? '^' : ''}${one}${end ? '$' : ''}`;
    });
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '1', '-'), maxLength: 8 });
    fc.assert(
      fc.property(anchored, text, (expression, subject) => {
        expect(compileRegex(expression)(subject)).toBe(new RegExp(expression).test(subject));
      }),
    );
  });

  test('whatever the case, if asked', () => {
    expect(compileRegex('^rc$', 'i')('RC')).toBe(true);
    expect(compileRegex('(?i)^[a-c]+$')('aBC')).toBe(true);
    expect(compileRegex('^rc$')('RC')).toBe(false);
  });
});

test('takes no longer for an expression that lets others run for ever', () => {
  const tag = `${'a'.repeat(127)}!`;
  const begun = performance.now();
  for (const expression of ['^(a+)+$', '^(a|a)*$', '^(a|aa)+$', '^(.*a){12}$', '^(?:a?){50}a{50}$']) {
    expect(compileRegex(expression)(tag)).toBe(false);
  }
  expect(performance.now() - begun).toBeLessThan(2000);
});

test.each([
  ['a(', '")" is missing'],
  ['a)', 'a ")" too many'],
  ['[a', '"]" is missing'],
  ['*a', 'nothing stands before "*"'],
  ['(?=a)', '"(?=a" is not known'],
  ['\\1', '"\\1" is not known'],
  ['\\', 'ends with "\\"'],
  ['[[:digit:]]', '"[:name:]" is not known'],
  ['[z-a]', 'runs backwards'],
  ['a{3,2}', 'wrong bounds'],
  ['a{1001}', 'wrong bounds'],
  ['(?:a{1000}){1000}', 'too large'],
  ['('.repeat(60), 'nested too deeply'],
  ['a'.repeat(1001), 'longer than 1000'],
])('refuses %s', (expression, reason) => {
  expect(failureOf(() => compileRegex(expression))).toMatchObject({
    code: 'invalid-config',
    message: expect.stringContaining(reason),
    hint: expect.stringMatching(/./),
  });
});
