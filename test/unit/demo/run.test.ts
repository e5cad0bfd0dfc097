// The demo where its server does not come up: it says why, and leaves nothing behind.
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { DemoEvent } from '../../../infra/demo/demo-event.ts';
import { runDemo } from '../../../infra/demo/run.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'demo-run-'));
  vi.stubEnv('TMPDIR', folder);
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

test('a server that ends at once is told with its last words', { timeout: 20_000 }, async () => {
  const events: DemoEvent[] = [];
  const demo = runDemo({
    program: { command: process.execPath, args: ['--eval', 'console.error("out of order")'] },
    socketOf: (dataDir) => join(dataDir, 'admin.sock'),
    tell: (event) => events.push(event),
    keep: false,
    signal: new AbortController().signal,
    onExit: () => () => undefined,
  });
  await expect(demo).rejects.toThrow('transship serve ended before it was ready; its log ends with: out of order');
  expect(events).toEqual([{ type: 'starting' }]);
  expect(await readdir(folder)).toEqual([]);
});
