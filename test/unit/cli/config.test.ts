// `transship config`: what it prints, and how it ends.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { main } from '../../../infra/cli/main.ts';
import { captureIo } from '../../support/captured-io.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'transship-config-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function save(name: string, text: string): string {
  const file = path.join(folder, name);
  writeFileSync(file, text);
  return file;
}

async function run(words: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const io = captureIo({ env });
  const exitCode = await main(words, io);
  return { exitCode, stdout: io.stdout.text(), stderr: io.stderr.text() };
}

const GOOD = [
  'version: 1',
  'instance: ${STAGE:-x}',
  'registries: { h.io: { credential: { username: "a$${b}", password: { env: SECRET } } } }',
  'mirrors: [{ name: a, from: q.io/a, to: [h.io/a] }]',
].join('\n');

describe('validate', () => {
  test('says what is in a good one', async () => {
    const file = save('good.yaml', GOOD);
    expect(await run(['config', 'validate', '-c', file])).toEqual({
      exitCode: 0,
      stdout: `${file}: valid (registries 1, mirrors 1, receivers 0)\n`,
      stderr: '',
    });
    expect(await run(['config', 'validate', '-q', '--config', file])).toMatchObject({ exitCode: 0, stdout: '' });
    const { stdout } = await run(['config', 'validate', '--json', '-c', file]);
    expect(JSON.parse(stdout)).toEqual({
      type: 'report',
      valid: true,
      files: [file],
      registries: 1,
      mirrors: 1,
      receivers: 0,
      warnings: 0,
    });
  });

  test('warns of what may not be meant, and ends well', async () => {
    const file = save('warn.yaml', 'version: 1\nmirrors: [{ name: a, from: q.io/**, to: ["h.io/{name}"] }]\n');
    const { exitCode, stderr } = await run(['config', 'validate', '-c', file]);
    expect(exitCode).toBe(0);
    expect(stderr).toBe(
      `warning: ${file}:2:42: mirrors[0].to[0]: several sources of q.io/** can have the one target h.io/*\n` +
        'hint: use {repository}, which holds the whole path of the source\n',
    );
    expect((await run(['config', 'validate', '-q', '-c', file])).stderr).toBe('');
    const { stdout } = await run(['config', 'validate', '--json', '-c', file]);
    expect(
      stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).type),
    ).toEqual(['warning', 'report']);
  });

  test('finds the file in its usual place', async () => {
    save('transship.yaml', 'version: 1\n');
    const { exitCode, stderr } = await run(['config', 'validate'], { XDG_CONFIG_HOME: '/nonexistent' });
    expect([exitCode, stderr]).toEqual([
      2,
      'transship: there is no configuration: neither transship.yaml nor /nonexistent/transship/transship.yaml\n' +
        'hint: name one with -c FILE, or begin with: transship config example > transship.yaml\n',
    ]);
  });

  test.each([
    ['/nonexistent/t.yaml', 'no such file'],
    ['/', 'it is a folder'],
  ])('says why %s cannot be read', async (file, reason) => {
    const { exitCode, stderr } = await run(['config', 'validate', '-c', file]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(`transship: ${file}: ${reason}\nhint: `);
  });
});

describe('show', () => {
  test('prints what can be loaded again and comes to the same, without a secret', async () => {
    const file = save('show.yaml', GOOD);
    const first = await run(['config', 'show', '-c', file], { SECRET: 'hunter2', STAGE: 'prod' });
    expect(first.exitCode).toBe(0);
    expect(first.stdout).not.toContain('hunter2');
    expect(parse(first.stdout)).toMatchObject({
      instance: 'prod',
      registries: { 'h.io': { credential: { username: 'a$${b}', password: { env: 'SECRET' } } } },
      mirrors: [{ name: 'a', referrers: true, schedule: { every: '6h' } }],
      api: { listen: '127.0.0.1:8080' },
    });
    const again = await run(['config', 'show', '-c', save('again.yaml', first.stdout)]);
    expect(parse(again.stdout)).toEqual(parse(first.stdout));
  });

  test('as JSON is a report', async () => {
    const { stdout } = await run(['config', 'show', '--json', '-c', save('json.yaml', GOOD)]);
    expect(JSON.parse(stdout)).toMatchObject({ type: 'report', config: { version: 1, instance: 'x' } });
  });
});

test('schema prints a JSON Schema', async () => {
  const { exitCode, stdout } = await run(['config', 'schema']);
  expect(exitCode).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({
    $schema: 'http://json-schema.org/draft-07/schema#',
    additionalProperties: false,
    properties: { version: { const: 1 }, mirrors: { type: 'array' } },
  });
});

test('example prints what validates', async () => {
  const { stdout } = await run(['config', 'example']);
  expect((await run(['config', 'validate', '-c', save('example.yaml', stdout)])).exitCode).toBe(0);
});

describe('import', () => {
  const regsync = 'sync: [{ source: "a:1", target: "h.io/a:1", type: image }]\nother: 1\n';

  test('prints a configuration, and what was left behind beside it', async () => {
    const { exitCode, stdout, stderr } = await run(['config', 'import', 'regsync', save('regsync.yml', regsync)]);
    expect(exitCode).toBe(0);
    expect(stderr).toMatch(/^warning: .*regsync\.yml:2:8: other: other is left out\nhint: /);
    expect((await run(['config', 'validate', '-c', save('imported.yaml', stdout)])).exitCode).toBe(0);
  });

  test('of skopeo needs a destination', async () => {
    const file = save('skopeo.yml', 'q.io: { images: { a: [] } }\n');
    const { exitCode, stderr } = await run(['config', 'import', 'skopeo', file]);
    expect([exitCode, stderr]).toEqual([
      2,
      "transship: required option '--to <destination>' not specified\nhint: see: transship config import skopeo --help\n",
    ]);
    const { stdout } = await run(['config', 'import', 'skopeo', file, '--to', 'h.io/x', '--scoped', '--json']);
    expect(JSON.parse(stdout.trim().split('\n').at(-1) ?? '')).toMatchObject({
      type: 'report',
      config: { mirrors: [{ to: ['h.io/x/{registry}/{repository}'] }] },
    });
  });
});

test.each([
  ['config'],
  ['config validate'],
  ['config show'],
  ['config schema'],
  ['config example'],
  ['config import'],
  ['config import regsync'],
  ['config import skopeo'],
])('%s --help ends with examples and exit codes', async (command) => {
  const { exitCode, stdout } = await run([...command.split(' '), '--help']);
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(/\nExamples:\n {2}# .*\n {2}transship config [^]*\nExit codes:\n {4}0 {2}done/);
});

test('a mistyped command is told with what is meant', async () => {
  const { exitCode, stderr } = await run(['config', 'validat']);
  expect([exitCode, stderr]).toEqual([
    2,
    "transship: unknown command 'validat'\nhint: did you mean validate? see: transship config --help\n",
  ]);
});
