// Scopes as clients of registries write them.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { readScopes } from '../../../functions/registry-token/scopes.ts';

const app = { type: 'repository', name: 'team-a/app' };

it.each<[string, string[], ReturnType<typeof readScopes>]>([
  ['one', ['repository:team-a/app:pull'], [{ ...app, actions: ['pull'] }]],
  ['several actions', ['repository:team-a/app:pull,push'], [{ ...app, actions: ['pull', 'push'] }]],
  [
    'several parameters',
    ['repository:team-a/app:pull', 'repository:b/c:push'],
    [
      { ...app, actions: ['pull'] },
      { type: 'repository', name: 'b/c', actions: ['push'] },
    ],
  ],
  [
    'several in one parameter',
    ['repository:team-a/app:pull repository:b/c:push'],
    [
      { ...app, actions: ['pull'] },
      { type: 'repository', name: 'b/c', actions: ['push'] },
    ],
  ],
  [
    'the same twice as one',
    ['repository:team-a/app:pull', 'repository:team-a/app:push,pull'],
    [{ ...app, actions: ['pull', 'push'] }],
  ],
  [
    'a name with a port',
    ['repository:host:5000/app:pull'],
    [{ type: 'repository', name: 'host:5000/app', actions: ['pull'] }],
  ],
  ['the catalog', ['registry:catalog:*'], [{ type: 'registry', name: 'catalog', actions: ['*'] }]],
  [
    'a type with a class',
    ['repository(plugin):a/b:pull'],
    [{ type: 'repository(plugin)', name: 'a/b', actions: ['pull'] }],
  ],
  ['no action', ['repository:team-a/app:'], [{ ...app, actions: [] }]],
  ['empty actions', ['repository:team-a/app:,pull,,'], [{ ...app, actions: ['pull'] }]],
  ['nothing', [''], []],
  ['only spaces', ['   '], []],
  ['a word', ['repository'], []],
  ['one colon', ['repository:team-a/app'], []],
  ['no type', [':team-a/app:pull'], []],
  ['no name', ['repository::pull'], []],
])('reads %s', (_, texts, expected) => {
  expect(readScopes(texts)).toEqual(expected);
});

const word = fc.stringMatching(/^[a-z0-9./_-]{1,12}$/);
const name = fc.array(word, { minLength: 1, maxLength: 3 }).map((parts) => parts.join(':'));
const actions = fc.uniqueArray(fc.constantFrom('pull', 'push', 'delete', '*', 'x'), { minLength: 1 });

it('reads what is written, however it is split over parameters', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.record({ type: word, name, actions }), { selector: ({ type, name: n }) => `${type}:${n}` }),
      fc.func(fc.boolean()),
      (access, isOwnParameter) => {
        const texts: string[] = [];
        for (const one of access) {
          const text = `${one.type}:${one.name}:${one.actions.join(',')}`;
          const last = texts.at(-1);
          if (last === undefined || isOwnParameter(text)) texts.push(text);
          else texts[texts.length - 1] = `${last} ${text}`;
        }
        expect(readScopes(texts)).toEqual(access);
      },
    ),
  );
});

it('names no resource twice and loses no action, whatever comes', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: fc.constantFrom('a', 'b', ':', ',', ' ', '/') })), (texts) => {
      const found = readScopes(texts);
      const resources = found.map(({ type, name: n }) => `${type}:${n}`);
      expect(new Set(resources).size).toBe(resources.length);
      for (const one of found) expect(new Set(one.actions).size).toBe(one.actions.length);
    }),
  );
});

it('reads a form full of scopes for one resource as fast as any other', () => {
  const texts = Array.from({ length: 10_000 }, (_, index) => `repository:team-a/app:a${index}`);
  const began = performance.now();
  expect(readScopes(texts)[0]?.actions).toHaveLength(10_000);
  expect(performance.now() - began).toBeLessThan(1000);
});
