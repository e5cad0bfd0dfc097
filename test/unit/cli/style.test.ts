// When there is colour, and how columns line up.
import { expect, test } from 'vitest';
import { styleFor, usesColour, visibleLength } from '../../../infra/cli/output/style.ts';
import { alignColumns } from '../../../infra/cli/output/table.ts';
import { captureIo } from '../../support/captured-io.ts';

test.each<[string, { isTTY: boolean; env: NodeJS.ProcessEnv; wanted: boolean }, boolean]>([
  ['a terminal', { isTTY: true, env: {}, wanted: true }, true],
  ['a pipe', { isTTY: false, env: {}, wanted: true }, false],
  ['a dumb terminal', { isTTY: true, env: { TERM: 'dumb' }, wanted: true }, false],
  ['NO_COLOR', { isTTY: true, env: { NO_COLOR: '1' }, wanted: true }, false],
  ['an empty NO_COLOR', { isTTY: true, env: { NO_COLOR: '' }, wanted: true }, true],
  ['FORCE_COLOR on a pipe', { isTTY: false, env: { FORCE_COLOR: '1' }, wanted: true }, true],
  ['FORCE_COLOR=0 on a terminal', { isTTY: true, env: { FORCE_COLOR: '0' }, wanted: true }, false],
  ['NO_COLOR over FORCE_COLOR', { isTTY: false, env: { NO_COLOR: '1', FORCE_COLOR: '1' }, wanted: true }, false],
  ['--no-color over FORCE_COLOR', { isTTY: true, env: { FORCE_COLOR: '1' }, wanted: false }, false],
])('colour on %s', (_name, { isTTY, env, wanted }, expected) => {
  const io = captureIo({ isTTY, env });
  expect(usesColour(io.stdout, io.env, wanted)).toBe(expected);
  expect(styleFor(io.stdout, io, { color: wanted })('red', 'x')).toBe(expected ? '\u001b[31mx\u001b[39m' : 'x');
});

test('columns line up, colours not counted', () => {
  const red = '\u001b[31mab\u001b[39m';
  expect(visibleLength(red)).toBe(2);
  expect(alignColumns([[red, 'x'], ['abcd', 'y'], ['alone']])).toEqual([`${red}    x`, 'abcd  y', 'alone']);
});
