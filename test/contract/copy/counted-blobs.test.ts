// Which blobs stand in a target's report: each once, also those that nobody had to ask for.
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startRegistry, type RunningRegistry } from '../../../infra/demo/registry.ts';
import { openCopyBed, type CopyBed } from '../../support/copy-bed.ts';
import { INDEX, plantManifest, plantSimpleImage } from '../../support/planted-content.ts';
import { openSweepBed, ruleFor } from '../../support/sweep-bed.ts';

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

const place = () => ({ registry: source, repository: 'app' });
const LARGE = 'l'.repeat(5000);

test('what an earlier copy of the same sweep brought exists already, and its bytes are saved', async () => {
  const layers = [LARGE, 'one'];
  const { digest } = await plantSimpleImage(place(), { tag: 'v1', layers });
  source.catalog.get('app')?.tags.set('v2', digest);
  await using sweeps = openSweepBed();
  const { reports } = await sweeps.sync([ruleFor(`${source.host}/app`, `${target.host}/app`)]);
  const [first, second] = reports.flatMap((report) => report.targets);
  expect(first).toMatchObject({ blobs: { copied: 3, mounted: 0, existing: 0 }, bytesSaved: 0 });
  expect(second).toMatchObject({ blobs: { copied: 0, mounted: 0, existing: 3 }, bytesMoved: 0 });
  expect(second?.bytesSaved).toBe(first?.bytesMoved);
});

test('the blobs of an image that the target has exist already', async () => {
  const child = await plantSimpleImage(place(), { layers: [LARGE] });
  await plantManifest(place(), { manifests: [child] }, { mediaType: INDEX, tag: 'v1' });
  await bed.copy(`${source.host}/app:v1`, `${target.host}/app:v1`);
  const second = await plantSimpleImage(place(), { layers: ['two'], config: { architecture: 'arm64' } });
  await plantManifest(place(), { manifests: [child, second] }, { mediaType: INDEX, tag: 'v1' });
  const { only } = await bed.copy(`${source.host}/app:v1`, `${target.host}/app:v1`);
  expect(only).toMatchObject({ state: 'copied', blobs: { copied: 2, mounted: 0, existing: 2 } });
  expect(only.bytesSaved).toBeGreaterThan(LARGE.length);
});

test('a blob that is asked for again because the registry misses it is counted once', async () => {
  await plantSimpleImage(place(), { tag: 'v1', layers: [LARGE, 'one'] });
  const body = '{"errors":[{"code":"MANIFEST_BLOB_UNKNOWN"}]}';
  target.faults.push({
    match: { method: 'PUT', path: /manifests/, times: 1 },
    action: { status: 404, headers: { 'content-type': 'application/json' }, body },
  });
  const { only } = await bed.copy(`${source.host}/app:v1`, `${target.host}/app:v1`);
  expect(only).toMatchObject({ state: 'copied', blobs: { copied: 3, mounted: 0, existing: 0 }, bytesSaved: 0 });
});
