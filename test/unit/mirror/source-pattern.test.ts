// What the `from` of a rule means.
import { describe, expect, test } from 'vitest';
import { matchesSource, parseSourcePattern } from '../../../shared/mirror/source-pattern.ts';
import { failureOf } from '../../support/failure.ts';

test.each<[text: string, registry: string, repositories: string[], wildcards: string[]]>([
  ['alpine', 'docker.io', ['library/alpine'], []],
  ['docker.io/library/{alpine,debian}', 'docker.io', ['library/alpine', 'library/debian'], []],
  ['index.docker.io/{alpine,bitnami/redis}', 'docker.io', ['library/alpine', 'bitnami/redis'], []],
  ['localhost:5000/{a,b}/{c,d}', 'localhost:5000', ['a/c', 'a/d', 'b/c', 'b/d'], []],
  ['Quay.io/acme/*', 'quay.io', [], ['acme/*']],
  ['quay.io/{acme/app,team/*}', 'quay.io', ['acme/app'], ['team/*']],
  ['quay.io/**', 'quay.io', [], ['**']],
  ['docker.io/*', 'docker.io', [], ['library/*']],
  ['docker.io/bitnami/re*', 'docker.io', [], ['bitnami/re*']],
  ['h.io/a/**/z-*', 'h.io', [], ['a/**/z-*']],
])('%s', (text, registry, repositories, wildcards) => {
  expect(parseSourcePattern(text)).toEqual({
    text,
    registry,
    repositories: repositories.map((repository) => ({ registry, repository })),
    wildcards,
  });
});

describe('a pattern fits', () => {
  test.each<[pattern: string, repository: string, fits: boolean]>([
    ['h.io/a/*', 'a/b', true],
    ['h.io/a/*', 'a/b/c', false],
    ['h.io/a/*', 'a', false],
    ['h.io/a/b-*', 'a/b-', true],
    ['h.io/a/b-*', 'a/c', false],
    ['h.io/a/**', 'a/b/c', true],
    ['h.io/a/**', 'a', false],
    ['h.io/**/app', 'x/y/app', true],
    ['h.io/**/app', 'app', false],
    ['h.io/**', 'x', true],
    ['h.io/{a,b}/*', 'b/x', true],
    ['h.io/a', 'a', true],
  ])('%s %s: %s', (pattern, repository, fits) => {
    expect(matchesSource(parseSourcePattern(pattern), { registry: 'h.io', repository })).toBe(fits);
    expect(matchesSource(parseSourcePattern(pattern), { registry: 'g.io', repository })).toBe(false);
  });
});

test.each([
  ['docker.io/library/alpine:3.20', 'a repository has no tag', 'tags: { allow: [3.20] }'],
  ['h.io/a@sha256:1', 'a repository has no digest', 'leave out'],
  ['https://h.io/a', '"https://" is not part', 'h.io/a'],
  ['*.io/a', 'must be named in full', 'one rule for each registry'],
  ['{h.io,g.io}/a', 'must be named in full', 'one rule for each registry'],
  ['h.io/a**', 'must stand alone', 'write * within'],
  ['h.io/**/**/**/**', 'more than three', 'one is enough'],
  ['h.io/{a', 'a "}" is missing', '{alpine,debian}'],
  ['h.io/a}', 'a "{" is missing', '{alpine,debian}'],
  ['h.io/{a,}', 'is empty', '{alpine,debian}'],
  [`h.io/${'{a,b}'.repeat(10)}`, 'more than 1000', '{alpine,debian}'],
  ['h.io/A/*', 'upper-case', 'lower case'],
  ['h.io/', 'repository is missing', 'lower-case'],
])('refuses %s', (text, message, hint) => {
  expect(failureOf(() => parseSourcePattern(text))).toMatchObject({
    code: 'invalid-config',
    message: expect.stringContaining(message),
    hint: expect.stringContaining(hint),
  });
});
