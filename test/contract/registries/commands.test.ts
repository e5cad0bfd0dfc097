// Commands that need no configuration use one that is there: what it says of registries, under what the command line says.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { main } from '../../../infra/cli/main.ts';
import { startRegistry, type RunningRegistry } from '../../../infra/demo/registry.ts';
import { captureIo } from '../../support/captured-io.ts';
import { plantSimpleImage } from '../../support/planted-content.ts';

let folder: string;
let registry: RunningRegistry;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'transship-commands-'));
  await mkdir(path.join(folder, 'transship'));
  registry = await startRegistry({ auth: { kind: 'token', users: { alice: 'alice-password' } } });
  await plantSimpleImage({ registry, repository: 'app' }, { tag: 'v1', layers: ['a', 'b'] });
});
afterEach(async () => {
  await registry.stop();
  await rm(folder, { recursive: true });
});

/** @param named by -c; else it stands in its usual place */
async function save(text: string, named = false): Promise<string> {
  const file = named ? path.join(folder, 'named.yaml') : path.join(folder, 'transship', 'transship.yaml');
  await writeFile(file, text);
  return file;
}

async function run(...words: string[]) {
  const io = captureIo({ env: { XDG_CONFIG_HOME: folder, PASSWORD: 'alice-password' } });
  const exitCode = await main(words, io);
  return { exitCode, stdout: io.stdout.text(), stderr: io.stderr.text() };
}

const entry = () => `version: 1
registries:
  "${registry.host}":
    aliases: [registry.acme.io]
    credential: { username: alice, password: { env: PASSWORD } }
`;

test.each(['in its usual place', 'named by -c'])('a configuration %s', async (where) => {
  const file = await save(entry(), where === 'named by -c');
  const options = where === 'named by -c' ? ['-c', file] : [];
  expect(await run('tags', 'registry.acme.io/app', ...options)).toEqual({ exitCode: 0, stdout: 'v1\n', stderr: '' });
  const inspected = await run('inspect', 'registry.acme.io/app:v1', ...options);
  expect(inspected).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('registry.acme.io/app:v1') });
  const copied = await run('copy', '-q', 'registry.acme.io/app:v1', `${registry.host}/team/app:v1`, ...options);
  expect(copied).toMatchObject({ exitCode: 0, stderr: '' });
  expect(registry.catalog.get('team/app')?.tags.get('v1')).toBe(registry.catalog.get('app')?.tags.get('v1'));
});

test('without one, the same command has no login', async () => {
  const { exitCode, stderr } = await run('tags', `${registry.host}/app`);
  expect([exitCode, stderr]).toEqual([1, expect.stringContaining('refused the anonymous request')]);
});

test('a named credential file wins over it', async () => {
  await save(entry());
  const file = path.join(folder, 'auth.json');
  const auth = Buffer.from('alice:wrong').toString('base64');
  await writeFile(file, JSON.stringify({ auths: { [registry.host]: { auth } } }));
  const { exitCode, stderr } = await run('tags', `${registry.host}/app`, '--authfile', file);
  expect([exitCode, stderr]).toEqual([1, expect.stringContaining('the login of "alice"')]);
});

test.each([
  ['registries: { a.io: { kindd: harbor } }', 'did you mean "kind"?'],
  ['registries: { a.io: { aliases: [b.io] }, b.io: {} }', 'put both under one host'],
])('a broken one that nobody named fails with its place: %s', async (registries, hint) => {
  const file = await save(`version: 1\n${registries}\n`);
  const { exitCode, stderr } = await run('tags', `${registry.host}/app`);
  expect(exitCode).toBe(2);
  expect(stderr).toMatch(new RegExp(`^transship: ${file}:2:\\d+: `));
  expect(stderr).toContain(hint);
  expect(registry.requests).toEqual([]);
});
