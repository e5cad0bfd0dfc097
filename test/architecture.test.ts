// The architecture as a test: the rules that keep the rooms apart hold for the repository, and each rule can fail.
import path from 'node:path';
import { expect, it } from 'vitest';
import { checkArchitecture, readTree, type Tree } from './support/architecture/tree.ts';

const ENTRY = 'infra/cli/main.ts';
const COPY = 'infra/cli/commands/copy.ts';

it('holds for this repository', () => {
  expect(checkArchitecture(readTree(path.resolve(import.meta.dirname, '..')))).toEqual([]);
});

it('reads the sources of this repository', () => {
  const { sources } = readTree(path.resolve(import.meta.dirname, '..'));
  expect(sources.map(({ path: file }) => file)).toEqual(expect.arrayContaining([ENTRY, COPY, 'shared/errors.ts']));
});

it('finds nothing in a tree that follows the rules', () => {
  expect(
    violations({
      [ENTRY]: `// Entry.\nconst load = () => import('./commands/copy.ts');\nexport { load };\n`,
      [COPY]: `// Copy.\nimport { plan } from '../../../shared/mirror/plan.ts';\nexport const run = plan;\n`,
      'shared/mirror/plan.ts': `// Plan.\nimport type { Config } from '../config/schema.ts';\nimport '../oci/http/transport.ts';\nexport const plan = (c: Config) => c;\n`,
      'shared/oci/http/transport-agent.ts': `/* Agent. */\nimport { Agent } from 'undici';\nexport const agent = new Agent();\n`,
      'shared/oci/http/transport.ts': `// Transport.\nexport const send = () => import('./transport-agent.ts');\n`,
      'shared/config/schema.ts': `// Schema.\nimport * as z from 'zod';\nexport const schema = z.string();\nexport type Config = string;\n`,
      'shared/registries/ecr.ts': `// ECR.\nexport const client = () => import('@aws-sdk/client-ecr');\n`,
      'infra/cli/launcher.js': `#!/usr/bin/env node\n// Launcher.\nawait import('./main.ts');\n`,
      'test/unit/plan.test.ts': `// Plan.\n// needs a server that this system has not got\nit.skip('plans', () => {});\n`,
      'docs/guide.md': '# Guide',
      'README.md': '# Transship',
      'vitest.config.ts': `// Projects.\nexport default {};\n`,
    }),
  ).toEqual([]);
});

const PLACES = [
  'lib/a.ts',
  'shared/a.ts',
  'shared/misplaced/a.ts',
  'infra/a.ts',
  'infra/gcp/a.ts',
  'test/a.test.ts',
  'a.ts',
];

it.each(PLACES)('finds a file outside the rooms: %s', (file) => {
  expect(violations({ [file]: '// A.\nexport const a = 1;\n' })).toEqual([`${file}: stands in none of the rooms`]);
});

const DIRECTIONS = [
  ['shared/oci/a.ts', 'infra/demo/registry.ts'],
  ['shared/oci/a.ts', 'functions/registry-push.ts'],
  ['shared/oci/a.ts', 'shared/registries/ecr.ts'],
  ['shared/oci/a.ts', 'shared/identity/aws.ts'],
  ['shared/registries/a.ts', 'shared/mirror/copy.ts'],
  ['shared/mirror/a.ts', 'shared/credentials/plan.ts'],
  ['shared/mirror/a.ts', 'shared/diagnosis/explain.ts'],
  ['shared/events/a.ts', 'shared/registries/ecr.ts'],
  ['shared/nodes/a.ts', 'shared/mirror/copy.ts'],
  ['shared/cluster/a.ts', 'shared/identity/aws.ts'],
  ['shared/jobs/a.ts', 'shared/mirror/copy.ts'],
  ['shared/errors.ts', 'shared/oci/digest.ts'],
  ['shared/mirror/a.ts', 'shared/config/schema.ts'],
  ['functions/a.ts', 'infra/node/main.ts'],
  ['infra/demo/a.ts', 'infra/cli/output/table.ts'],
  ['infra/node/a.ts', 'infra/aws/queue.ts'],
  ['shared/mirror/a.ts', 'test/support/servers.ts'],
];

it.each(DIRECTIONS)('finds an import that points the wrong way: %s -> %s', (from, to) => {
  const specifier = path.posix.relative(path.posix.dirname(from), to);
  const target = specifier.startsWith('.') ? specifier : `./${specifier}`;
  const expected = [`${from}: must not import ${to}`];
  expect(violations({ [from]: `// A.\nimport { b } from '${target}';\nexport const a = b;\n` })).toEqual(expected);
  expect(violations({ [from]: `// A.\nexport const a = () => import('${target}');\n` })).toEqual(expected);
  expect(violations({ [from]: `// A.\nexport const a = 1;\nexport { b } from '${target}';\n` })).toEqual(expected);
});

it('finds an import of a type that points the wrong way', () => {
  expect(violations({ 'shared/oci/a.ts': `// A.\nexport type A = import('../mirror/b.ts').B;\n` })).toEqual([
    'shared/oci/a.ts: must not import shared/mirror/b.ts',
  ]);
});

const PACKAGES = [
  ['shared/oci/blob.ts', 'undici'],
  ['infra/demo/registry.ts', 'undici'],
  ['shared/jobs/store.ts', 'node:sqlite'],
  ['infra/aws/store.ts', 'node:sqlite'],
  ['shared/grants/openshift.ts', '@kubernetes/client-node'],
  ['infra/node/queue.ts', '@aws-sdk/client-sqs'],
  ['shared/identity/aws.ts', '@aws-sdk/lib-dynamodb'],
  ['shared/mirror/copy.ts', '@aws-sdk/client-ecr'],
  ['shared/identity/google.ts', '@azure/identity'],
  ['shared/registries/ecr.ts', 'google-auth-library'],
];

it.each(PACKAGES)('finds a package where it must not be: %s imports %s', (file, name) => {
  const text = `// A.\nexport const load = () => import('${name}');\n`;
  expect(violations({ [file]: text })).toEqual([`${file}: must not import ${name}`]);
});

it.each([
  ['shared/registries/ecr.ts', '@aws-sdk/client-ecr'],
  ['shared/grants/artifact-registry/client.ts', '@google-cloud/iam'],
  ['shared/identity/azure.ts', '@azure/identity/dist/index.js'],
  ['shared/mirror/resumable-hash.ts', 'hash-wasm'],
])('finds a package that is loaded before it is used: %s imports %s', (file, name) => {
  const imported = (kind: string) => ({ [file]: `// A.\nimport ${kind}{ A } from '${name}';\nexport type B = A;\n` });
  expect(violations(imported(''))).toEqual([`${file}: must import ${name} lazily`]);
  expect(violations(imported('type '))).toEqual([]);
});

it('finds zod on the way of copy, however far', () => {
  const files = {
    [COPY]: `// Copy.\nexport const run = () => import('../../../shared/mirror/copy.ts');\n`,
    'shared/mirror/copy.ts': `// Copy.\nimport '../registries/ecr.ts';\nexport const copy = 1;\n`,
    'shared/registries/ecr.ts': `// ECR.\nimport * as z from 'zod/mini';\nexport const schema = z;\n`,
  };
  const trail = `${COPY} -> shared/mirror/copy.ts -> shared/registries/ecr.ts -> zod/mini`;
  expect(violations(files)).toEqual([`${trail}: copy must not load zod`]);
});

it('finds that there is no copy command to look at', () => {
  expect(checkArchitecture({ paths: [], sources: [] }).toString()).toMatch(`${COPY}: is missing`);
});

it('finds a cycle, also one of types', () => {
  const files = {
    'shared/oci/a.ts': `// A.\nimport { b } from './b.ts';\nexport const a = b;\n`,
    'shared/oci/b.ts': `// B.\nimport { c } from './c.ts';\nexport const b = c;\n`,
    'shared/oci/c.ts': `// C.\nimport type { a } from './a.ts';\nexport const c = 1;\nexport type A = typeof a;\n`,
  };
  expect(violations(files)).toEqual([
    'shared/oci/a.ts -> shared/oci/b.ts -> shared/oci/c.ts -> shared/oci/a.ts: a cycle of imports',
  ]);
});

it.each([
  ['shared/oci/parseDigest.ts', '// A.\nexport const a = 1;\n', 'is not named in kebab-case'],
  ['shared/oci/sub_folder/a.ts', '// A.\nexport const a = 1;\n', 'is not named in kebab-case'],
  ['shared/oci/http-utils.ts', '// A.\nexport const a = 1;\n', 'has a name that says nothing'],
  ['shared/oci/helper.ts', '// A.\nexport const a = 1;\n', 'has a name that says nothing'],
  ['shared/oci/a.ts', 'export const a = 1;\n', 'does not open with a comment on what it is for'],
  ['shared/oci/index.ts', `// A.\nexport * from './a.ts';\n`, 'only passes on what other files export'],
  ['shared/oci/index.ts', `// A.\nexport { a } from './a.ts';\nexport type { B } from './b.ts';\n`, 'only passes on'],
])('finds bad form: %s', (file, text, expected) => {
  expect(violations({ [file]: text })).toEqual([expect.stringContaining(`${file}: ${expected}`)]);
});

it.each(['it.skip', 'describe.skip', 'it.concurrent.only', 'test.todo', 'context.skip'])(
  'finds a test that was switched off without a reason: %s',
  (call) => {
    const files = { 'test/unit/a.test.ts': `// A.\nconst a = 1;\n\n${call}();\n` };
    const [object, word] = [call.split('.')[0], call.split('.').at(-1)];
    expect(violations(files)).toEqual([`test/unit/a.test.ts:4: ${object}.${word} without a reason`]);
  },
);

/** Checks a small tree; the two files that the rule on `copy` starts from are added where they are missing. */
function violations(texts: Record<string, string>): string[] {
  const all = { [ENTRY]: '// Entry.\n', [COPY]: '// Copy.\n', ...texts };
  const sources = Object.entries(all)
    .filter(([file]) => /\.[jt]s$/.test(file))
    .map(([file, text]) => ({ path: file, text }));
  const tree: Tree = { paths: Object.keys(all), sources };
  return checkArchitecture(tree);
}
