// The system calls of a process that accepts jobs: before each acknowledgement the log was written and flushed to disk.
import { spawnSync } from 'node:child_process';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { newFolder } from '../../support/jobs/sqlite-subject.ts';

const PROCESS = fileURLToPath(new URL('../../support/jobs/accepting-process.ts', import.meta.url));
const JOBS = 60;

it('flushes the log to disk before it acknowledges', async (context) => {
  const folder = await newFolder();
  const trace = join(folder, 'trace');
  const strace = ['-f', '-s', '16', '-e', 'trace=openat,write,pwrite64,fdatasync,fsync', '-o', trace];
  // strace is not everywhere, and not everywhere allowed
  if (spawnSync('strace', [...strace, 'true']).status !== 0) context.skip('strace is missing or may not trace here');
  const { status, stderr } = spawnSync('strace', [
    ...strace,
    process.execPath,
    PROCESS,
    folder,
    'key',
    '3',
    String(JOBS),
  ]);
  expect({ status, stderr: String(stderr) }).toEqual({ status: 0, stderr: '' });
  const report = readTrace(await readFile(trace, 'utf8'));
  await rm(folder, { recursive: true });
  expect(report.acknowledged).toBe(JOBS);
  expect(report.flushes).toBeGreaterThan(10);
  expect(report.unflushed).toEqual([]);
});

type TraceReport = {
  acknowledged: number;
  flushes: number;
  /** Acknowledged with data that was only handed to the system. */ unflushed: string[];
};

function readTrace(trace: string): TraceReport {
  const report: TraceReport = { acknowledged: 0, flushes: 0, unflushed: [] };
  let log: string | undefined;
  let isDirty = true;
  for (const line of wholeCalls(trace)) {
    log = /openat\(.*jobs\.sqlite-wal".* = (\d+)$/.exec(line)?.[1] ?? log;
    if (line.includes(`pwrite64(${log},`)) isDirty = true;
    if (new RegExp(`f(data)?sync\\(${log}\\) += 0`).test(line)) {
      isDirty = false;
      report.flushes += 1;
    }
    if (!line.includes('write(1, "accepted')) continue;
    report.acknowledged += 1;
    if (isDirty) report.unflushed.push(line);
  }
  return report;
}

/**
 * The calls of the trace in the order in which they ended. strace splits a call in two lines when another thread's
 * comes between: `7 fdatasync(21 <unfinished ...>` and later `7 <... fdatasync resumed>) = 0`.
 */
function* wholeCalls(trace: string): Generator<string> {
  const begun = new Map<string, string>();
  for (const line of trace.split('\n')) {
    const [thread = ''] = line.split(' ', 1);
    const start = /^(.*) <unfinished \.\.\.>$/.exec(line)?.[1];
    const end = /^\d+ +<\.\.\. \w+ resumed>(.*)$/.exec(line)?.[1];
    if (start !== undefined) begun.set(thread, start);
    else if (end === undefined) yield line;
    else yield `${begun.get(thread) ?? ''}${end}`;
  }
}
