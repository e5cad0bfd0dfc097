// The server's process in the hands of the demo: ready, killed, ended, and never left over.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startServer } from '../../../infra/demo/server/server-process.ts';

const READY = `
  const { createServer } = require('node:http');
  const { appendFileSync } = require('node:fs');
  process.on('SIGTERM', () => { console.log('asked to end'); process.exit(0); });
  createServer((_, response) => response.end('ok')).listen(Number(process.argv.at(-1)), '127.0.0.1');
  console.log('started with ' + process.argv.slice(2, 4).join(' '));
`;

let folder: string;
let port: number;
let listeners: Set<() => void>;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'transship-server-process-'));
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  port = typeof address === 'object' && address !== null ? address.port : 0;
  probe.close();
  await once(probe, 'close');
  listeners = new Set();
});

afterEach(() => rm(folder, { recursive: true }));

async function start(script: string, signal = new AbortController().signal) {
  const program = join(folder, 'program.cjs');
  await writeFile(program, script);
  return startServer({
    program: { command: process.execPath, args: [program] },
    config: String(port),
    url: `http://127.0.0.1:${port}`,
    logFile: join(folder, 'serve.log'),
    signal,
    onExit: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  });
}

const log = () => readFile(join(folder, 'serve.log'), 'utf8');

test('is ready when it answers, and is asked to end', async () => {
  const server = await start(READY);
  expect(isAlive(server.pid)).toBe(true);
  expect(server.readyMs).toBeGreaterThan(0);
  await server.stop();
  expect(isAlive(server.pid)).toBe(false);
  expect(await log()).toBe('started with serve --config\nasked to end\n');
  expect(listeners.size).toBe(0);
});

test('is killed without a last word, and starts again on the same port', async () => {
  const first = await start(READY);
  await first.kill();
  expect(isAlive(first.pid)).toBe(false);
  const second = await start(READY);
  await second.stop();
  expect(await log()).toBe('started with serve --config\n'.repeat(2) + 'asked to end\n');
});

test('one that ends before it is ready is told with its last words', async () => {
  await expect(start(`console.error('no such file'); process.exitCode = 2;`)).rejects.toThrow(
    'transship serve ended before it was ready; its log ends with: no such file',
  );
  expect(listeners.size).toBe(0);
});

test('is not left over when the demo is given up before it is ready', async () => {
  const giveUp = new AbortController();
  const starting = start(`console.log(process.pid); setInterval(() => {}, 1000);`, giveUp.signal);
  await expect.poll(async () => /\d+\n/.exec(await log().catch(() => ''))?.[0]).toBeDefined();
  giveUp.abort(new Error('given up'));
  await expect(starting).rejects.toThrow('given up');
  expect(isAlive(Number(await log()))).toBe(false);
});

test('ends with this process, also when that is killed', async () => {
  const program = join(folder, 'program.cjs');
  await writeFile(program, READY);
  const module = resolve(import.meta.dirname, '../../../infra/demo/server/server-process.ts');
  const parent = `
    import { startServer } from ${JSON.stringify(module)};
    const server = await startServer({
      program: { command: process.execPath, args: [${JSON.stringify(program)}] }, config: '${port}',
      url: 'http://127.0.0.1:${port}', logFile: ${JSON.stringify(join(folder, 'serve.log'))},
      signal: new AbortController().signal, onExit: () => () => {},
    });
    console.log(server.pid);
    setInterval(() => {}, 1000);
  `;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', parent], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [chunk] = await once(child.stdout, 'data');
  const pid = Number(String(chunk));
  expect(isAlive(pid)).toBe(true);
  child.kill('SIGKILL');
  await expect.poll(() => isAlive(pid), { timeout: 5000 }).toBe(false);
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
