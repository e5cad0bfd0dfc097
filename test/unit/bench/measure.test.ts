// The bench's accounting of a process, on this process's own Node.
import { expect, it } from 'vitest';
import { measure } from '../../bench/measure.ts';

const isLinux = process.platform === 'linux';

function run(script: string) {
  const command = { program: process.execPath, args: ['--eval', script] };
  return measure(command, { env: {}, signal: new AbortController().signal });
}

// /proc is Linux's
it.skipIf(!isLinux)('counts the CPU time and the peak memory of the process', async () => {
  const idle = await run('setTimeout(() => {}, 300)');
  const busy = await run(`const held = Buffer.alloc(120e6, 1);
    for (const end = performance.now() + 300; performance.now() < end;);
    process.exitCode = held.length === 120e6 ? 0 : 1`);
  expect(idle.wallMs).toBeGreaterThanOrEqual(300);
  expect(busy.cpuMs).toBeGreaterThan(idle.cpuMs);
  expect(busy.peakBytes - idle.peakBytes).toBeGreaterThan(100e6);
  expect(idle.peakBytes).toBeGreaterThan(10e6);
});

// /proc is Linux's
it.skipIf(!isLinux)('fails when the program fails, with what it said', async () => {
  await expect(run('console.error("no such registry"); process.exitCode = 3')).rejects.toThrow(
    /ended with 3\n.*no such registry/,
  );
});

// /proc is Linux's
it.skipIf(!isLinux)('ends the program when the bench is interrupted', async () => {
  const interrupted = new AbortController();
  const command = { program: process.execPath, args: ['--eval', 'setInterval(() => {}, 1000)'] };
  const running = measure(command, { env: {}, signal: interrupted.signal });
  interrupted.abort(new Error('interrupted'));
  await expect(running).rejects.toThrow('abort');
});
