// What a server says and does when it cannot write, and when clients behave badly.
import { spawnSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { connect } from 'node:net';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, it } from 'vitest';
import {
  mirrorConfig,
  notification,
  notify,
  serveBed,
  startServe,
  until,
  type ServeBed,
} from '../../support/serve-process.ts';

const CONFIG = mirrorConfig('127.0.0.1:9', ['127.0.0.1:10']);
const push = (tag: string) =>
  notification({ host: '127.0.0.1:9', repository: 't/app', tag, digest: `sha256:${'0'.repeat(64)}` });

it('answers 503 while the disk is full, says why, and takes work again when there is room', async (context) => {
  await using bed = await serveBed();
  using undo = new DisposableStack();
  const disk = path.join(bed.folder, 'data');
  await mkdir(disk);
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=40m', 'tmpfs', disk]).status === 0;
  // a disk of its own needs the right to mount one
  if (!mounted) context.skip('no right to mount a small disk');
  undo.defer(() => spawnSync('umount', ['-l', disk]));
  bed.write(CONFIG);
  await using serve = await startServe(bed);
  expect((await notify(serve.url, push('before')))?.status).toBe(202);

  fill(bed);
  const refused = await until(async () => {
    const answer = await notify(serve.url, push(`tag-${Math.random()}`));
    return answer?.status === 503 ? answer : undefined;
  });
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
  expect(await serve.api('/readyz')).toMatchObject({ status: 503, body: { detail: 'the disk is full' } });
  // what is there can still be read
  expect(await serve.api('/v1/jobs')).toMatchObject({ status: 200 });

  rmSync(path.join(disk, 'filler'));
  await until(async () => (await serve.api('/readyz')).status === 200);
  expect((await notify(serve.url, push('after')))?.status).toBe(202);
});

it('answers 503 while nothing can be written, and takes work again by itself', async (context) => {
  await using bed = await serveBed();
  using undo = new DisposableStack();
  bed.write(CONFIG);
  await using serve = await startServe(bed);
  const files = ['jobs.sqlite', 'jobs.sqlite-wal'].map((name) => path.join(bed.folder, 'data', name));
  const frozen = spawnSync('chattr', ['+i', ...files]).status === 0;
  // only some file systems know files that cannot be changed, and only root may make them so
  if (!frozen) context.skip('no right to make files unchangeable');
  const thaw = () => spawnSync('chattr', ['-i', ...files]);
  undo.defer(thaw);

  const refused = await notify(serve.url, push('v1'));
  expect(refused?.status).toBe(503);
  expect(Number(refused?.headers.get('retry-after'))).toBeGreaterThan(0);
  expect(await serve.api('/readyz')).toMatchObject({
    status: 503,
    body: { detail: expect.stringContaining('the job store cannot be used') as string },
  });
  thaw();
  await until(async () => (await serve.api('/readyz')).status === 200);
  expect((await notify(serve.url, push('v1')))?.status).toBe(202);
});

it('gives up on a client that never ends its headers, while others are answered', async () => {
  await using bed = await serveBed();
  using undo = new DisposableStack();
  bed.write(CONFIG);
  await using serve = await startServe(bed);
  const drip = connect(bed.port, '127.0.0.1');
  drip.write('POST /hooks/distribution/src HTTP/1.1\r\nhost: x\r\n');
  const dripping = setInterval(() => drip.write('x-drip: 1\r\n'), 500);
  undo.defer(() => clearInterval(dripping));
  const { promise: closed, resolve } = Promise.withResolvers<string>();
  let answer = '';
  drip.on('data', (bytes) => (answer += String(bytes)));
  drip.on('error', () => undefined);
  drip.on('close', () => resolve(answer));
  const startedAt = Date.now();
  for (let count = 0; count < 20; count += 1) expect((await fetch(`${serve.url}/livez`)).status).toBe(200);
  expect(await closed).toMatch(/^HTTP\/1\.1 408 |^$/);
  expect(Date.now() - startedAt).toBeLessThan(15_000);
});

it('says what is wrong with a request that has no host', async () => {
  await using bed = await serveBed();
  bed.write(CONFIG);
  await using serve = await startServe(bed);
  const socket = connect(Number(new URL(serve.url).port), '127.0.0.1');
  socket.write('GET /livez HTTP/1.0\r\n\r\n');
  const answer = await text(socket);
  expect(answer).toMatch(/^HTTP\/1\.1 400 .*content-type: application\/problem\+json/is);
  expect(answer).toContain('"code":"invalid-request"');
});

it('answers health while thousands of connections hang there', async () => {
  await using bed = await serveBed();
  using undo = new DisposableStack();
  bed.write(CONFIG);
  await using serve = await startServe(bed);
  const sockets = Array.from({ length: 3000 }, () => connect(bed.port, '127.0.0.1').on('error', () => undefined));
  undo.defer(() => {
    for (const socket of sockets) socket.destroy();
  });
  await until(() => sockets.filter(({ connecting }) => connecting).length === 0);
  const startedAt = performance.now();
  expect((await fetch(`${serve.url}/livez`)).status).toBe(200);
  expect(performance.now() - startedAt).toBeLessThan(1000);
  expect(await serve.api('/readyz')).toMatchObject({ status: 200 });
});

it('tells metrics to its own machine, and its log tells the fields that it promises', async () => {
  await using bed = await serveBed();
  bed.write(CONFIG);
  await using serve = await startServe(bed, { args: ['--log-level', 'debug'] });
  await notify(serve.url, push('v1'));
  const text = await (await fetch(`${serve.url}/metrics`)).text();
  expect(text).toContain('transship_events_accepted_total{source="distribution"} 1');
  expect(text).toMatch(/transship_jobs\{state="(READY|LEASED)"\} 1/);
  expect(text).toMatch(/transship_build_info\{version="[\d.]+"\} 1/);
  expect(text).toContain('process_resident_memory_bytes');
  const again = await serve.line('job will be tried again');
  expect(again).toMatchObject({
    level: 'warn',
    function: 'mirror-image',
    attempt: 1,
    fence: 1,
    duration_ms: expect.any(Number) as number,
    err: { code: 'connection-failed' },
  });
  expect(JSON.stringify(serve.log)).not.toContain('hook-of-tests');
});

/** Leaves no room for another byte. */
function fill({ folder }: ServeBed): void {
  const file = path.join(folder, 'data', 'filler');
  for (let sizeBytes = 1024 * 1024; sizeBytes >= 4096;) {
    try {
      writeFileSync(file, Buffer.alloc(sizeBytes), { flag: 'a' });
    } catch {
      sizeBytes /= 2;
    }
  }
}
