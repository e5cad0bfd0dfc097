// Whatever is wrong with a configuration, it is told as a problem at a place, with a hint; nothing else is ever thrown.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { EXAMPLE_CONFIG } from '../../../shared/config/example.ts';
import { readConfig } from '../../../shared/config/load.ts';
import { problemsOf } from '../../../shared/config/problem.ts';
import { failureOf } from '../../support/failure.ts';

function assertToldWell(text: string): void {
  const error = failureOf(() => readConfig([{ file: 'f.yaml', text }], { env: {}, homeDir: '/', cwd: '/' }));
  if (error === undefined) return;
  const lines = text.split('\n');
  const problems = problemsOf(error);
  const untold = problems.filter(({ file, line, column, message, hint }) => {
    const isPlaced = file === 'f.yaml' && line >= 1 && line <= lines.length + 1 && column >= 1;
    return !isPlaced || message === '' || hint === '';
  });
  expect({ code: error.code, untold, some: problems.length > 0 }).toEqual({
    code: 'invalid-config',
    untold: [],
    some: true,
  });
}

const value = fc.oneof(
  fc.jsonValue({ maxDepth: 2 }),
  fc.constantFrom(
    '',
    '${',
    '${X}',
    '*',
    '{',
    '/(/',
    '1.10',
    'a@b',
    'https://u:p@h/x',
    '0.0.0.0:1',
    '**/**',
    'x'.repeat(3000),
  ),
);

test('of a good one, with any part replaced, taken away or renamed', () => {
  const damage = fc.record({
    at: fc.nat(),
    how: fc.constantFrom('replace', 'remove', 'rename'),
    value,
    key: fc.string(),
  });
  fc.assert(
    fc.property(damage, ({ at, how, value, key }) => {
      const config: unknown = parse(EXAMPLE_CONFIG);
      const places = placesIn(config);
      const place = places[at % places.length];
      if (place === undefined) return;
      const { parent, name } = place;
      const old = parent[name];
      if (how === 'replace') parent[name] = value;
      else if (Array.isArray(parent)) parent.splice(Number(name), 1);
      else delete parent[name];
      if (how === 'rename' && !Array.isArray(parent) && key !== '__proto__') parent[key] = old;
      assertToldWell(stringify(config));
    }),
    { numRuns: 150 },
  );
}, 30_000);

type Place = { parent: Record<string, unknown>; name: string };

function placesIn(node: unknown): Place[] {
  if (typeof node !== 'object' || node === null) return [];
  const parent = node as Record<string, unknown>;
  return Object.keys(parent).flatMap((name) => [{ parent, name }, ...placesIn(parent[name])]);
}

test('of one that was cut or has a stray character', () => {
  const stray = fc.constantFrom(
    '',
    '{',
    '}',
    '[',
    ']',
    ':',
    '"',
    "'",
    '*',
    '&',
    '!',
    '#',
    '\t',
    '\n',
    '- ',
    '---\n',
    '|',
    '%',
    '\u0000',
    '\ud800',
  );
  fc.assert(
    fc.property(fc.nat(EXAMPLE_CONFIG.length), fc.nat(3), stray, (at, removed, text) => {
      assertToldWell(EXAMPLE_CONFIG.slice(0, at) + text + EXAMPLE_CONFIG.slice(at + removed));
    }),
    { numRuns: 150 },
  );
}, 30_000);

test('of no configuration at all', () => {
  fc.assert(fc.property(fc.oneof(fc.string({ maxLength: 40 }), fc.json()), assertToldWell), { numRuns: 300 });
});
