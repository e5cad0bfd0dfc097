// `transship copy` against in-process registries: output for people and machines, exit codes, and what the options do.
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { main } from '../../infra/cli/main.ts';
import { startRegistry, type RunningRegistry } from '../../infra/demo/registry.ts';
import { captureIo } from '../support/captured-io.ts';
import { plantImage, plantIndex, type PlantedIndex } from '../support/planted-image.ts';

let source: RunningRegistry;
let target: RunningRegistry;
let other: RunningRegistry;
let index: PlantedIndex;

beforeAll(async () => {
  [source, target, other] = await Promise.all([startRegistry(), startRegistry(), startRegistry()]);
  index = await plantIndex(source, 'team/app', '1.0');
  for (const tag of ['1', '2', '3'])
    await plantImage(source, 'team/many', { tag, layerSizes: [100, Number(tag) * 1000] });
});

afterEach(() => {
  for (const registry of [source, target, other]) registry.faults.length = 0;
});

afterAll(async () => {
  await Promise.all([source.stop(), target.stop(), other.stop()]);
});

async function run(...words: string[]) {
  const io = captureIo();
  const exitCode = await main(words, io);
  return { exitCode, stdout: io.stdout.text(), stderr: io.stderr.text() };
}

function lines(text: string): Record<string, unknown>[] {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
}

let names = 0;

/** A repository that no other test uses. */
function fresh(registry: RunningRegistry): string {
  names += 1;
  return `${registry.host}/copy-${names}/app`;
}

async function digestAt(reference: string): Promise<string | null> {
  const [host, ...rest] = reference.split('/');
  const [repository, tag] = rest.join('/').split(':');
  const headers = { accept: 'application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json' };
  const response = await fetch(`http://${host}/v2/${repository}/manifests/${tag}`, { method: 'HEAD', headers });
  return response.headers.get('docker-content-digest');
}

describe('output for people', () => {
  test('tells the start on stderr and each target on stdout', async () => {
    const to = `${fresh(target)}:1.0`;
    const { exitCode, stdout, stderr } = await run('copy', `${source.host}/team/app:1.0`, to);
    expect(stderr).toBe(`copying ${source.host}/team/app:1.0 to ${to}\n`);
    const [heading, digest, facts, ...rest] = stdout.split('\n');
    expect(heading).toBe(`copied     ${to}`);
    expect(digest).toBe(`           ${index.digest}`);
    expect(facts).toMatch(/^ {11}\d+ blobs: \d+ copied · [\d.]+ KiB moved · \d+ referrers? · \d+ requests · .*m?s$/);
    expect(rest).toEqual(['']);
    expect(exitCode).toBe(0);
    expect(await digestAt(to)).toBe(index.digest);
  });

  test('says unchanged the second time', async () => {
    const to = `${fresh(target)}:1.0`;
    await run('copy', `${source.host}/team/app:1.0`, to);
    const { exitCode, stdout } = await run('copy', `${source.host}/team/app:1.0`, to);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^unchanged /);
  });

  test('prints nothing with --quiet', async () => {
    const result = await run('copy', '--quiet', `${source.host}/team/app:1.0`, `${fresh(target)}:1.0`);
    expect(result).toEqual({ exitCode: 0, stdout: '', stderr: '' });
  });

  test('draws on a terminal, clears it away, and then tells the outcome', async () => {
    const io = captureIo({ isTTY: true, columns: 80 });
    expect(await main(['copy', '--no-color', `${source.host}/team/app:1.0`, `${fresh(target)}:1.0`], io)).toBe(0);
    const drawn = io.stderr.text();
    expect(drawn.startsWith('\u001b[?25l')).toBe(true);
    expect(drawn).toContain('  total ');
    expect(drawn.endsWith('\u001b[0J\u001b[?25h')).toBe(true);
    expect(io.stdout.text()).toMatch(/^copied /);
  });
});

describe('output for machines', () => {
  test('gives events and, as the last line, the report', async () => {
    const to = `${fresh(target)}:1.0`;
    const { exitCode, stdout, stderr } = await run('copy', '--json', `${source.host}/team/app:1.0`, to);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    const values = lines(stdout);
    expect(new Set(values.map(({ type }) => type))).toEqual(
      new Set(['resolved', 'planned', 'blob', 'manifest', 'target', 'report']),
    );
    expect(values.at(-1)).toMatchObject({
      type: 'report',
      source: { reference: `${source.host}/team/app:1.0`, digest: index.digest },
      targets: [
        {
          reference: to,
          digest: index.digest,
          state: 'copied',
          blobs: { copied: expect.any(Number), mounted: 0, existing: 0 },
          bytesMoved: expect.any(Number),
          bytesSaved: 0,
          requests: expect.any(Number),
          durationMs: expect.any(Number),
        },
      ],
    });
  });

  test('gives only the report with --quiet', async () => {
    const { stdout } = await run('copy', '--json', '--quiet', `${source.host}/team/app:1.0`, `${fresh(target)}:1.0`);
    expect(lines(stdout)).toMatchObject([{ type: 'report' }]);
  });

  test('gives the problem when the source can not be read', async () => {
    const { exitCode, stdout, stderr } = await run(
      'copy',
      '--json',
      `${source.host}/team/app:none`,
      `${fresh(target)}:1.0`,
    );
    expect(exitCode).toBe(1);
    expect(lines(stdout).at(-1)).toMatchObject({
      type: 'error',
      code: 'not-found',
      registry: source.host,
      repository: 'team/app',
    });
    expect(stderr).toMatch(/^transship: .*\nhint: /);
  });
});

describe('exit codes', () => {
  test('some targets failed: 3, and the reason on stderr', async () => {
    other.faults.push({ match: { method: 'PUT', path: /manifests/ }, action: { status: 403 } });
    const [good, bad] = [`${fresh(target)}:1.0`, `${fresh(other)}:1.0`];
    const { exitCode, stdout, stderr } = await run('copy', `${source.host}/team/app:1.0`, good, bad);
    expect(exitCode).toBe(3);
    expect(stdout).toContain(`copied     ${good}`);
    expect(stdout).toContain(`failed     ${bad}`);
    expect(stderr).toMatch(new RegExp(`^transship: .*${other.host}.*\nhint: `, 'm'));
    expect(await digestAt(bad)).toBeNull();
  });

  test('all targets failed: 1', async () => {
    other.faults.push({ match: { method: 'PUT', path: /manifests/ }, action: { status: 403 } });
    const { exitCode, stdout } = await run('copy', '--json', `${source.host}/team/app:1.0`, `${fresh(other)}:1.0`);
    expect(exitCode).toBe(1);
    expect(lines(stdout).at(-1)).toMatchObject({
      type: 'report',
      targets: [{ state: 'failed', error: { code: 'denied' } }],
    });
  });

  test('all targets refused by the conflict policy: 4, and the old content stays', async () => {
    const to = `${fresh(target)}:1.0`;
    await run('copy', `${source.host}/team/many:1`, to);
    const before = await digestAt(to);
    const { exitCode, stdout, stderr } = await run(
      'copy',
      '--on-conflict',
      'refuse',
      `${source.host}/team/app:1.0`,
      to,
    );
    expect(exitCode).toBe(4);
    expect(stdout).toMatch(/^refused /);
    expect(stderr).toMatch(/transship: .*\nhint: /);
    expect(await digestAt(to)).toBe(before);
  });

  test('interrupted: 130, and no tag appears', async () => {
    target.faults.push({ match: { method: 'PUT' }, action: { delayMs: 60_000 } });
    target.faults.push({ match: { method: 'PATCH' }, action: { delayMs: 60_000 } });
    const to = `${fresh(target)}:1.0`;
    const io = captureIo();
    const done = main(['copy', `${source.host}/team/app:1.0`, to], io);
    target.requests.length = 0;
    await vi.waitFor(() => expect(target.requests.map(({ method }) => method)).toContain('POST'), { timeout: 10_000 });
    io.interrupt();
    expect(await done).toBe(130);
    expect(io.exits).toEqual([]);
    expect(io.stderr.text()).toMatch(/transship: .*interrupted.*\nhint: /);
    expect(await digestAt(to)).toBeNull();
  });

  test('a platform that is not there: 1', async () => {
    const { exitCode, stderr } = await run(
      'copy',
      '--platform',
      'linux/s390x',
      `${source.host}/team/app:1.0`,
      `${fresh(target)}:1.0`,
    );
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/transship: .*linux\/s390x.*\nhint: /);
  });
});

describe('options', () => {
  test('--dry-run tells what would be done and writes nothing', async () => {
    const to = `${fresh(target)}:1.0`;
    target.requests.length = 0;
    const { exitCode, stdout } = await run('copy', '--dry-run', `${source.host}/team/app:1.0`, to);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^planned .*\n.*\n.*\d+ blobs: \d+ to copy · [\d.]+ KiB to move/);
    expect(target.requests.filter(({ method }) => method !== 'GET' && method !== 'HEAD')).toEqual([]);
  });

  test('--platform alone gives a smaller index with a digest of its own', async () => {
    const to = `${fresh(target)}:1.0`;
    const { exitCode, stdout } = await run(
      'copy',
      '--json',
      '--platform',
      'linux/arm64',
      `${source.host}/team/app:1.0`,
      to,
    );
    expect(exitCode).toBe(0);
    expect(lines(stdout).at(-1)).toMatchObject({ targets: [{ state: 'copied', digest: await digestAt(to) }] });
    expect(await digestAt(to)).not.toBe(index.digest);
    const { stdout: tree } = await run('inspect', '--no-referrers', to);
    expect(tree).toContain('linux/arm64');
    expect(tree).not.toContain('linux/amd64');
  });

  test('--platform with --platform-mode keep keeps the digest', async () => {
    const to = `${fresh(target)}:1.0`;
    await run('copy', '--platform', 'linux/arm64', '--platform-mode', 'keep', `${source.host}/team/app:1.0`, to);
    expect(await digestAt(to)).toBe(index.digest);
  });

  test('--no-referrers leaves them behind', async () => {
    const to = `${fresh(target)}:1.0`;
    await run('copy', '--no-referrers', `${source.host}/team/app:1.0`, to);
    expect((await run('inspect', to)).stdout).not.toMatch(/referrer|cosign/);
    await run('copy', `${source.host}/team/app:1.0`, to);
    expect((await run('inspect', to)).stdout).toMatch(/referrer [^]*cosign/);
  });

  test('--all-tags copies a repository and sums it up', async () => {
    const to = fresh(target);
    const { exitCode, stdout } = await run('copy', '--all-tags', `${source.host}/team/many`, to);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(new RegExp(`^copied     ${to}\n +tags: 3 copied\n +\\d+ blobs: `));
    const again = await run('copy', '--all-tags', '--json', `${source.host}/team/many`, to);
    const values = lines(again.stdout);
    expect(values.filter(({ type }) => type === 'artifact')).toHaveLength(3);
    expect(values.at(-1)).toMatchObject({
      type: 'report',
      source: { reference: `${source.host}/team/many` },
      targets: [{ reference: to, state: 'unchanged', tags: { unchanged: 3 } }],
    });
  });

  test('--all-tags tells what was copied before a tag of the source could not be read: 3', async () => {
    source.faults.push({ match: { path: /many\/manifests\/3$/ }, action: { status: 403 } });
    const { exitCode, stdout, stderr } = await run(
      'copy',
      '--all-tags',
      '--json',
      `${source.host}/team/many`,
      fresh(target),
    );
    expect(exitCode).toBe(3);
    expect(stderr).toMatch(/^transship: .*\nhint: /m);
    expect(lines(stdout).at(-1)).toMatchObject({ type: 'report', targets: [{ tags: { copied: 2 } }] });
  });

  test('--all-tags goes on after a tag that fails: 3', async () => {
    target.faults.push({ match: { method: 'PUT', path: /manifests\/2$/ }, action: { status: 403 } });
    const to = fresh(target);
    const { exitCode, stdout, stderr } = await run('copy', '--all-tags', `${source.host}/team/many`, to);
    expect(exitCode).toBe(3);
    expect(stdout).toMatch(/^failed .*\n +tags: 2 copied, 1 failed|^failed .*\n +tags: .*1 failed/);
    expect(stderr).toMatch(/transship: /);
    expect(await digestAt(`${to}:3`)).not.toBeNull();
  });
});
