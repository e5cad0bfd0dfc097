// Where the `to` of a rule leads.
import { expect, test } from 'vitest';
import { parseTargetTemplate, renderTarget } from '../../../shared/mirror/target-template.ts';
import { failureOf } from '../../support/failure.ts';

const SOURCE = { registry: 'docker.io', repository: 'library/alpine', tag: '3.20' };

test.each([
  ['h.io/mirror/{repository}', 'h.io/mirror/library/alpine:3.20'],
  ['h.io/mirror/{name}', 'h.io/mirror/alpine:3.20'],
  ['h.io/{registry}/{namespace}/{name}', 'h.io/docker.io/library/alpine:3.20'],
  ['h.io/x/{name}:{tag}-copy', 'h.io/x/alpine:3.20-copy'],
  ['h.io:5000/{name}:stable', 'h.io:5000/alpine:stable'],
  ['h.io/fixed', 'h.io/fixed:3.20'],
  ['docker.io/acme/{name}', 'docker.io/acme/alpine:3.20'],
  ['[::1]:5000/{name}', '[::1]:5000/alpine:3.20'],
])('%s', (text, expected) => {
  const { registry, repository, tag } = renderTarget(parseTargetTemplate(text), SOURCE);
  expect(`${registry}/${repository}:${tag}`).toBe(expected);
});

test('a registry with a port becomes a part of a path, a missing namespace leaves no gap', () => {
  const source = { registry: '[::1]:5000', repository: 'app', tag: '1' };
  expect(renderTarget(parseTargetTemplate('h.io/{registry}/{name}'), source).repository).toBe('1-5000/app');
  expect(renderTarget(parseTargetTemplate('h.io/a/{namespace}/{name}'), source).repository).toBe('a/app');
});

test.each([
  ['h.io/{nam}', '{nam} is not known', '{registry}, {repository}'],
  ['h.io/{name', 'do not match', '{name}'],
  ['{registry}/a', 'must be named in full', '{registry} in the path'],
  ['mirror/{name}', 'the registry is missing', 'docker.io/mirror/{name}'],
  ['h.io/{tag}', '{tag} stands in the path', 'after the last ":"'],
  ['h.io/a@sha256:1', 'a target has no digest', 'that of the source'],
  ['h.io/A', 'upper-case', 'lower case'],
  ['h.io/a:', 'the tag after ":" is missing', 'write a tag'],
  ['https://h.io/a', 'not part of a reference', 'h.io/a'],
])('refuses %s', (text, message, hint) => {
  expect(failureOf(() => parseTargetTemplate(text))).toMatchObject({
    code: 'invalid-config',
    message: expect.stringContaining(message),
    hint: expect.stringContaining(hint),
  });
});
