// Which access a token request names, which token covers it, and how far a registry may widen it.
import { expect, test } from 'vitest';
import { covers, scopeKey, scopeTexts, widen } from '../../../shared/oci/auth/access-scope.ts';

test('writes the access of a mount as two scopes, the target first', () => {
  const texts = scopeTexts([
    { repository: 'acme/target', actions: ['push', 'pull'] },
    { repository: 'acme/source', actions: ['pull'] },
  ]);
  expect(texts).toEqual(['repository:acme/target:pull,push', 'repository:acme/source:pull']);
});

test('merges the scopes of one repository', () => {
  const texts = scopeTexts([
    { repository: 'a', actions: ['delete', 'pull'] },
    { repository: 'b', actions: ['pull'] },
    { repository: 'a', actions: ['push'] },
  ]);
  expect(texts).toEqual(['repository:a:pull,push,delete', 'repository:b:pull']);
});

test('gives the same access one key in any order', () => {
  expect(scopeKey(['b', 'a'])).toBe(scopeKey(['a', 'b']));
});

test.each<[string[], string[], boolean]>([
  [['repository:a:pull,push'], ['repository:a:pull'], true],
  [['repository:a:pull', 'repository:a:push'], ['repository:a:pull,push'], true],
  [['repository:a:pull,push', 'repository:b:pull'], ['repository:b:pull'], true],
  [['repository:host:5000/a:pull'], ['repository:host:5000/a:pull'], true],
  [[], [], true],
  [['repository:a:pull'], [], true],
  [['repository:a:pull'], ['repository:a:pull,push'], false],
  [['repository:a:pull,push'], ['repository:a:delete'], false],
  [['repository:a:pull'], ['repository:ab:pull'], false],
  [['repository:ab:pull'], ['repository:a:pull'], false],
  [['repository:a:pull'], ['registry:a:pull'], false],
  [[], ['repository:a:pull'], false],
])('holding %j, %j is covered: %s', (granted, needed, expected) => {
  expect(covers(granted, needed)).toBe(expected);
});

test('adds what a challenge asks for, after what the request needs', () => {
  expect(widen(['repository:a:pull,push'], 'repository:proxy/a:push,pull')).toEqual([
    'repository:a:pull,push',
    'repository:proxy/a:pull,push',
  ]);
  expect(widen([], 'registry:catalog:*')).toEqual(['registry:catalog:*']);
});

test('a registry cannot talk us into actions that the request does not need', () => {
  expect(widen(['repository:a:pull'], 'repository:a:pull,push,delete repository:other:push,delete')).toEqual([
    'repository:a:pull',
  ]);
  expect(widen([], 'repository:a:pull,push')).toEqual(['repository:a:pull']);
});

test.each([undefined, '', ' ', 'x', 'a:b', ':::', 'repository::pull'])('ignores the challenge scope %j', (scope) => {
  expect(widen(['repository:a:pull'], scope)).toEqual(['repository:a:pull']);
});
