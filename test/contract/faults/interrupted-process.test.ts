// Ctrl-C in the middle of a copy, as a real process gets it: exit code 130, no tag, and no upload left open at the target.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { startRegistry, type RunningRegistry } from '../../../infra/demo/registry.ts';
import { plantImage } from '../../support/planted-image.ts';
import { flawsBelowTags, tagAt } from '../../support/whole-tags.ts';

const LAUNCHER = resolve(import.meta.dirname, '../../../infra/cli/launcher.js');
const FOREVER_MS = 60_000;

async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 8000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error('not in time');
    await delay(10);
  }
}

/** Runs `transship copy`, sends the signal once the condition holds, and gives what became of it. */
async function interrupted(args: readonly string[], condition: () => boolean, signal: NodeJS.Signals = 'SIGINT') {
  const child = spawn(process.execPath, [LAUNCHER, ...args], {
    env: { PATH: process.env['PATH'], HOME: '/nonexistent', NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => (output.stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output.stderr += chunk.toString()));
  const closed = once(child, 'close');
  try {
    await until(condition);
    const startedAt = Date.now();
    child.kill(signal);
    const [exitCode] = await closed;
    return { ...output, exitCode, durationMs: Date.now() - startedAt };
  } finally {
    child.kill('SIGKILL');
  }
}

const uploadsBegun = (target: RunningRegistry) => target.openUploads() > 0;

test.each(['SIGINT', 'SIGTERM'] as const)('%s while a blob is on its way', async (signal) => {
  await using source = await startRegistry();
  await using target = await startRegistry();
  await plantImage(source, 'team/app', { tag: '1', layerSizes: [4_000_000] });
  source.faults.push({
    match: { method: 'GET', path: /\/blobs\// },
    action: { stallMs: FOREVER_MS, afterBytes: 1_500_000 },
  });
  const args = ['copy', `${source.host}/team/app:1`, `${target.host}/mirror/app:1`];
  const isMidBlob = () => uploadsBegun(target) && target.requests.some(({ method }) => method === 'PUT');
  const { exitCode, stderr, durationMs } = await interrupted(args, isMidBlob, signal);
  expect(exitCode).toBe(130);
  expect(stderr).toContain('interrupted');
  expect(stderr).not.toMatch(/\bat .*\.ts:/);
  expect(durationMs).toBeLessThan(4000);
  await until(() => target.openUploads() === 0);
  expect(target.requests.some(({ method }) => method === 'DELETE')).toBe(true);
  expect(tagAt(target, 'mirror/app', '1')).toBeUndefined();
  expect(await flawsBelowTags(target)).toEqual([]);
});

test('SIGINT while the target holds the manifest back: the tag is either whole or absent', async () => {
  await using source = await startRegistry();
  await using target = await startRegistry();
  await plantImage(source, 'team/app', { tag: '1' });
  target.faults.push({ match: { method: 'PUT', path: /\/manifests\// }, action: { delayMs: FOREVER_MS } });
  const args = ['--json', 'copy', `${source.host}/team/app:1`, `${target.host}/mirror/app:1`];
  const isWriting = () => target.requests.some(({ method, path }) => method === 'PUT' && path.includes('/manifests/'));
  const { exitCode, stdout } = await interrupted(args, isWriting);
  expect(exitCode).toBe(130);
  expect(await flawsBelowTags(target)).toEqual([]);
  expect(stdout).toContain('"interrupted"');
});

test('SIGINT while the source does not answer: ends at once', async () => {
  await using source = await startRegistry({ faults: [{ match: { method: 'GET' }, action: { delayMs: FOREVER_MS } }] });
  await using target = await startRegistry();
  const args = ['copy', `${source.host}/team/app:1`, `${target.host}/mirror/app:1`];
  const { exitCode, durationMs } = await interrupted(args, () => source.requests.length > 0);
  expect(exitCode).toBe(130);
  expect(durationMs).toBeLessThan(3000);
});

test('SIGINT while a retry waits: ends at once', async () => {
  await using source = await startRegistry({
    faults: [{ match: { path: /manifests/ }, action: { status: 429, headers: { 'retry-after': '30' } } }],
  });
  await using target = await startRegistry();
  const args = ['copy', `${source.host}/team/app:1`, `${target.host}/mirror/app:1`];
  const { exitCode, durationMs } = await interrupted(args, () => source.requests.length > 0);
  expect(exitCode).toBe(130);
  expect(durationMs).toBeLessThan(3000);
});
