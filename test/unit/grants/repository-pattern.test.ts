// Patterns of repositories in grants.
import { expect, test } from 'vitest';
import { isExactPattern, matchesRepository } from '../../../shared/grants/repository-pattern.ts';

test.each([
  ['team-a/app', 'team-a/app', true],
  ['team-a/app', 'team-a/app2', false],
  ['team-a/*', 'team-a/app', true],
  ['team-a/*', 'team-a/app/db', false],
  ['team-a/*', 'team-a', false],
  ['team-a/*', 'team-ab/app', false],
  ['team-a/**', 'team-a/app', true],
  ['team-a/**', 'team-a/app/db', true],
  ['team-a/**', 'team-a', false],
  ['team-a/**', 'team-ab/app', false],
  ['**', 'app', true],
  ['**', 'team-a/app/db', true],
])('%s and %s: %s', (pattern, repository, expected) => {
  expect(matchesRepository(pattern, repository)).toBe(expected);
});

test('only a pattern without a star names one repository', () => {
  expect(['app', 'a/b', 'a/*', 'a/**', '**'].filter(isExactPattern)).toEqual(['app', 'a/b']);
});
