// A registry that dies in the middle of a blob and comes back on the same address: the copy goes on, and at most that blob is sent again.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startRegistry, type RunningRegistry } from '../../../infra/demo/registry.ts';
import type { CopyEvent } from '../../../shared/mirror/copy-types.ts';
import { QUICK_TIMEOUTS, runCopy } from '../../support/copy-run.ts';
import { plantImage } from '../../support/planted-image.ts';
import { flawsBelowTags, tagAt } from '../../support/whole-tags.ts';

const LAYER_BYTES = 6_000_000;
const FOREVER_MS = 60_000;
/** Patient enough for a restart of a few hundred milliseconds. */
const PATIENT = {
  timeouts: QUICK_TIMEOUTS,
  retries: { tries: 8, firstDelayMs: 20, longestDelayMs: 200, longestRetryAfterMs: 1000 },
};

let folder: string;
let running: RunningRegistry[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'transship-kill-'));
  running = [];
});

afterEach(async () => {
  for (const registry of running) await registry.stop();
  await rm(folder, { recursive: true, force: true });
});

async function start(name: string, port?: number): Promise<RunningRegistry> {
  const dataDir = join(folder, name);
  const registry = await startRegistry({ dataDir, recordHeaders: true, ...(port === undefined ? {} : { port }) });
  running.push(registry);
  return registry;
}

/** Stops a registry and starts it again on the same port and data, without its faults. */
async function restart(registry: RunningRegistry, name: string): Promise<RunningRegistry> {
  await registry.stop();
  return start(name, Number(registry.host.split(':')[1]));
}

/** Runs `action` when a large blob is on its way and that many others have arrived. */
function midway(action: () => void, others = 0): (event: CopyEvent) => void {
  let arrived = 0;
  let underway = false;
  let done = false;
  return (event) => {
    if (event.type !== 'blob' || done) return;
    if (event.state === 'copied') arrived += 1;
    if (event.state === 'progress') underway = true;
    if (!underway || arrived < others) return;
    done = true;
    action();
  };
}

test('the source dies in a blob and comes back: the rest of that blob is read, and nothing twice', async () => {
  const source = await start('source');
  const target = await start('target');
  const { digest } = await plantImage(source, 'team/app', { tag: '1', layerSizes: [LAYER_BYTES, 1000] });
  source.faults.push({
    match: { method: 'GET', path: /\/blobs\// },
    action: { stallMs: FOREVER_MS, afterBytes: 2_000_000 },
  });
  let revived: Promise<RunningRegistry> | undefined;
  const run = await runCopy(`${source.host}/team/app:1`, [`${target.host}/mirror/app:1`], {
    registries: PATIENT,
    onEvent: midway(() => void (revived = restart(source, 'source'))),
  });
  expect(run.target).toMatchObject({ state: 'copied', digest });
  expect(await flawsBelowTags(target)).toEqual([]);
  const again = await revived;
  const reads = again?.exchanges.filter(({ path }) => path.includes('/blobs/')) ?? [];
  expect(reads.some(({ headers }) => /^bytes=\d{6,}-$/.test(headers.range ?? ''))).toBe(true);
  // The target never noticed: every blob was sent once.
  expect(target.exchanges.filter(({ method, path }) => method === 'PUT' && path.includes('/uploads/'))).toHaveLength(3);
});

test('the target dies in a blob and comes back: only that blob is sent again', async () => {
  const source = await start('source');
  const target = await start('target');
  const { digest } = await plantImage(source, 'team/app', { tag: '1', layerSizes: [1000, 2000, LAYER_BYTES] });
  target.faults.push({
    match: { method: 'PUT', path: /\/uploads\// },
    action: { stallMs: FOREVER_MS, afterBytes: 2_000_000 },
  });
  let revived: Promise<RunningRegistry> | undefined;
  const run = await runCopy(`${source.host}/team/app:1`, [`${target.host}/mirror/app:1`], {
    registries: PATIENT,
    onEvent: midway(() => void (revived = restart(target, 'target')), 3),
  });
  expect(run.target).toMatchObject({ state: 'copied', digest });
  const again = await revived;
  expect(again).toBeDefined();
  if (again === undefined) return;
  expect(await flawsBelowTags(again)).toEqual([]);
  expect(tagAt(again, 'mirror/app', '1')).toBe(digest);
  const sent = again.exchanges.filter(({ method, path }) => method === 'PUT' && path.includes('/uploads/'));
  expect(sent.map(({ bytesIn }) => bytesIn)).toEqual([LAYER_BYTES]);
});

test('the target dies and stays away: fails in bounded time, and says who', async () => {
  const source = await start('source');
  const target = await start('target');
  await plantImage(source, 'team/app', { tag: '1', layerSizes: [LAYER_BYTES] });
  target.faults.push({
    match: { method: 'PUT', path: /\/uploads\// },
    action: { stallMs: FOREVER_MS, afterBytes: 2_000_000 },
  });
  let gone: Promise<void> | undefined;
  const run = await runCopy(`${source.host}/team/app:1`, [`${target.host}/mirror/app:1`], {
    onEvent: midway(() => void (gone = target.stop())),
  });
  await gone;
  expect(run.target).toMatchObject({
    state: 'failed',
    error: { code: 'connection-failed', registry: target.host, repository: 'mirror/app', hint: expect.any(String) },
  });
  expect(run.durationMs).toBeLessThan(4000);
});

test('one of two targets dies and stays away: the other gets everything', async () => {
  const source = await start('source');
  const target = await start('target');
  const other = await start('other');
  const { digest } = await plantImage(source, 'team/app', { tag: '1', layerSizes: [LAYER_BYTES, 500_000] });
  // Held in the middle, so that it always dies before the end of the blob.
  target.faults.push({
    match: { method: 'PUT', path: /\/uploads\// },
    action: { stallMs: FOREVER_MS, afterBytes: 2_000_000 },
  });
  const gone: Promise<void>[] = [];
  const run = await runCopy(
    `${source.host}/team/app:1`,
    [`${target.host}/mirror/app:1`, `${other.host}/mirror/app:1`],
    {
      // Whoever dies cuts its connections: no limit of time decides here, however busy the machine is.
      registries: { timeouts: { connectMs: 5_000, responseMs: 5_000, commitMs: 5_000, stallMs: 5_000 } },
      onEvent: midway(() => void gone.push(target.stop())),
    },
  );
  await Promise.all(gone);
  expect(run.report?.targets.map(({ state }) => state)).toEqual(['failed', 'copied']);
  expect(tagAt(other, 'mirror/app', '1')).toBe(digest);
  expect(await flawsBelowTags(other)).toEqual([]);
  expect(other.exchanges.filter(({ method, path }) => method === 'PUT' && path.includes('/uploads/'))).toHaveLength(3);
});
