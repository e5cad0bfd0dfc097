// Peers that stop talking without hanging up: each phase has its limit, a copy survives one stall, and others do not wait for the one that hangs.
import net from 'node:net';
import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { startRegistry } from '../../../infra/demo/registry.ts';
import { expectClearProblem } from '../../support/clear-problem.ts';
import { QUICK_RETRIES, QUICK_TIMEOUTS, runCopy } from '../../support/copy-run.ts';
import { plantImage } from '../../support/planted-image.ts';
import { flawsBelowTags, tagAt } from '../../support/whole-tags.ts';

const FOREVER_MS = 60_000;

/** The tests wait most of the time: they do it side by side. */
async function twoRegistries() {
  const [source, target] = await Promise.all([startRegistry(), startRegistry()]);
  const { digest } = await plantImage(source, 'team/app', { tag: '1', layerSizes: [500_000] });
  return {
    source,
    target,
    digest,
    async [Symbol.asyncDispose]() {
      await Promise.all([source.stop(), target.stop()]);
    },
  };
}

const QUICK = { registries: { retries: { ...QUICK_RETRIES, tries: 2 } } };

// First, because it takes longest.
test.concurrent('one target of two: the other is done long before', { timeout: 15_000 }, async () => {
  await using bed = await twoRegistries();
  await using other = await startRegistry();
  const { source, target, digest } = bed;
  target.faults.push({ match: { method: 'PUT' }, action: { stallMs: FOREVER_MS, afterBytes: 17 } });
  const interrupt = new AbortController();
  const patient = { ...QUICK_TIMEOUTS, commitMs: FOREVER_MS, stallMs: FOREVER_MS };
  const targets = [`${target.host}/mirror/app:1`, `${other.host}/mirror/app:1`];
  const { durationMs } = await runCopy(`${source.host}/team/app:1`, targets, {
    registries: { timeouts: patient },
    signal: interrupt.signal,
    // The one that hangs would do so for a minute: nobody waits for it once the other is done.
    onEvent: (event) => {
      if (event.type === 'manifest' && event.target === 1 && event.tag === '1')
        setTimeout(() => interrupt.abort(), 200);
    },
  });
  expect(durationMs).toBeLessThan(12_000);
  expect(tagAt(target, 'mirror/app', '1')).toBeUndefined();
  expect(tagAt(other, 'mirror/app', '1')).toBe(digest);
  expect(await flawsBelowTags(other)).toEqual([]);
});

describe.concurrent('a peer that stalls once', () => {
  test.each([
    ['the source before a manifest', 'source', 'GET', /\/manifests\//, { delayMs: FOREVER_MS }],
    ['the source in a blob', 'source', 'GET', /\/blobs\//, { stallMs: FOREVER_MS, afterBytes: 17 }],
    ['the target before its look-up', 'target', 'HEAD', /\/manifests\//, { delayMs: FOREVER_MS }],
    ['the target in an upload', 'target', 'PUT', /\/uploads\//, { stallMs: FOREVER_MS, afterBytes: 17 }],
    ['the target after an upload', 'target', 'PUT', /\/uploads\//, { stallMs: FOREVER_MS, of: 'response' }],
    ['the target before the manifest', 'target', 'PUT', /\/manifests\//, { delayMs: FOREVER_MS }],
  ] as const)('%s: the copy finishes', async (_name, side, method, path, action) => {
    await using bed = await twoRegistries();
    const { source, target, digest } = bed;
    (side === 'source' ? source : target).faults.push({ match: { method, path, nth: 1 }, action });
    const { target: report, durationMs } = await runCopy(
      `${source.host}/team/app:1`,
      [`${target.host}/mirror/app:1`],
      QUICK,
    );
    expect(report).toMatchObject({ state: 'copied', digest });
    expect(await flawsBelowTags(target)).toEqual([]);
    expect(durationMs).toBeLessThan(4000);
  });
});

describe.concurrent('a peer that stalls every time', () => {
  test.each([
    ['the source before a manifest', 'source', 'GET', /\/manifests\//, { delayMs: FOREVER_MS }],
    ['the source in a blob', 'source', 'GET', /\/blobs\//, { stallMs: FOREVER_MS, afterBytes: 0 }],
    ['the target in an upload', 'target', 'PUT', /\/uploads\//, { stallMs: FOREVER_MS, afterBytes: 17 }],
    ['the target before the manifest', 'target', 'PUT', /\/manifests\//, { delayMs: FOREVER_MS }],
  ] as const)('%s: a timeout that says who hangs, and no tag', async (_name, side, method, path, action) => {
    await using bed = await twoRegistries();
    const { source, target } = bed;
    const hanging = side === 'source' ? source : target;
    hanging.faults.push({ match: { method, path }, action });
    const {
      problem,
      target: report,
      durationMs,
    } = await runCopy(`${source.host}/team/app:1`, [`${target.host}/mirror/app:1`], QUICK);
    expect(report?.state ?? 'failed').toBe('failed');
    expect(problem?.code).toBe('timeout');
    expectClearProblem(problem, hanging.host);
    expect(tagAt(target, 'mirror/app', '1')).toBeUndefined();
    expect(await flawsBelowTags(target)).toEqual([]);
    expect(durationMs).toBeLessThan(6000);
    expect(hanging.requests.length).toBeLessThanOrEqual(40);
  });
});

test.concurrent('a server that accepts connections and says nothing: ends in a timeout', async () => {
  await using target = await startRegistry();
  const held: net.Socket[] = [];
  const silent = net.createServer((socket) => void held.push(socket.on('error', () => undefined)));
  silent.listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const address = silent.address();
  const host = `127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  try {
    const { problem } = await runCopy(`${host}/team/app:1`, [`${target.host}/mirror/app:1`], {
      registries: { ...QUICK.registries, plainHttpHosts: [host] },
    });
    expect(problem?.code).toBe('timeout');
    expectClearProblem(problem, host);
  } finally {
    for (const socket of held) socket.destroy();
    silent.close();
  }
});
