// Large blobs in chunks with checkpoints: what is sent, what is sent again after each kind of fault, and what is never committed.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startRegistry, type RunningRegistry } from '../../../infra/demo/registry.ts';
import type { RegistryOptions } from '../../../infra/demo/registry/options.ts';
import { TransshipError } from '../../../shared/errors.ts';
import { startBareServer } from '../../support/bare-server.ts';
import { startGeneratedSource, type GeneratedSource } from '../../support/generated-source.ts';
import { contentAt } from '../../support/planted-content.ts';
import { CHUNK_BYTES, openSlicedBed, type SlicedBed } from '../../support/sliced-copy.ts';

const LAYER_BYTES = 5500;

let source: GeneratedSource;
let target: RunningRegistry;
let bed: SlicedBed;

beforeEach(() => begin());
afterEach(end);

async function begin(options: RegistryOptions = {}) {
  source = await startGeneratedSource(LAYER_BYTES);
  target = await startRegistry({ recordHeaders: true, ...options });
  bed = openSlicedBed();
}

async function end() {
  await bed[Symbol.asyncDispose]();
  await target.stop();
  await source[Symbol.asyncDispose]();
}

async function beginAgain(options: RegistryOptions) {
  await end();
  await begin(options);
}

type Options = Parameters<SlicedBed['slice']>[2];
const slice = (options?: Options) => bed.slice(`${source.host}/app:v1`, [`${target.host}/app:v1`], options);
const count = (method: string, registry = target) =>
  registry.requests.filter((one) => one.method === method && one.path.includes('/blobs/uploads/')).length;
const patchedBytes = (registry = target) =>
  registry.exchanges.filter(({ method }) => method === 'PATCH').reduce((sum, { bytesIn }) => sum + bytesIn, 0);
const only = <T>(list: Iterable<T>): T => {
  const [first, ...more] = list;
  if (first === undefined || more.length > 0) throw new Error('not exactly one');
  return first;
};
const kept = () => only(bed.checkpoints.values());

async function expectWhole(registry = target) {
  expect(registry.catalog.get('app')?.tags.get('v1')).toBe(source.digest);
  await contentAt({ registry, repository: 'app' }, 'v1');
  expect(bed.checkpoints.size).toBe(0);
  expect(registry.openUploads()).toBe(0);
}

async function expectNothing() {
  expect(target.catalog.get('app')?.tags.get('v1')).toBeUndefined();
  expect([...(target.catalog.get('app')?.blobs ?? [])]).not.toContain(source.layer.digest);
}

describe('a large blob', () => {
  test('goes in chunks, each followed by a checkpoint, and is closed empty', async () => {
    const { report, saves } = await slice();
    expect(report?.targets).toMatchObject([{ state: 'copied', blobs: { copied: 3 } }]);
    await expectWhole();
    expect(count('PATCH')).toBe(6);
    expect(saves).toBe(6);
    expect(patchedBytes()).toBe(LAYER_BYTES);
    expect(source.sentBytes).toBe(LAYER_BYTES);
  });

  test('stops after a chunk when the slice ends, and the next slice sends the rest', async () => {
    const first = await slice({ endAfter: 2 });
    expect(first.report?.targets).toMatchObject([{ state: 'failed', error: { code: 'interrupted' } }]);
    await expectNothing();
    expect(kept()).toMatchObject({ offset: 2 * CHUNK_BYTES, target: `${target.host}/app` });
    expect(JSON.stringify([...bed.checkpoints.values()]).length).toBeLessThan(1000);
    expect((await slice()).found).toEqual(['resumed']);
    await expectWhole();
    expect(patchedBytes()).toBe(LAYER_BYTES);
  });

  test('takes any number of slices', async () => {
    for (let count = 0; count < 5; count += 1) await slice({ endAfter: 1 });
    await slice();
    await expectWhole();
    expect(patchedBytes()).toBe(LAYER_BYTES);
  });

  test('that was sent to its last byte only has to be closed', async () => {
    await slice({ endAfter: 6, beforeSave: (saves) => failAt(saves, 7) });
    if (bed.checkpoints.size > 0) await slice();
    await expectWhole();
    expect(patchedBytes()).toBe(LAYER_BYTES);
  });

  test('goes in one piece to a registry that cannot go on', async () => {
    await slice({ upload: { resume: 'none' } });
    expect(count('PATCH')).toBe(0);
    await expectWhole();
  });

  test('goes in chunks of the size that the registry wants at least', async () => {
    await beginAgain({ upload: { minChunkBytes: 2500 } });
    await slice();
    await expectWhole();
    expect(count('PATCH')).toBe(3);
  });

  test('whose content is wrong is never committed', async () => {
    const other = await startGeneratedSource(LAYER_BYTES, 2);
    const lying = await startBareServer(async ({ url = '', method = 'GET' }, response) => {
      const isLayer = url.includes(source.layer.digest);
      const from = isLayer ? `${other.host}/v2/app/blobs/${other.layer.digest}` : `${source.host}${url}`;
      const answer = await fetch(`http://${from}`, { method });
      response.writeHead(answer.status, Object.fromEntries(answer.headers));
      response.end(Buffer.from(await answer.arrayBuffer()));
    });
    const { report } = await bed.slice(`${lying.host}/app:v1`, [`${target.host}/app:v1`]);
    expect(report?.targets).toMatchObject([{ state: 'failed', error: { code: 'digest-mismatch' } }]);
    await expectNothing();
    expect(bed.checkpoints.size).toBe(0);
    expect(
      target.requests.filter(({ method, path }) => method === 'PUT' && path.includes(source.layer.digest.slice(7))),
    ).toEqual([]);
    await lying[Symbol.asyncDispose]();
    await other[Symbol.asyncDispose]();
  });
});

function failAt(saves: number, at: number): void {
  if (saves === at) throw new TransshipError('fence-lost', 'somebody else holds the job');
}

describe('a chunk', () => {
  test('whose answer is lost is not sent again', async () => {
    target.faults.push({ match: { method: 'PATCH', nth: 2 }, action: { cutAfterBytes: 0, of: 'response' } });
    await slice();
    await expectWhole();
    expect(patchedBytes()).toBe(LAYER_BYTES);
  });

  test('that was cut is sent from where it was cut', async () => {
    target.faults.push({ match: { method: 'PATCH', nth: 3 }, action: { cutAfterBytes: 400 } });
    await slice();
    await expectWhole();
    expect(count('PATCH')).toBe(7);
    expect(patchedBytes()).toBeLessThanOrEqual(LAYER_BYTES + CHUNK_BYTES);
  });

  test('that ends its session costs this blob again, and nothing else', async () => {
    await beginAgain({ upload: { onCut: 'drop', locationState: true } });
    target.faults.push({ match: { method: 'PATCH', nth: 3 }, action: { cutAfterBytes: 400 } });
    const { report } = await slice();
    expect(report?.targets).toMatchObject([{ state: 'copied', blobs: { copied: 3 } }]);
    await expectWhole();
    expect(patchedBytes()).toBeLessThanOrEqual(LAYER_BYTES + 3 * CHUNK_BYTES);
  });

  test('that is refused for a while is sent again', async () => {
    target.faults.push({ match: { method: 'PATCH', nth: 2, times: 2 }, action: { status: 503 } });
    await slice();
    await expectWhole();
    expect(count('POST')).toBe(3);
  });

  test('is the last thing that is sent once the job is lost, and its session stays for whoever has the job', async () => {
    const { report } = await slice({ beforeSave: (saves) => failAt(saves, 3) });
    expect(report?.targets).toMatchObject([{ state: 'failed', error: { code: 'fence-lost' } }]);
    expect(count('PATCH')).toBe(3);
    expect(count('DELETE')).toBe(0);
    expect(target.openUploads()).toBe(1);
  });
});

describe('the next slice', () => {
  test('only hashes what the registry holds beyond the checkpoint', async () => {
    await slice({ beforeSave: (saves) => failAt(saves, 3) });
    expect(kept().offset).toBe(2 * CHUNK_BYTES);
    expect((await slice()).found).toEqual(['resumed']);
    await expectWhole();
    expect(patchedBytes()).toBe(LAYER_BYTES);
  });

  test('keeps that before it sends more', async () => {
    await slice({ beforeSave: (saves) => failAt(saves, 3) });
    await slice({ endAfter: 1 });
    expect(kept().offset).toBe(3 * CHUNK_BYTES);
  });

  test('begins the blob anew where the session is gone', async () => {
    await slice({ endAfter: 2 });
    await fetch(kept().location, { method: 'DELETE' });
    expect((await slice()).found).toEqual(['restarted']);
    await expectWhole();
    expect(patchedBytes()).toBe(LAYER_BYTES + 2 * CHUNK_BYTES);
  });

  test('begins it anew where the registry has less than it acknowledged', async () => {
    await slice({ endAfter: 2 });
    const [key, one] = only(bed.checkpoints);
    bed.checkpoints.set(key, { ...one, offset: 3 * CHUNK_BYTES });
    expect((await slice()).found).toEqual(['restarted']);
    await expectWhole();
  });

  test('begins it anew where another version wrote the hash', async () => {
    await slice({ endAfter: 2 });
    const [key, one] = only(bed.checkpoints);
    bed.checkpoints.set(key, { ...one, hash: { ...one.hash, library: 'other 1.0' } });
    expect((await slice()).found).toEqual(['restarted']);
    await expectWhole();
  });

  test('begins it anew where the state of the hash does not fit, with no verdict on the source', async () => {
    await slice({ endAfter: 2 });
    const [key, one] = only(bed.checkpoints);
    const state = Buffer.from(one.hash.state, 'base64');
    state[state.length - 1] = (state.at(-1) ?? 0) ^ 1;
    state[20] = (state[20] ?? 0) ^ 1;
    bed.checkpoints.set(key, { ...one, hash: { ...one.hash, state: state.toString('base64') } });
    await slice();
    await expectWhole();
  });

  test.each([
    ['too short', Buffer.from('x')],
    ['of another build', Buffer.alloc(116, 1)],
  ])('begins it anew where the state of the hash is %s', async (_what, state) => {
    await slice({ endAfter: 2 });
    const [key, one] = only(bed.checkpoints);
    bed.checkpoints.set(key, { ...one, hash: { ...one.hash, state: state.toString('base64') } });
    expect((await slice()).found).toEqual(['resumed', 'restarted']);
    await expectWhole();
  });

  test.each([
    ['does not answer ranges', { ignoresRange: true }],
    ['has other content now', { etag: '"other"' }],
  ])('begins it anew where the source %s', async (_what, behaviour) => {
    await slice({ endAfter: 2 });
    source.behave(behaviour);
    await slice();
    await expectWhole();
    expect(patchedBytes()).toBe(LAYER_BYTES + 2 * CHUNK_BYTES);
  });

  test('asks no other host than the registry, whatever the checkpoint says', async () => {
    await slice({ endAfter: 2 });
    await using elsewhere = await startBareServer((_request, response) => response.end());
    const [key, one] = only(bed.checkpoints);
    for (const location of [
      `http://localhost:${new URL(elsewhere.url).port}/v2/app/blobs/uploads/1`,
      'http://169.254.169.254/x',
      'file:///etc/passwd',
      '%%',
    ]) {
      bed.checkpoints.set(key, { ...one, location });
      await slice({ endAfter: 1 });
      expect(elsewhere.requests).toEqual([]);
    }
    await slice();
    await contentAt({ registry: target, repository: 'app' }, 'v1');
  });

  test('goes on at a registry that tells only that the session is there', async () => {
    await slice({ endAfter: 2, upload: { resume: 'location' } });
    expect((await slice({ upload: { resume: 'location' } })).found).toEqual(['resumed']);
    await expectWhole();
    expect(patchedBytes()).toBe(LAYER_BYTES);
  });

  test('keeps the checkpoint while the registry is away', async () => {
    await slice({ endAfter: 2 });
    target.faults.push({ match: { method: 'GET', path: /uploads/ }, action: { status: 503 } });
    await slice();
    expect(kept().offset).toBe(2 * CHUNK_BYTES);
    target.faults.length = 0;
    expect((await slice()).found).toEqual(['resumed']);
    await expectWhole();
  });
});

describe('several targets', () => {
  let other: RunningRegistry;
  beforeEach(async () => {
    other = await startRegistry({ recordHeaders: true });
  });
  afterEach(() => other.stop());
  const sliceBoth = (options?: Options) =>
    bed.slice(`${source.host}/app:v1`, [`${target.host}/app:v1`, `${other.host}/app:v1`], options);

  test('share one read of the source', async () => {
    await sliceBoth();
    await expectWhole(target);
    await expectWhole(other);
    expect(source.sentBytes).toBe(LAYER_BYTES);
  });

  test('share it again in the next slice where they are equally far', async () => {
    await sliceBoth({ endAfter: 4 });
    const { found } = await sliceBoth();
    expect(found).toEqual(['resumed', 'resumed']);
    await expectWhole(target);
    await expectWhole(other);
    expect(patchedBytes(target)).toBe(LAYER_BYTES);
    expect(patchedBytes(other)).toBe(LAYER_BYTES);
  });

  test('that are not equally far go by themselves, each from where it is', async () => {
    await slice({ endAfter: 3 });
    await sliceBoth();
    await expectWhole(target);
    await expectWhole(other);
    expect(patchedBytes(target)).toBe(LAYER_BYTES);
    expect(patchedBytes(other)).toBe(LAYER_BYTES);
  });

  test('that take chunks of different sizes get their own, and go on where each of them was', async () => {
    await other.stop();
    other = await startRegistry({ recordHeaders: true, upload: { minChunkBytes: 2500 } });
    await sliceBoth({ beforeSave: () => failAt(bed.checkpoints.size, 2) });
    const { found } = await sliceBoth();
    expect(found).toEqual(['resumed', 'resumed']);
    await expectWhole(target);
    await expectWhole(other);
    expect([patchedBytes(target), patchedBytes(other)]).toEqual([LAYER_BYTES, LAYER_BYTES]);
  });

  test('do not wait for one that hangs: it goes on by itself', async () => {
    target.faults.push({ match: { method: 'PATCH', nth: 2 }, action: { stallMs: 900 } });
    await sliceBoth({ patienceMs: 50 });
    await expectWhole(other);
    await expectWhole(target);
    expect(count('PATCH', other)).toBe(6);
    // It asked for a session of its own.
    expect(count('POST')).toBe(count('POST', other) + 1);
  });

  test('are not harmed by one that is down', async () => {
    other.faults.push({ match: { method: 'PATCH' }, action: { status: 403 } });
    const { report } = await sliceBoth();
    expect(report?.targets).toMatchObject([{ state: 'copied' }, { state: 'failed', error: { code: 'denied' } }]);
    await expectWhole(target);
  });
});
