// `transship demo` as a process: it proves what it shows, says so to people and machines, and leaves nothing behind.
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const run = promisify(execFile);
const ROOT = resolve(import.meta.dirname, '../..');
const LAUNCHER = resolve(ROOT, 'infra/cli/launcher.js');
const DIGEST = /^sha256:[0-9a-f]{64}$/;

let folder: string;
let env: NodeJS.ProcessEnv;
let child: ChildProcess | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'transship-demo-test-'));
  // A proxy that is not there shows that nothing leaves the machine.
  const proxy = 'http://127.0.0.1:9';
  env = { ...process.env, TMPDIR: folder, HOME: folder, NO_COLOR: '1', HTTP_PROXY: proxy, HTTPS_PROXY: proxy };
  child = undefined;
});

afterEach(async () => {
  child?.kill('SIGKILL');
  await rm(folder, { recursive: true });
});

/** What the demo left in its temporary folder; Node's own cache of compiled code aside. */
async function leftovers(): Promise<string[]> {
  return (await readdir(folder)).filter((name) => name.startsWith('transship'));
}

describe('transship demo', () => {
  test('proves both targets, in a few lines, and leaves nothing behind', async () => {
    const startedAt = performance.now();
    const { stdout } = await run(process.execPath, [LAUNCHER, 'demo'], { env });
    expect(performance.now() - startedAt).toBeLessThan(20_000);
    expect(stdout).toMatch(/holds {2}the login of .* was sent to no other registry\n[^]*holds {2}127[^]*holds {2}127/);
    expect(stdout).toMatch(/Proved: .* read back and hashed/);
    expect(stdout.split('\n').length).toBeLessThan(50);
    expect(stdout).not.toContain('\u001b');
    expect(await leftovers()).toEqual([]);
  });

  test('tells machines what was copied, mounted and left alone', async () => {
    const { stdout } = await run(process.execPath, [LAUNCHER, 'demo', '--json'], { env });
    const lines = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    const [first, second, third] = lines.filter(({ type }) => type === 'copied');
    expect(first).toMatchObject({ lesson: 'first', source: { digest: expect.stringMatching(DIGEST) } });
    for (const target of first.targets) {
      expect(target).toMatchObject({ state: 'copied', digest: first.source.digest, referrers: 2 });
    }
    for (const target of second.targets) {
      expect(target).toMatchObject({ state: 'copied', blobs: { copied: 4, mounted: 1 } });
    }
    for (const target of third.targets) {
      expect(target).toMatchObject({ state: 'unchanged', bytesMoved: 0, digest: first.source.digest });
    }
    expect(lines.at(-1)).toMatchObject({
      type: 'report',
      proved: true,
      checks: Array.from({ length: 5 }, () => ({ holds: true })),
    });
  });

  test('prints what the README shows', async () => {
    const readme = await readFile(resolve(ROOT, 'README.md'), 'utf8');
    const [, shown = ''] = /^```text\n(Three registries.*?)^```/ms.exec(readme) ?? [];
    const { stdout } = await run(process.execPath, [LAUNCHER, 'demo'], { env, cwd: ROOT });
    expect(withoutFigures(stdout)).toBe(withoutFigures(shown));
  });

  test('prints nothing when asked to be quiet', async () => {
    expect(await run(process.execPath, [LAUNCHER, 'demo', '--quiet'], { env })).toEqual({ stdout: '', stderr: '' });
  });
});

describe('transship demo --keep', () => {
  test('leaves the registries up until Ctrl-C, and then nothing behind', async () => {
    const { kept } = await keepDemo();
    expect(await leftovers()).toHaveLength(1);
    const { stdout } = await run(process.execPath, [LAUNCHER, 'inspect', `${kept.open}/${kept.image}`], { env });
    expect(stdout).toMatch(/linux\/amd64[^]*attestation[^]*linux\/arm64[^]*referrer[^]*cosign sig/);
    const withLogin = ['inspect', '--authfile', kept.authfile, `${kept.locked}/${kept.image}`];
    expect((await run(process.execPath, [LAUNCHER, ...withLogin], { env })).stdout).toContain('linux/arm64');
    const anonymous = run(process.execPath, [LAUNCHER, 'inspect', `${kept.locked}/${kept.image}`], { env });
    await expect(anonymous).rejects.toMatchObject({ code: 1, stderr: expect.stringContaining('hint:') });

    expect(await endDemo('SIGINT')).toEqual([0, null]);
    expect(await leftovers()).toEqual([]);
  });

  test('leaves nothing behind when it is ended', async () => {
    await keepDemo();
    expect(await endDemo('SIGTERM')).toEqual([0, null]);
    expect(await leftovers()).toEqual([]);
  });
});

test('a demo that is interrupted leaves nothing behind and says so', async () => {
  const started = startDemo();
  for await (const line of started) if (JSON.parse(line).type === 'registries') break;
  expect(await leftovers()).toHaveLength(1);
  expect(await endDemo('SIGINT')).toEqual([130, null]);
  expect(await leftovers()).toEqual([]);
});

/** Ports, digests, durations and column widths differ from run to run. */
function withoutFigures(text: string): string {
  return text
    .replace(/sha256:\w+/g, 'sha256:…')
    .replace(/[\d.]+(ms|s)?/g, '0')
    .replace(/ +/g, ' ');
}

function startDemo(...options: string[]): AsyncIterable<string> {
  child = spawn(process.execPath, [LAUNCHER, 'demo', '--json', ...options], {
    env,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return createInterface(child.stdout!);
}

/** Starts the demo and reads up to its report, after which it waits. */
async function keepDemo(): Promise<{ kept: Record<'open' | 'locked' | 'authfile' | 'image', string> }> {
  for await (const line of startDemo('--keep')) {
    const event = JSON.parse(line);
    if (event.type === 'report') return event;
  }
  throw new Error('the demo ended without a report');
}

async function endDemo(signal: NodeJS.Signals): Promise<unknown[]> {
  const ended = once(child!, 'exit');
  child!.kill(signal);
  return ended;
}
