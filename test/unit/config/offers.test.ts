// What an entry asks of a registry that its vendor does not offer is told with its place, and is no mistake.
import { expect, test } from 'vitest';
import { readConfig } from '../../../shared/config/load.ts';

function warningsOf(entry: string): string[] {
  const text = `version: 1\nregistries:\n  ${entry}\n`;
  const { warnings } = readConfig([{ file: 'transship.yaml', text }], { env: {}, homeDir: '/', cwd: '/' });
  return warnings.map(({ line, column, path, message, hint }) => `${line}:${column} ${path}: ${message} | ${hint}`);
}

const ECR = '123456789012.dkr.ecr.eu-west-1.amazonaws.com';

test.each([
  `${ECR}: { credential: { aws: {} }, createRepository: {} }`,
  'a.io: { kind: ecr, credential: { aws: { region: eu-west-1 } } }',
  'a.io: { kind: harbor, createRepository: { public: true } }',
  'a.io: { credential: { helper: gcloud } }',
  'a.io: { credential: anonymous }',
])('nothing is wrong with %s', (entry) => {
  expect(warningsOf(entry)).toEqual([]);
});

test.each([
  [
    'europe-docker.pkg.dev: { credential: { azure: {} } }',
    /^3:42 .*\.credential\.azure: .*kind artifact-registry does not take an identity of azure/,
    /acr-env/,
  ],
  ['acme.azurecr.io: { credential: { google: {} } }', /credential\.google: .*kind acr .*of google/, /gcloud/],
  ['ghcr.io: { credential: { aws: {} } }', /credential\.aws: .*kind ghcr .*of aws/, /ecr-login/],
  ['ghcr.io: { createRepository: {} }', /^3:14 .*createRepository: .*kind ghcr are not made/, /leave it out/],
])('a warning for %s', (entry, message, hint) => {
  const [warning, ...others] = warningsOf(entry);
  expect(others).toEqual([]);
  expect(warning).toMatch(message);
  expect(warning).toMatch(hint);
});
