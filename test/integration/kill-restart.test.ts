// A real registry (CNCF distribution) that crashes in the middle of a blob and comes back: the copy finishes, and at most that blob crosses again.
import { expect, test } from 'vitest';
import { startRegistry } from '../../infra/demo/registry.ts';
import type { CopyEvent } from '../../shared/mirror/copy-types.ts';
import { runCopy } from '../support/copy-run.ts';
import { plantImage } from '../support/planted-image.ts';
import { requireComponent } from '../support/require-component.ts';
import { startServer, type Server } from '../support/servers.ts';
import { flawsBelowTags, tagAt } from '../support/whole-tags.ts';

const LAYER_BYTES = 8_000_000;
const SMALL = [1000, 2000];

/** Patient enough for a process to start again. */
const PATIENT = {
  registries: {
    timeouts: { connectMs: 2000, responseMs: 5000, commitMs: 5000, stallMs: 5000 },
    retries: { tries: 10, firstDelayMs: 50, longestDelayMs: 500, longestRetryAfterMs: 1000 },
  },
};

/** Crashes the server once the large blob is on its way and the small ones have arrived, and starts it again. */
function crashMidway(server: Server): { onEvent: (event: CopyEvent) => void; done: () => Promise<void> | undefined } {
  let arrived = 0;
  let underway = false;
  let crash: Promise<void> | undefined;
  return {
    onEvent(event) {
      if (event.type !== 'blob') return;
      if (event.state === 'copied') arrived += 1;
      if (event.state === 'progress') underway = true;
      if (underway && arrived > SMALL.length) crash ??= server.kill().then(() => server.restart());
    },
    done: () => crash,
  };
}

test('the target crashes in a blob: every other blob is read and sent once', async () => {
  await using target = await startServer({ program: requireComponent('docker-registry') });
  await using source = await startRegistry({ recordHeaders: true });
  const { digest } = await plantImage(source, 'team/app', { tag: '1', layerSizes: [...SMALL, LAYER_BYTES] });
  // Held in the middle, so that the crash always comes before the end of the blob.
  source.faults.push({
    match: { method: 'GET', path: /\/blobs\// },
    action: { stallMs: 1000, afterBytes: LAYER_BYTES / 2 },
  });
  const crash = crashMidway(target);
  const run = await runCopy(`${source.host}/team/app:1`, [`${target.host}/mirror/app:1`], {
    ...PATIENT,
    onEvent: crash.onEvent,
  });
  expect(crash.done()).toBeDefined();
  await crash.done();
  expect(run.target).toMatchObject({ state: 'copied', digest, blobs: { copied: SMALL.length + 2 } });
  const reads = source.exchanges.filter(({ method, path }) => method === 'GET' && path.includes('/blobs/'));
  expect(reads).toHaveLength(SMALL.length + 3);
  expect(reads.filter(({ bytesOut }) => bytesOut < LAYER_BYTES / 4)).toHaveLength(SMALL.length + 1);

  // What arrived is whole: it is copied back and looked at.
  await using check = await startRegistry();
  const back = await runCopy(`${target.host}/mirror/app:1`, [`${check.host}/check/app:1`], PATIENT);
  expect(back.target).toMatchObject({ state: 'copied', digest });
  expect(await flawsBelowTags(check)).toEqual([]);
});

test('the source crashes in a blob: every blob is sent once', async () => {
  await using source = await startServer({ program: requireComponent('docker-registry') });
  await using origin = await startRegistry();
  await using target = await startRegistry({ recordHeaders: true });
  const { digest } = await plantImage(origin, 'team/app', { tag: '1', layerSizes: [...SMALL, LAYER_BYTES] });
  await runCopy(`${origin.host}/team/app:1`, [`${source.host}/team/app:1`], PATIENT);
  target.faults.push({
    match: { method: 'PUT', path: /\/uploads\// },
    action: { stallMs: 1000, afterBytes: 1_000_000 },
  });
  const crash = crashMidway(source);
  const run = await runCopy(`${source.host}/team/app:1`, [`${target.host}/mirror/app:1`], {
    ...PATIENT,
    onEvent: crash.onEvent,
  });
  expect(crash.done()).toBeDefined();
  await crash.done();
  expect(run.target).toMatchObject({ state: 'copied', digest });
  expect(tagAt(target, 'mirror/app', '1')).toBe(digest);
  expect(await flawsBelowTags(target)).toEqual([]);
  const sent = target.exchanges.filter(({ method, path }) => method === 'PUT' && path.includes('/uploads/'));
  expect(sent.map(({ bytesIn }) => bytesIn).toSorted((a, b) => a - b)).toEqual([37, ...SMALL, LAYER_BYTES]);
});

test('the target crashes and does not come back: the copy ends, and says who is gone', async () => {
  await using target = await startServer({ program: requireComponent('docker-registry') });
  await using source = await startRegistry();
  await plantImage(source, 'team/app', { tag: '1', layerSizes: [LAYER_BYTES] });
  source.faults.push({
    match: { method: 'GET', path: /\/blobs\// },
    action: { stallMs: 500, afterBytes: LAYER_BYTES / 2 },
  });
  let killed: Promise<void> | undefined;
  const run = await runCopy(`${source.host}/team/app:1`, [`${target.host}/mirror/app:1`], {
    onEvent: (event) => {
      if (event.type === 'blob' && event.state === 'progress') killed ??= target.kill();
    },
  });
  await killed;
  expect(run.problem).toMatchObject({
    code: 'connection-failed',
    registry: target.host,
    repository: 'mirror/app',
    hint: expect.stringContaining('is a registry listening'),
  });
  await target.restart();
  const reply = await fetch(`${target.url}/v2/mirror/app/manifests/1`);
  expect(reply.status).toBe(404);
});
