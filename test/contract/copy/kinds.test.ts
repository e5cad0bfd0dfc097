// Every kind of content that registries hold arrives byte for byte, and its tag after it.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startRegistry, type RunningRegistry } from '../../../infra/demo/registry.ts';
import { kindsAt, openCopyBed, type CopyBed } from '../../support/copy-bed.ts';
import * as planted from '../../support/planted-content.ts';
import { plantIndex } from '../../support/planted-image.ts';

let source: RunningRegistry;
let target: RunningRegistry;
let bed: CopyBed;
let from: planted.Place;
let to: planted.Place;

beforeEach(async () => {
  [source, target] = await Promise.all([startRegistry(), startRegistry({ sparseIndexes: false })]);
  bed = openCopyBed();
  from = { registry: source, repository: 'team/app' };
  to = { registry: target, repository: 'mirror/app' };
});

afterEach(async () => {
  await bed[Symbol.asyncDispose]();
  await Promise.all([source.stop(), target.stop()]);
});

const copy = (tag = 'v1', options = {}) =>
  bed.copy(`${source.host}/team/app:${tag}`, `${target.host}/mirror/app:${tag}`, options);

/** Copies the tag and compares everything below it. */
async function expectWholeCopy(tag = 'v1') {
  const { only, report } = await copy(tag);
  expect(only.error).toBeUndefined();
  expect(only).toMatchObject({ state: 'copied', digest: source.catalog.get('team/app')?.tags.get(tag) });
  expect(report.source.digest).toBe(only.digest);
  expect(await planted.contentAt(to, tag)).toEqual(await planted.contentAt(from, tag));
  return only;
}

test('a single image', async () => {
  await planted.plantSimpleImage(from, { tag: 'v1', layers: ['one', 'two', 'three'] });
  expect(await expectWholeCopy()).toMatchObject({ blobs: { copied: 4, mounted: 0, existing: 0 }, bytesSaved: 0 });
});

test('a layer that stands in the manifest twice, once', async () => {
  await planted.plantSimpleImage(from, { tag: 'v1', layers: ['same', 'same', 'other'] });
  expect((await expectWholeCopy()).blobs.copied).toBe(3);
});

test('an index with attestations, and what belongs to it', async () => {
  const { sbom, signature } = await plantIndex(source, 'team/app', 'v1');
  const only = await expectWholeCopy();
  expect(only.referrers).toBe(2);
  for (const digest of [sbom, signature]) {
    expect(await planted.contentAt(to, digest)).toEqual(await planted.contentAt(from, digest));
  }
});

test('indexes in indexes', async () => {
  const image = await planted.plantSimpleImage(from, { layers: ['deep'] });
  const inner = await planted.plantManifest(from, { manifests: [image] }, { mediaType: planted.INDEX });
  const middle = await planted.plantManifest(from, { manifests: [inner, image] }, { mediaType: planted.INDEX });
  await planted.plantManifest(from, { manifests: [middle, inner] }, { mediaType: planted.INDEX, tag: 'v1' });
  await expectWholeCopy();
});

test('an index without entries', async () => {
  await planted.plantManifest(from, { manifests: [] }, { mediaType: planted.INDEX, tag: 'v1' });
  await expectWholeCopy();
});

test('a blob of no bytes', async () => {
  await planted.plantSimpleImage(from, { tag: 'v1', layers: ['', 'x'] });
  await expectWholeCopy();
});

test('digests by sha512, of blobs and of manifests', async () => {
  const config = await planted.plantBlob(from, '{}', { mediaType: planted.CONFIG, algorithm: 'sha512' });
  const layers = [await planted.plantBlob(from, 'layer', { algorithm: 'sha512' })];
  const image = await planted.plantManifest(from, { config, layers }, { algorithm: 'sha512' });
  await planted.plantManifest(from, { manifests: [image] }, { mediaType: planted.INDEX, tag: 'v1' });
  await expectWholeCopy();
});

test('an image by its sha512 digest, without a tag', async () => {
  const config = await planted.plantBlob(from, '{}', { mediaType: planted.CONFIG });
  const { digest } = await planted.plantManifest(from, { config, layers: [] }, { algorithm: 'sha512' });
  const { only } = await bed.copy(`${source.host}/team/app@${digest}`, `${target.host}/mirror/app@${digest}`);
  expect(only).toMatchObject({ state: 'copied', digest });
  expect(await planted.contentAt(to, digest)).toEqual(await planted.contentAt(from, digest));
});

test('content that its descriptor embeds, without asking the source for it', async () => {
  const embedded = Buffer.from('{"embedded":true}');
  const config = {
    ...(await planted.plantBlob(from, embedded, { mediaType: planted.CONFIG })),
    data: embedded.toString('base64'),
  };
  const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: planted.IMAGE, config, layers: [] }));
  const digest = await source.plantManifest('team/app', bytes, { mediaType: planted.IMAGE });
  const child = { mediaType: planted.IMAGE, digest, size: bytes.length, data: bytes.toString('base64') };
  await planted.plantManifest(from, { manifests: [child] }, { mediaType: planted.INDEX, tag: 'v1' });
  source.requests.length = 0;
  await copy('v1', { referrers: false });
  expect(kindsAt(source)).toEqual(['GET manifest']);
  expect(await planted.contentAt(to, 'v1')).toEqual(await planted.contentAt(from, 'v1'));
});

test.each([
  ['other bytes', 'digest-mismatch', { data: Buffer.from('{"embedded":null}').toString('base64') }],
  ['no base64', 'invalid-manifest', { data: '***' }],
])('refuses embedded content that is not what its digest says: %s', async (_why, code, changed) => {
  const config = { ...(await planted.plantBlob(from, '{"embedded":true}', { mediaType: planted.CONFIG })), ...changed };
  await planted.plantManifest(from, { config, layers: [] }, { tag: 'v1' });
  await expect(copy()).resolves.toMatchObject({ only: { state: 'failed', error: { code } } });
  expect(target.catalog.get('mirror/app')?.tags.size ?? 0).toBe(0);
});

test('an artifact manifest', async () => {
  const blobs = [await planted.plantBlob(from, 'a'), await planted.plantBlob(from, 'b')];
  await planted.plantManifest(
    from,
    { artifactType: 'application/vnd.test', blobs },
    { mediaType: planted.ARTIFACT, tag: 'v1' },
  );
  await expectWholeCopy();
});

test('a Docker image in a Docker manifest list', async () => {
  const docker = 'application/vnd.docker.distribution.manifest';
  const config = await planted.plantBlob(from, '{"os":"linux"}', {
    mediaType: 'application/vnd.docker.container.image.v1+json',
  });
  const layers = [
    await planted.plantBlob(from, 'x', { mediaType: 'application/vnd.docker.image.rootfs.diff.tar.gzip' }),
  ];
  const image = await planted.plantManifest(from, { config, layers }, { mediaType: `${docker}.v2+json` });
  const manifests = [{ ...image, platform: { os: 'linux', architecture: 'amd64' } }];
  await planted.plantManifest(from, { manifests }, { mediaType: `${docker}.list.v2+json`, tag: 'v1' });
  await copy();
  const held = target.catalog.get('mirror/app');
  expect(held?.tags.get('v1')).toBe(source.catalog.get('team/app')?.tags.get('v1'));
  expect([...(held?.manifests.values() ?? [])].map(({ mediaType }) => mediaType)).toEqual([
    `${docker}.v2+json`,
    `${docker}.list.v2+json`,
  ]);
});

test("BuildKit's cache, an index whose entries are blobs", async () => {
  const config = await planted.plantBlob(from, '{"layers":[]}', {
    mediaType: 'application/vnd.buildkit.cacheconfig.v0',
  });
  const layer = await planted.plantBlob(from, 'cached');
  await planted.plantManifest(from, { manifests: [layer, config] }, { mediaType: planted.INDEX, tag: 'v1' });
  await expectWholeCopy();
});

test('bytes that are no canonical JSON', async () => {
  const config = await planted.plantBlob(from, '{}', { mediaType: planted.CONFIG });
  const text = JSON.stringify({ schemaVersion: 2, config, layers: [], 'x-unknown': 1.0 }, null, 5).replace(
    '{',
    '{ \n\t',
  );
  await source.plantManifest('team/app', Buffer.from(`${text}\n`), { mediaType: planted.IMAGE, tags: ['v1'] });
  await expectWholeCopy();
});

describe('a blob in an artifact of an odd type', () => {
  test('is copied like any other', async () => {
    const config = await planted.plantBlob(from, '{"helm":true}', {
      mediaType: 'application/vnd.cncf.helm.config.v1+json',
    });
    const layers = [
      await planted.plantBlob(from, 'chart', { mediaType: 'application/vnd.cncf.helm.chart.content.v1.tar+gzip' }),
    ];
    await planted.plantManifest(from, { config, layers }, { tag: 'v1' });
    await expectWholeCopy();
  });
});

describe('foreign layers', () => {
  const FOREIGN = 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip';

  beforeEach(async () => {
    const config = await planted.plantBlob(from, '{}', { mediaType: planted.CONFIG });
    const base = await planted.plantBlob(from, 'windows', { mediaType: FOREIGN });
    const layers = [{ ...base, urls: ['https://example.com/base'] }, await planted.plantBlob(from, 'own')];
    await planted.plantManifest(from, { config, layers }, { tag: 'v1' });
  });

  test('stay where they are', async () => {
    const { only } = await copy();
    expect(only).toMatchObject({ state: 'copied', blobs: { copied: 2 } });
    expect(source.requests.filter(({ path }) => path.includes(planted.digestOf(Buffer.from('windows'))))).toEqual([]);
    await expect(planted.contentAt(to, 'v1')).rejects.toThrow('has no blob');
    await planted.contentAt(to, 'v1', ({ mediaType }) => mediaType !== FOREIGN);
  });

  test('are copied on demand', async () => {
    const { only } = await copy('v1', { foreignLayers: true });
    expect(only.blobs.copied).toBe(3);
    expect(await planted.contentAt(to, 'v1')).toEqual(await planted.contentAt(from, 'v1'));
  });
});
