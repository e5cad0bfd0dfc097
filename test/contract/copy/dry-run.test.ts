// A dry run says what a copy would do, and changes nothing anywhere.
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startRegistry, type RunningRegistry } from '../../../infra/demo/registry.ts';
import { openCopyBed, writesAt, type CopyBed } from '../../support/copy-bed.ts';
import { plantSimpleImage } from '../../support/planted-content.ts';
import { plantIndex } from '../../support/planted-image.ts';

let source: RunningRegistry;
let target: RunningRegistry;
let bed: CopyBed;

beforeEach(async () => {
  [source, target] = await Promise.all([startRegistry(), startRegistry()]);
  bed = openCopyBed();
});

afterEach(async () => {
  await bed[Symbol.asyncDispose]();
  await Promise.all([source.stop(), target.stop()]);
});

const dryRun = (from: string, to: string, options = {}) =>
  bed.copy(`${source.host}/${from}`, `${target.host}/${to}`, { dryRun: true, ...options });

test('reads only, on both sides', async () => {
  await plantIndex(source, 'app', 'v1');
  const { only } = await dryRun('app:v1', 'mirror:v1');
  expect(only).toMatchObject({ state: 'planned', blobs: { mounted: 0, existing: 0 }, bytesSaved: 0 });
  expect([...writesAt(source), ...writesAt(target)]).toEqual([]);
  expect(target.requests.length).toBeGreaterThan(0);
});

test('foretells what the copy then does', async () => {
  await plantSimpleImage({ registry: target, repository: 'mirror' }, { tag: 'v0', layers: ['shared'] });
  await plantSimpleImage({ registry: source, repository: 'app' }, { tag: 'v1', layers: ['shared', 'new one'] });
  const { only: foretold, events } = await dryRun('app:v1', 'mirror:v1');
  const { only: done } = await bed.copy(`${source.host}/app:v1`, `${target.host}/mirror:v1`);
  expect(foretold).toMatchObject({ state: 'planned', blobs: { copied: 1, existing: 2 }, bytesMoved: 'new one'.length });
  for (const figure of ['digest', 'blobs', 'bytesMoved', 'bytesSaved'] as const)
    expect(foretold[figure]).toEqual(done[figure]);
  expect(events).toContainEqual({ type: 'planned', target: 0, blobs: 1, manifests: 1, sizeBytes: 'new one'.length });
});

test('says unchanged, and refused, where the copy would', async () => {
  const { digest } = await plantSimpleImage({ registry: source, repository: 'app' }, { tag: 'v1' });
  await plantSimpleImage({ registry: target, repository: 'mirror' }, { tag: 'same' });
  await plantSimpleImage({ registry: target, repository: 'mirror' }, { tag: 'other', layers: ['else'] });
  expect((await dryRun('app:v1', 'mirror:same')).only).toMatchObject({ state: 'unchanged', digest });
  expect((await dryRun('app:v1', 'mirror:other', { onConflict: 'refuse' })).only.state).toBe('refused');
  expect((await dryRun('app:v1', 'mirror:other', { onConflict: 'backup' })).only.state).toBe('planned');
  expect(writesAt(target)).toEqual([]);
});

test('fails where the source is not there', async () => {
  await expect(dryRun('app:none', 'mirror:v1')).rejects.toMatchObject({ code: 'not-found' });
});
