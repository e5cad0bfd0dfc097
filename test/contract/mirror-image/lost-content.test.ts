// A target that lost something since another job of the same process put it there: nothing is believed to be at a target unasked.
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startRegistry, type RunningRegistry } from '../../../infra/demo/registry.ts';
import { countsAt } from '../../support/copy-bed.ts';
import { openMirrorBed, type MirrorBed } from '../../support/mirror-bed.ts';
import { contentAt, plantSimpleImage } from '../../support/planted-content.ts';
import { plantIndex } from '../../support/planted-image.ts';

let source: RunningRegistry;
let target: RunningRegistry;
let bed: MirrorBed;

beforeEach(async () => {
  [source, target] = await Promise.all([startRegistry(), startRegistry()]);
  bed = await openMirrorBed();
});
afterEach(async () => {
  await bed[Symbol.asyncDispose]();
  await Promise.all([source.stop(), target.stop()]);
});

const mirror = async (repository = 'app') =>
  bed.reaches(await bed.ask(`${source.host}/app:v1`, [`${target.host}/${repository}:v1`]), 'DONE');
const held = (repository = 'app') => {
  const found = target.catalog.get(repository);
  if (found === undefined) throw new Error(`no ${repository}`);
  return found;
};

test('an index is written with all of its images again', async () => {
  await plantIndex(source, 'app', 'v1');
  await mirror();
  const before = await contentAt({ registry: target, repository: 'app' }, 'v1');
  held().tags.clear();
  held().manifests.clear();
  await mirror();
  expect(await contentAt({ registry: target, repository: 'app' }, 'v1')).toEqual(before);
});

test('blobs are sent again', async () => {
  await plantSimpleImage({ registry: source, repository: 'app' }, { tag: 'v1', layers: ['a', 'b'] });
  await mirror();
  held().tags.clear();
  held().manifests.clear();
  held().blobs.clear();
  await mirror();
  await expect(contentAt({ registry: target, repository: 'app' }, 'v1')).resolves.toBeDefined();
});

test('a blob that the neighbour lost is sent, not mounted', async () => {
  await plantSimpleImage({ registry: source, repository: 'app' }, { tag: 'v1', layers: ['a', 'b'] });
  await mirror('first');
  held('first').blobs.clear();
  await mirror('second');
  await expect(contentAt({ registry: target, repository: 'second' }, 'v1')).resolves.toBeDefined();
});

test('what is there is asked for, and not sent again', async () => {
  await plantSimpleImage({ registry: source, repository: 'app' }, { tag: 'v1', layers: ['a', 'b'] });
  await mirror();
  held().tags.clear();
  target.requests.length = 0;
  const { result } = await mirror();
  expect(result).toMatchObject({ report: { targets: [{ state: 'copied', blobs: { copied: 0 }, bytesMoved: 0 }] } });
  expect(countsAt(target)['PUT upload']).toBeUndefined();
});
