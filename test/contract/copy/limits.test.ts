// Indexes that are broken or hostile are refused before anything is written.
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startRegistry, type RunningRegistry } from '../../../infra/demo/registry.ts';
import type { Descriptor } from '../../../shared/oci/descriptor.ts';
import { countsAt, openCopyBed, type CopyBed } from '../../support/copy-bed.ts';
import {
  contentAt,
  INDEX,
  plantBlob,
  plantManifest,
  plantSimpleImage,
  type Place,
} from '../../support/planted-content.ts';

let source: RunningRegistry;
let target: RunningRegistry;
let bed: CopyBed;
let from: Place;

beforeEach(async () => {
  [source, target] = await Promise.all([startRegistry(), startRegistry()]);
  bed = openCopyBed();
  from = { registry: source, repository: 'app' };
});

afterEach(async () => {
  await bed[Symbol.asyncDispose]();
  await Promise.all([source.stop(), target.stop()]);
});

const copy = (options = {}) =>
  bed.copy(`${source.host}/app:v1`, `${target.host}/app:v1`, { referrers: false, ...options });
const plantIndex = (manifests: Descriptor[], tag?: string) =>
  plantManifest(from, { manifests }, { mediaType: INDEX, ...(tag === undefined ? {} : { tag }) });

async function expectRefusal(message: RegExp | string) {
  await expect(copy()).rejects.toMatchObject({
    code: 'invalid-manifest',
    message: expect.stringMatching(message),
    details: { registry: source.host, repository: 'app' },
  });
  expect(countsAt(target)).toEqual({ 'HEAD manifest': 1 });
}

async function plantNested(levels: number): Promise<void> {
  let inner = await plantSimpleImage(from);
  for (let level = 1; level < levels; level += 1) inner = await plantIndex([inner]);
  await plantIndex([inner], 'v1');
}

test('an image under four indexes is copied', async () => {
  await plantNested(4);
  expect((await copy()).only.state).toBe('copied');
  await contentAt({ registry: target, repository: 'app' }, 'v1');
});

test('an image under five indexes is too deep', async () => {
  await plantNested(5);
  await expectRefusal('nest deeper than 4 levels');
});

test('an index that contains itself ends', async () => {
  const digest = `sha256:${'5'.repeat(64)}`;
  const bytes = Buffer.from(
    JSON.stringify({ schemaVersion: 2, mediaType: INDEX, manifests: [{ mediaType: INDEX, digest, size: 1 }] }),
  );
  await source.plantManifest('app', bytes, { mediaType: INDEX, digest, tags: ['v1'] });
  await expect(copy()).rejects.toMatchObject({ code: 'digest-mismatch' });
  expect(countsAt(source)['GET manifest']).toBeLessThanOrEqual(2);
});

test('1000 manifests are taken, one more is refused', async () => {
  const config = await plantBlob(from, '{}', { mediaType: 'application/vnd.test.config' });
  const plantNumber = (number: number) =>
    plantManifest(from, { config, layers: [], annotations: { n: String(number) } });
  const images = await Promise.all(Array.from({ length: 999 }, (_none, number) => plantNumber(number)));
  const half = await plantIndex(images.slice(0, 499));
  await plantIndex([half, await plantIndex(images.slice(499, 998))], 'v1');
  expect((await copy({ dryRun: true })).only.state).toBe('planned');
  target.requests.length = 0;
  await plantIndex([half, await plantIndex(images.slice(499))], 'v1');
  await expectRefusal('more than 1000 manifests');
});

test('a child that is named many times is read once', async () => {
  const image = await plantSimpleImage(from);
  await plantIndex([image, image, await plantIndex([image])], 'v1');
  expect((await copy()).only.state).toBe('copied');
  expect(countsAt(source)['GET manifest']).toBe(3);
  expect(countsAt(target)['PUT manifest']).toBe(3);
});

test('a blob of two sizes', async () => {
  const layer = await plantBlob(from, 'layer');
  const config = await plantBlob(from, '{}');
  const images = [layer, { ...layer, size: layer.size + 1 }].map((one) =>
    plantManifest(from, { config, layers: [one] }),
  );
  await plantIndex(await Promise.all(images), 'v1');
  await expectRefusal(`it names ${layer.digest} with two sizes`);
});

test('a child of another size than its entry says', async () => {
  const image = await plantSimpleImage(from);
  await plantIndex([{ ...image, size: image.size - 1 }], 'v1');
  await expectRefusal(`has ${image.size} bytes instead of ${image.size - 1}`);
});

test('a child that is gone', async () => {
  const image = await plantSimpleImage(from);
  await plantIndex([image], 'v1');
  source.catalog.get('app')?.manifests.delete(image.digest);
  await expect(copy()).rejects.toMatchObject({ code: 'not-found' });
  expect(countsAt(target)).toEqual({ 'HEAD manifest': 1 });
});
