// `transship sync` and `transship plan` against in-process registries: output for people and machines, exit codes, the journal.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { main } from '../../infra/cli/main.ts';
import { startRegistry, type RunningRegistry } from '../../infra/demo/registry.ts';
import { openSqliteStore } from '../../infra/node/sqlite-store.ts';
import { captureIo } from '../support/captured-io.ts';
import { plantSimpleImage } from '../support/planted-content.ts';

let folder: string;
let source: RunningRegistry;
let target: RunningRegistry;

beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'transship-sync-'));
  [source, target] = await Promise.all([startRegistry(), startRegistry()]);
});

afterEach(async () => {
  await Promise.all([source.stop(), target.stop()]);
  rmSync(folder, { recursive: true, force: true });
});

function save(mirrors: readonly Record<string, unknown>[]): string {
  const file = path.join(folder, 'transship.yaml');
  const registries = Object.fromEntries([source, target].map(({ host }) => [host, { credential: 'anonymous' }]));
  writeFileSync(file, JSON.stringify({ version: 1, dataDir: path.join(folder, 'data'), registries, mirrors }));
  return file;
}

async function run(words: readonly string[], options: { isTTY?: boolean } = {}) {
  const io = captureIo(options);
  const exitCode = await main([...words, '-c', path.join(folder, 'transship.yaml')], io);
  return { exitCode, stdout: io.stdout.text(), stderr: io.stderr.text() };
}

const lines = (text: string): Record<string, unknown>[] =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
const plant = (tag: string, layer = tag, repository = 'app', registry = source) =>
  plantSimpleImage({ registry, repository }, { tag, layers: [layer] });
const app = (fields: Record<string, unknown> = {}) => ({
  name: 'app',
  from: `${source.host}/app`,
  to: [`${target.host}/mirror/{repository}`],
  ...fields,
});

describe('sync', () => {
  test('copies, tells each rule and what it cost, and says unchanged the second time', async () => {
    for (const tag of ['1.0', '1.1']) await plant(tag);
    save([app(), { ...app({ name: 'other' }), from: `${source.host}/{app,else}`, to: [`${target.host}/x/{name}`] }]);
    await plant('v1', 'v1', 'else');
    const first = await run(['sync']);
    expect(first.stderr).toContain('comparing what 2 rules select\n');
    expect(first.stderr).toContain(`app: ${source.host}/app: 2 of 2 tags to copy\n`);
    const [one, two, cost] = first.stdout.split('\n');
    expect([one, two]).toEqual(['app    1 repository, 2 tags    2 copied', 'other  2 repositories, 3 tags  3 copied']);
    expect(cost).toMatch(/^\d+ blobs · .* moved · .*\d+ requests · [\d.]+m?s$/);
    expect(first.exitCode).toBe(0);
    expect(target.catalog.get('mirror/app')?.tags.size).toBe(2);
    const second = await run(['sync', 'app']);
    expect(second.stdout).toMatch(/^app {2}1 repository, 2 tags {2}2 unchanged\n/);
    expect(second.exitCode).toBe(0);
  });

  test('draws on a terminal and leaves the cursor there', async () => {
    await plant('1.0');
    save([app()]);
    const { stderr, exitCode } = await run(['sync'], { isTTY: true });
    expect(exitCode).toBe(0);
    expect(stderr).toContain(target.host);
    expect(stderr.endsWith('\u001b[?25h')).toBe(true);
  });

  test('is silent with --quiet, and with --json prints one value a line, the report last', async () => {
    await plant('1.0');
    save([app()]);
    expect(await run(['sync', '--quiet'])).toEqual({ exitCode: 0, stdout: '', stderr: '' });
    await plant('1.1');
    const { stdout } = await run(['sync', '--json']);
    expect(lines(stdout).map(({ type }) => type)).toEqual(['compared', 'artifact', 'report']);
    expect(lines(stdout).at(-1)).toMatchObject({
      rules: [{ name: 'app', repositories: 1, tags: 2, copied: 1, unchanged: 1, refused: 0, failed: 0 }],
      copied: 1,
      unchanged: 1,
    });
    const report = await run(['sync', '--json', '--quiet']);
    expect(lines(report.stdout).map(({ type }) => type)).toEqual(['report']);
  });

  test.each([
    ['some fail', 3, () => [app(), app({ name: 'lost', from: `${source.host}/lost` })]],
    ['all fail', 1, () => [app({ name: 'lost', from: `${source.host}/lost` })]],
    ['all are refused', 4, () => [app({ onConflict: 'refuse', tags: { allow: ['taken'] } })]],
  ])('ends with its exit code where %s', async (_what, exitCode, rules) => {
    await plant('taken', 'new');
    await plant('1.0');
    await plant('taken', 'old', 'mirror/app', target);
    save(rules());
    const result = await run(['sync']);
    expect(result.exitCode).toBe(exitCode);
    expect(result.stderr).toMatch(/transship: .*\nhint: /);
  });

  test('a rule that is not there is told with what is meant', async () => {
    save([app()]);
    expect(await run(['sync', 'ap'])).toEqual({
      exitCode: 2,
      stdout: '',
      stderr: 'transship: there is no rule "ap"\nhint: did you mean app?\n',
    });
    save([]);
    expect((await run(['sync'])).stderr).toContain('the configuration has no mirror rules');
  });

  test('interrupted says so, and what was done stays', async () => {
    for (const tag of ['1', '2', '3', '4']) await plant(tag);
    save([app()]);
    target.faults.push({ match: { method: 'PUT', path: /manifests/ }, action: { delayMs: 60_000 } });
    const io = captureIo();
    const running = main(['sync', '-c', path.join(folder, 'transship.yaml')], io);
    await expect.poll(() => target.requests.some(({ method }) => method === 'POST'), { timeout: 10_000 }).toBe(true);
    io.interrupt();
    expect(await running).toBe(130);
  });

  test('without pruning and without a server no store is made', async () => {
    await plant('1.0');
    save([app()]);
    await run(['sync']);
    await expect(openStore()).resolves.toEqual([]);
  });
});

describe('plan', () => {
  test('shows what would be done and writes nothing', async () => {
    for (const tag of ['1.0', '1.1']) await plant(tag);
    const old = await plant('1.1', 'old', 'mirror/app', target);
    save([app()]);
    target.requests.length = 0;
    const { exitCode, stdout } = await run(['plan']);
    const [absent, moved, total, hash] = stdout.split('\n');
    expect(absent).toMatch(
      new RegExp(`^app {2}\\+ ${target.host}/mirror/app:1\\.0 {2}is absent +${source.host}/app:1\\.0$`),
    );
    expect(moved).toContain(`~ ${target.host}/mirror/app:1.1  names ${old.digest.slice(7, 19)}, not `);
    expect([total, exitCode]).toEqual(['2 changes, 0 unchanged', 0]);
    expect(hash).toMatch(/^plan sha256:[0-9a-f]{64}$/);
    expect(target.requests.filter(({ method }) => method !== 'GET' && method !== 'HEAD')).toEqual([]);
    expect((await run(['sync', '--dry-run'])).stdout).toBe(stdout);
  });

  test('tells scripts with --detailed-exit-code', async () => {
    await plant('1.0');
    save([app()]);
    expect((await run(['plan', '--detailed-exit-code'])).exitCode).toBe(5);
    await run(['sync']);
    expect(await run(['plan', '--detailed-exit-code'])).toMatchObject({ exitCode: 0 });
    save([app(), app({ name: 'lost', from: `${source.host}/lost` })]);
    expect((await run(['plan', '--detailed-exit-code'])).exitCode).toBe(3);
  });

  test('as JSON has the differences and the hash', async () => {
    await plant('1.0');
    save([app()]);
    const [diff, report] = lines((await run(['plan', '--json'])).stdout);
    expect(diff).toMatchObject({
      type: 'diff',
      rule: 'app',
      selected: 1,
      changes: [{ targets: [{ state: 'absent' }] }],
    });
    expect(report).toMatchObject({ type: 'report', changes: 1, unchanged: 0, hash: expect.stringMatching(/^sha256:/) });
  });
});

describe('pruning', () => {
  test('plan lists it, sync does it', async () => {
    for (const tag of ['1.0', '1.1']) await plant(tag);
    save([app({ prune: 'apply' })]);
    await run(['sync']);
    source.catalog.get('app')?.tags.delete('1.0');
    const planned = await run(['plan']);
    expect(planned.stdout).toMatch(new RegExp(`^app {2}- ${target.host}/mirror/app:1\\.0 {2}not wanted any more`));
    expect(target.catalog.get('mirror/app')?.tags.has('1.0')).toBe(true);
    const { stdout } = await run(['sync']);
    expect(stdout).toContain(`removed: ${target.host}/mirror/app:1.0\n`);
    expect([...(target.catalog.get('mirror/app')?.tags.keys() ?? [])]).toEqual(['1.1']);
  });

  test('is left out where a server owns the data folder', async () => {
    await plant('1.0');
    save([app({ prune: 'apply' })]);
    const store = await openSqliteStore({ dataDir: path.join(folder, 'data') });
    const { exitCode, stderr } = await run(['sync']);
    await store.close();
    expect(exitCode).toBe(0);
    expect(stderr).toMatch(/warning: a running server owns .*: nothing is pruned.*\nhint: /);
  });
});

test.each(['sync', 'plan'])('%s --help ends with examples and exit codes', async (command) => {
  const io = captureIo();
  expect(await main([command, '--help'], io)).toBe(0);
  expect(io.stdout.text()).toMatch(/\nExamples:\n {2}# [^]*\nExit codes:\n {4}0 {2}done/);
});

/** What the journal of the data folder has. */
async function openStore() {
  const store = await openSqliteStore({ dataDir: path.join(folder, 'data') });
  const written = await store.journal.written(target.host, 'mirror/app');
  await store.close();
  return written;
}
