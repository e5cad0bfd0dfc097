// What an Accept header lets through.
import { expect, it } from 'vitest';
import { accepts } from '../../../functions/http-api/accepts.ts';

it.each([
  [undefined, true],
  ['', true],
  ['*/*', true],
  ['application/*', true],
  ['application/json', true],
  ['Application/JSON; charset=utf-8', true],
  ['text/html, application/json;q=0.1', true],
  ['text/html, */*;q=0.1', true],
  ['text/html', false],
  ['application/problem+json', false],
  ['application/json;q=0', false],
  ['application/json;q=0, */*', false],
  ['*/*;q=0', false],
  [',;,', false],
])('lets JSON through for %j: %s', (header, expected) => {
  expect(accepts(header, ['application/json'])).toBe(expected);
});

it('needs one type out of several, and none where there is no body', () => {
  expect(accepts('text/event-stream', ['application/json', 'text/event-stream'])).toBe(true);
  expect(accepts('image/png', [])).toBe(true);
});
