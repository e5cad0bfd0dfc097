// Text from outside, made safe to print.
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { printable } from '../../../shared/telemetry/printable.ts';

test.each([
  ['plain text, "quoted" é 中 🙂', 'plain text, "quoted" é 中 🙂'],
  ['a\nb\tc', 'a\\u{a}b\\u{9}c'],
  ['\u001b[31m', '\\u{1b}[31m'],
  ['\u202e\u200b\u2028\ufeff', '\\u{202e}\\u{200b}\\u{2028}\\u{feff}'],
  ['\ud800', '\\u{d800}'],
])('shows %j as %s', (text, expected) => {
  expect(printable(text)).toBe(expected);
});

test('cuts long text and says so', () => {
  expect(printable('abcdef', 3)).toBe('abc…');
  expect(printable('abc', 3)).toBe('abc');
});

test('never lets an invisible character through', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(printable(text)).not.toMatch(/[\p{C}\p{Zl}\p{Zp}]/u);
    }),
  );
});
