// `transship demo` as a process: each chapter comes out as it is told, to people and machines, and nothing is left behind.
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { DemoEvent, KeptStage } from '../../infra/demo/demo-event.ts';

const run = promisify(execFile);
const ROOT = resolve(import.meta.dirname, '../..');
const LAUNCHER = resolve(ROOT, 'infra/cli/launcher.js');
const MIB = 1024 * 1024;

type EventOf<Type extends DemoEvent['type']> = Extract<DemoEvent, { type: Type }>;

let folder: string;
let env: NodeJS.ProcessEnv;
let child: ChildProcess | undefined;

/** A temporary folder and a home for each demo. */
async function makeRoom(): Promise<void> {
  folder = await mkdtemp(join(tmpdir(), 'demo-test-'));
  // A proxy that is not there shows that nothing leaves the machine.
  const proxy = 'http://127.0.0.1:9';
  env = { ...process.env, TMPDIR: folder, HOME: folder, NO_COLOR: '1', HTTP_PROXY: proxy, HTTPS_PROXY: proxy };
}

async function clearUp(): Promise<void> {
  child?.kill('SIGKILL');
  await rm(folder, { recursive: true, maxRetries: 5 });
}

describe('transship demo', () => {
  let events: DemoEvent[];

  beforeAll(async () => {
    await makeRoom();
    events = [];
    for await (const event of startDemo()) events.push(event);
  });

  afterAll(clearUp);

  test('is over in less than a minute, proves everything, and leaves nothing behind', async () => {
    const report = find('report');
    expect(child?.exitCode).toBe(0);
    expect(report.durationMs).toBeLessThan(60_000);
    expect(report).toMatchObject({ proved: true, checks: Array.from({ length: 5 }, () => ({ holds: true })) });
    expect(report.hashedBytes).toBeGreaterThan(2 * 70 * MIB);
    expect(report.images).toHaveLength(4);
    await expectNothingLeft();
  });

  test('one push makes many notifications and one job, which brings the image with all that belongs to it', () => {
    const arrived = arrivalOf('webhook');
    expect(find('pushed')).toMatchObject({ reference: arrived.reference, digest: arrived.digest });
    expect(arrived).toMatchObject({ jobs: 1, job: { trigger: 'push' } });
    expect(arrived.notifications).toBeGreaterThan(15);
    for (const target of arrived.targets) {
      expect(target).toMatchObject({ state: 'copied', digest: arrived.digest, referrers: 2, resentBytes: 0 });
      expect(target.latencyMs).toBeLessThan(10_000);
    }
    const histories = events.filter((event) => event.type === 'job' && event.id === arrived.job.id);
    expect(histories).toMatchObject([
      { event: 'accepted' },
      { event: 'claimed' },
      ...histories.slice(2, -1),
      { event: 'done' },
    ]);
  });

  test('a layer that another image has is mounted', () => {
    for (const target of arrivalOf('shared-layers').targets) {
      expect(target).toMatchObject({ state: 'copied', blobs: { copied: 4, mounted: 1 } });
      expect(target.bytesSaved).toBeGreaterThan(8 * MIB);
      expect(target.receivedBytes).toBeLessThan(3 * MIB);
    }
  });

  test('what no webhook tells of is found by a sweep', () => {
    const arrived = arrivalOf('lost-webhook');
    expect(arrived).toMatchObject({ notifications: 0, job: { trigger: 'sweep' } });
    for (const target of arrived.targets) expect(target).toMatchObject({ state: 'copied', digest: arrived.digest });
  });

  test('a server that is killed in the middle of a copy leaves no tag, and its next life ends the same job', () => {
    const killed = find('killed');
    for (const target of killed.targets) {
      expect(target.isVisible).toBe(false);
      expect(target.receivedBytes).toBeGreaterThan(target.sizeBytes / 2);
      expect(target.receivedBytes).toBeLessThan(target.sizeBytes);
    }
    expect(killed.pid).toBe(find('started').server.pid);
    expect(find('restarted').pid).not.toBe(killed.pid);
    const arrived = arrivalOf('kill');
    expect(arrived).toMatchObject({ jobs: 1, job: { trigger: 'push' } });
    for (const { resentBytes, bytesSaved } of arrived.targets) {
      expect(bytesSaved).toBeGreaterThan(4 * MIB);
      expect(resentBytes).toBeLessThan(44 * MIB);
    }
  });

  test('tells how each copy gets on', () => {
    const shares = events
      .filter((event) => event.type === 'progress')
      .map(({ targets }) => (targets[0]?.receivedBytes ?? 0) / (targets[0]?.sizeBytes ?? 1));
    expect(Math.max(...shares)).toBeLessThanOrEqual(1);
    expect(shares.some((share) => share > 0.1 && share < 0.9)).toBe(true);
  });

  function find<Type extends DemoEvent['type']>(type: Type): EventOf<Type> {
    const found = events.find((event): event is EventOf<Type> => event.type === type);
    if (found === undefined) throw new Error(`the demo told of no ${type}`);
    return found;
  }

  function arrivalOf(chapter: EventOf<'arrived'>['chapter']): EventOf<'arrived'> {
    const found = events.find((event) => event.type === 'arrived' && event.chapter === chapter);
    if (found?.type !== 'arrived') throw new Error(`the demo told of no arrival in chapter ${chapter}`);
    return found;
  }
});

describe('each in a room of its own:', () => {
  beforeEach(makeRoom);
  afterEach(clearUp);

  test('prints what the README shows, in lines that fit', async () => {
    const readme = await readFile(resolve(ROOT, 'README.md'), 'utf8');
    const [, shown = ''] = /^```text\n(Three registries.*?)^```/ms.exec(readme) ?? [];
    const { stdout, stderr } = await run(process.execPath, [LAUNCHER, 'demo'], { env, cwd: ROOT });
    expect(withoutFigures(stdout)).toBe(withoutFigures(shown));
    expect(stderr).toBe('');
    expect(stdout).not.toContain('\u001b');
    const [text = ''] = stdout.replace(/^ {2}config.*$/m, '').split('\nLook around');
    expect(text.split('\n').filter((line) => line.length > 79)).toEqual([]);
  });

  test('with --keep, everything stays up until Ctrl-C: another push is mirrored too', async () => {
    const kept = await keepDemo();
    const transship = (...args: string[]) => run(process.execPath, [LAUNCHER, ...args], { env });
    const { stdout } = await transship('inspect', `${kept.open}/demo/app:1.0`);
    expect(stdout).toMatch(/linux\/amd64[^]*attestation[^]*linux\/arm64/);
    expect(
      stdout
        .match(/referrer sha256:\w+ \S+/g)
        ?.map((line) => line.split(' ')[2])
        .toSorted(),
    ).toEqual(['application/spdx+json', 'application/vnd.dev.cosign.artifact.sig.v1+json']);
    await transship('copy', `${kept.source}/demo/worker:1.0`, `${kept.source}/demo/app:2.0`);
    const digests = async (...args: string[]) => (await transship('tags', '--digests', ...args)).stdout;
    await expect.poll(() => digests(`${kept.open}/demo/app`), { timeout: 20_000 }).toMatch(/^2\.0 /m);
    await expect
      .poll(() => digests('--authfile', kept.authfile, `${kept.locked}/demo/app`), { timeout: 20_000 })
      .toMatch(/^2\.0 /m);
    await expect(transship('tags', `${kept.locked}/demo/app`)).rejects.toMatchObject({ code: 1 });
    expect(await readFile(kept.config, 'utf8')).toContain('receivers:');
    expect(existsSync(kept.log)).toBe(true);
    expect((await fetch(`${kept.url}/readyz`)).status).toBe(200);

    expect(await endDemo('SIGINT')).toEqual([0, null]);
    await expect(fetch(`${kept.url}/readyz`)).rejects.toThrow('fetch failed');
    await expectNothingLeft();
  });

  test.each(['SIGINT', 'SIGTERM'] as const)(
    'ended by %s in the middle of a copy, it leaves nothing behind',
    async (signal) => {
      let started: EventOf<'started'> | undefined;
      for await (const event of startDemo()) {
        if (event.type === 'started') started = event;
        if (event.type === 'progress' && event.targets.some(({ receivedBytes }) => receivedBytes > 0)) break;
      }
      expect(await endDemo(signal)).toEqual([130, null]);
      expect(isAlive(started?.server.pid ?? process.pid)).toBe(false);
      await expectNothingLeft();
    },
  );

  test('asked to be quiet, it prints the report alone', async () => {
    const events: DemoEvent[] = [];
    for await (const event of startDemo('--quiet')) events.push(event);
    expect(events).toMatchObject([{ type: 'report', proved: true }]);
  });
});

/** Ports, digests, durations, sizes and column widths differ from run to run. */
function withoutFigures(text: string): string {
  return (
    text
      .replace(/sha256:\w+/g, 'sha256:…')
      .replace(/\S*transship-demo-\w+/g, '/tmp/transship-demo')
      .replace(/process \d+/, 'process 0')
      // How much of the last image has arrived when the server is killed depends on the machine.
      .replace(/^ +\d+ blobs: .*there already.*\n(?: +sent again: .*\n)?/gm, '')
      .replace(/[\d.]+(ms|s|(?: [KM]iB| B))?\b/g, '0')
      .replace(/ +/g, ' ')
  );
}

async function* startDemo(...options: string[]): AsyncGenerator<DemoEvent> {
  child = spawn(process.execPath, [LAUNCHER, 'demo', '--json', ...options], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  if (child.stdout === null) throw new Error('the demo has no output');
  for await (const line of createInterface(child.stdout)) yield JSON.parse(line);
  await ended;
}

/** Starts the demo and reads up to its report, after which it waits. */
async function keepDemo(): Promise<KeptStage> {
  for await (const event of startDemo('--keep')) {
    if (event.type === 'report' && event.kept !== undefined) return event.kept;
  }
  throw new Error('the demo ended without a report');
}

async function endDemo(signal: NodeJS.Signals): Promise<unknown[]> {
  if (child === undefined) throw new Error('no demo runs');
  const ended = once(child, 'exit');
  child.kill(signal);
  return ended;
}

/** Node's own cache of compiled code aside. */
async function expectNothingLeft(): Promise<void> {
  expect((await readdir(folder)).filter((name) => name.startsWith('transship'))).toEqual([]);
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
