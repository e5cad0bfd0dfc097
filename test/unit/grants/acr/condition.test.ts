// Conditions of role assignments at Azure registries: made, and read again in whatever form they come.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { uuid5 } from '../../../../shared/grants/acr/assignments.ts';
import { conditionOf, covers, patternsOf, unsayable } from '../../../../shared/grants/acr/condition.ts';
import { formatMark, ownerOfMark, parseMark } from '../../../../shared/grants/acr/mark.ts';

const A = 'Microsoft.ContainerRegistry/registries/repositories';
const GUARD = `(!(ActionMatches{'${A}/content/read'}) AND !(ActionMatches{'${A}/metadata/read'}))`;

describe('conditions', () => {
  test('of one repository, and of a prefix with its slash', () => {
    expect(conditionOf(['team-a/app'])).toBe(`(${GUARD} OR (@Request[${A}:name] StringEqualsIgnoreCase 'team-a/app'))`);
    expect(conditionOf(['team-a/**'])).toBe(`(${GUARD} OR (@Request[${A}:name] StringStartsWithIgnoreCase 'team-a/'))`);
  });

  test('group three terms and more', () => {
    const term = (name: string): string => `@Request[${A}:name] StringEqualsIgnoreCase '${name}'`;
    expect(conditionOf(['a', 'b', 'c'])).toBe(`(${GUARD} OR ((${term('a')} OR ${term('b')}) OR ${term('c')}))`);
  });

  test('of everything is none', () => {
    expect(conditionOf(['team-a/app', '**'])).toBeUndefined();
    expect(patternsOf(undefined)).toEqual(['**']);
  });

  test('come back as the patterns that they were made of', () => {
    const name = fc.stringMatching(/^[a-z0-9]{1,6}(?:[-/][a-z0-9]{1,6}){0,3}$/);
    const pattern = fc.oneof(
      name,
      name.map((prefix) => `${prefix}/**`),
    );
    fc.assert(
      fc.property(fc.uniqueArray(pattern, { minLength: 1, maxLength: 8 }), (patterns) => {
        expect(patternsOf(conditionOf(patterns))).toEqual(patterns.toSorted());
      }),
    );
  });

  test('are the same in the form of the portal', () => {
    const portal = `(\n (\n  !(ActionMatches{'${A}/content/read'})\n  AND\n  !(ActionMatches{'${A}/metadata/read'})\n )\n OR \n (\n  @Request[${A}:name] StringEqualsIgnoreCase 'nginx'\n )\n)`;
    expect(patternsOf(portal)).toEqual(['nginx']);
  });

  test.each([
    [
      'another action',
      `((!(ActionMatches{'${A}/content/write'})) OR (@Request[${A}:name] StringEqualsIgnoreCase 'a'))`,
    ],
    ['without its guard', `(@Request[${A}:name] StringEqualsIgnoreCase 'a')`],
    ['another operator', `(${GUARD} OR (@Request[${A}:name] StringLikeIgnoreCase 'a*'))`],
    ['a prefix without a slash', `(${GUARD} OR (@Request[${A}:name] StringStartsWithIgnoreCase 'team-a'))`],
    ['terms that must hold together', (conditionOf(['a', 'b']) ?? '').replace(/ OR (?!\()(?=[^(]*\)\)$)/, ' AND ')],
    ['one term more', `(${conditionOf(['a'])} AND @Environment[isPrivateLink] BoolEquals true)`],
  ])('are not understood with %s', (_, condition) => {
    expect(patternsOf(condition)).toBeUndefined();
  });
});

describe('patterns', () => {
  test.each(['team-a/app', 'team-a/**', '**'])('%s can be said', (pattern) => {
    expect(unsayable(pattern)).toBeUndefined();
  });

  test.each(['team-a/*', '*'])('%s cannot be said', (pattern) => {
    expect(unsayable(pattern)).toContain('one level');
  });

  test.each([
    ['**', 'team-a/app', true],
    ['team-a/**', 'team-a/app', true],
    ['team-a/**', 'team-a/deep/**', true],
    ['team-a/**', 'team-ab/app', false],
    ['team-a/**', 'team-a', false],
    ['team-a/app', 'team-a/**', false],
    ['team-a/app', 'team-a/app', true],
  ])('%s is wide enough for %s: %s', (wide, narrow, expected) => {
    expect(covers(wide, narrow)).toBe(expected);
  });
});

describe('marks', () => {
  test('say for which grants of which instance', () => {
    const text = formatMark({ grants: ['b', 'a', 'b'], instance: 'prod', rest: 'also x' });
    expect(text).toBe('pg:a,b@prod also x');
    expect(parseMark(text)).toEqual({ grants: ['a', 'b'], instance: 'prod', rest: 'also x' });
  });

  test.each([
    ['pg:base@prod', 'ours'],
    ['pg:base@stage', 'foreign'],
    ['pg:base', 'unmarked'],
    ['made by hand', 'foreign'],
    ['xpg:base@prod', 'foreign'],
    [undefined, 'foreign'],
  ])('%s is %s', (description, owner) => {
    expect(ownerOfMark(description, 'prod')).toBe(owner);
  });
});

// https://www.rfc-editor.org/rfc/rfc9562#section-5.5 has this name in the namespace for DNS; ours is that for URLs
test('names of assignments are UUIDs of version 5', () => {
  expect(uuid5('http://example.com/')).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(uuid5('http://www.example.com/')).toBe('fcde3c85-2270-590f-9e7c-ee003d65e0e2');
});
