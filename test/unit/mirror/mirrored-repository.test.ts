// Which repository of a registry the rules of the mirrors name in full.
import { expect, test } from 'vitest';
import { mirroredRepository } from '../../../shared/mirror/mirrored-repository.ts';
import { configOf } from '../../support/config-of.ts';

test.each([
  [
    'what a rule writes there',
    '{ name: a, from: docker.io/acme/app, to: ["h.io/mirror/{repository}"] }',
    'h.io',
    'mirror/acme/app',
  ],
  ['the first of several', '{ name: a, from: "q.io/acme/{one,two}", to: ["h.io/m/{name}"] }', 'h.io', 'm/one'],
  ['what a rule reads there', '{ name: a, from: q.io/acme/app, to: [h.io/x] }', 'q.io', 'acme/app'],
  ['nothing where the source has stars', '{ name: a, from: "q.io/acme/*", to: ["h.io/m/{name}"] }', 'h.io', undefined],
  ['nothing where no rule speaks of it', '{ name: a, from: q.io/acme/app, to: [h.io/x] }', 'other.io', undefined],
  [
    'what is written goes before what is read, in any order of the rules',
    '{ name: a, from: h.io/read/app, to: [i.io/x] }, { name: b, from: q.io/acme/app, to: [h.io/written] }',
    'h.io',
    'written',
  ],
])('%s', (_, rules, registry, repository) => {
  expect(mirroredRepository(configOf(`mirrors: [${rules}]`).rules, registry)).toBe(repository);
});
