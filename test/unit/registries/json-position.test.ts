// Line and column of a mistake in a JSON file, without its content.
import { array, assert, integer, json, property } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jsonErrorPosition } from '../../../shared/registries/json-position.ts';

describe('the place where text stops being JSON', () => {
  it.each([
    ['{"a": 1,}', 1, 9],
    ['{"a": 1 "b": 2}', 1, 9],
    ['{\n  "a": 1,\n  b: 2\n}', 3, 3],
    ['{"a": tru}', 1, 7],
    ["{'a': 1}", 1, 2],
    ['{"a"}', 1, 2],
    ['{"a": {"b": [1, 2}}', 1, 18],
    ['{"a": 01}', 1, 8],
    ['{"a": 1}x', 1, 9],
    ['{} {}', 1, 4],
    ['{"a": "b', 1, 7],
    ['{"a": [1,', 1, 10],
    ['', 1, 1],
    ['auths: {}', 1, 1],
    ['{"a": [],\n"b": [{}, {"c": ]}]}', 2, 17],
  ])('%j stops at line %i, column %i', (text, line, column) => {
    expect(() => JSON.parse(text)).toThrow(SyntaxError);
    expect(jsonErrorPosition(text)).toEqual({ line, column });
  });

  it('lies at the end of a valid document', () => {
    assert(
      property(json(), (text) => {
        const lines = text.split('\n');
        expect(jsonErrorPosition(text)).toEqual({ line: lines.length, column: (lines.at(-1) ?? '').length + 1 });
      }),
    );
  });

  it('is never past a character that was put where nothing may stand', () => {
    assert(
      property(array(integer()), (values) => {
        const before = `{"values": ${JSON.stringify(values)}`;
        expect(jsonErrorPosition(`${before} ! , "more": 1}`)).toEqual({ line: 1, column: before.length + 2 });
      }),
    );
  });

  it('is found in a hundred thousand open brackets', () => {
    expect(jsonErrorPosition('['.repeat(100_000))).toEqual({ line: 1, column: 100_001 });
  });
});
