// Push of manifests: every kind of content is kept byte for byte, and what is wrong or incomplete changes nothing.
// https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pushing-manifests
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RunningRegistry } from '../../../infra/demo/registry.ts';
import {
  descriptor,
  digestOf,
  encode,
  IMAGE,
  INDEX,
  locationOf,
  makeImage,
  makeIndex,
  newBytes,
  newRepository,
  pushBlob,
  pushImage,
  putManifest,
  send,
  startOn,
  storages,
  type Algorithm,
} from './client.ts';

const EMPTY = new Uint8Array(new TextEncoder().encode('{}'));
const EMPTY_TYPE = 'application/vnd.oci.empty.v1+json';
const LAYER = 'application/vnd.oci.image.layer.v1.tar';

describe.each(storages)('push of manifests, content in %s', (storage) => {
  let registry: RunningRegistry;
  beforeAll(async () => {
    registry = await startOn(storage);
  });
  afterAll(() => registry.stop());

  async function expectKept(repository: string, reference: string, manifest: Uint8Array<ArrayBuffer>): Promise<void> {
    const created = await putManifest(registry, repository, reference, manifest);
    expect([created.status, created.codes]).toEqual([201, []]);
    const { mediaType = IMAGE } = JSON.parse(new TextDecoder().decode(manifest));
    for (const path of [locationOf(created), `/v2/${repository}/manifests/${reference}`]) {
      const answer = await send(registry, 'GET', path);
      expect(Buffer.compare(answer.bytes, manifest)).toBe(0);
      expect(answer.headers.get('content-type')).toBe(mediaType);
      expect(answer.headers.get('docker-content-digest')).toBe(created.headers.get('docker-content-digest'));
    }
  }

  describe.each<Algorithm>(['sha256', 'sha512'])('%s', (algorithm) => {
    test('keeps an image pushed by digest', async () => {
      expect.hasAssertions();
      const repository = newRepository();
      const manifest = await makeImage(registry, repository, {}, algorithm);
      await expectKept(repository, digestOf(manifest, algorithm), manifest);
    });

    test('keeps an index of images, and an index of indexes', async () => {
      expect.hasAssertions();
      const repository = newRepository();
      const images = [
        await makeImage(registry, repository, {}, algorithm),
        await makeImage(registry, repository, {}, algorithm),
      ];
      const indexes = [makeIndex(images, {}, algorithm), makeIndex(images.slice(1), {}, algorithm)];
      const nested = makeIndex(indexes, {}, algorithm);
      for (const manifest of [...images, ...indexes, nested]) {
        await expectKept(repository, digestOf(manifest, algorithm), manifest);
      }
    });

    test('sets all tags named with a push by digest, and says so', async () => {
      const repository = newRepository();
      const manifest = await makeImage(registry, repository);
      const digest = digestOf(manifest, algorithm);
      const tags = Array.from({ length: 12 }, (_, index) => `tag-${index}`);
      const query = tags.map((tag) => `tag=${tag}`).join('&');
      const created = await putManifest(registry, repository, `${digest}?${query}`, manifest);
      expect(created.headers.get('oci-tag')).toBe(tags.join(', '));
      for (const tag of tags) {
        const answer = await send(registry, 'HEAD', `/v2/${repository}/manifests/${tag}`);
        expect(answer.headers.get('docker-content-digest')).toBe(digest);
      }
    });

    test('refuses bytes that do not have the digest', async () => {
      const repository = newRepository();
      const manifest = await makeImage(registry, repository);
      const digest = digestOf(newBytes(), algorithm);
      const answer = await putManifest(registry, repository, `${digest}?tag=v1`, manifest);
      expect([answer.status, answer.codes]).toEqual([400, ['DIGEST_INVALID']]);
      expect((await send(registry, 'HEAD', `/v2/${repository}/manifests/v1`)).status).toBe(404);
      expect((await send(registry, 'HEAD', `/v2/${repository}/manifests/${digest}`)).status).toBe(404);
    });
  });

  test('keeps an image pushed by tag, with unknown fields, spaces and line ends as they are', async () => {
    expect.hasAssertions();
    const repository = newRepository();
    const fields = JSON.parse(
      new TextDecoder().decode(await makeImage(registry, repository, { 'x-custom': { a: 1 } })),
    );
    const spaced = new Uint8Array(new TextEncoder().encode(`${JSON.stringify(fields, null, '\t')}\r\n `));
    await expectKept(repository, 'v1', spaced);
  });

  test.each([
    ['an index without entries', { schemaVersion: 2, mediaType: INDEX, manifests: [] }],
    ['an image without layers', { config: descriptor(EMPTY, EMPTY_TYPE), layers: [] }],
    [
      'an artifact',
      {
        artifactType: 'application/x.example',
        config: descriptor(EMPTY, EMPTY_TYPE),
        layers: [descriptor(EMPTY, EMPTY_TYPE)],
      },
    ],
    ['data in a descriptor', { config: { ...descriptor(EMPTY, EMPTY_TYPE), data: 'e30=' }, layers: [] }],
    ['an artifact index', { schemaVersion: 2, mediaType: INDEX, artifactType: 'application/x.example', manifests: [] }],
    [
      'a list of Docker',
      { schemaVersion: 2, mediaType: 'application/vnd.docker.distribution.manifest.list.v2+json', manifests: [] },
    ],
    ['a media type of the future', { mediaType: 'application/vnd.example.v7+json', something: true }],
  ])('keeps %s', async (_, fields) => {
    expect.hasAssertions();
    const repository = newRepository();
    await pushBlob(registry, repository, EMPTY);
    await expectKept(repository, 'v1', encode({ schemaVersion: 2, mediaType: IMAGE, ...fields }));
  });

  test('keeps a manifest of 4 MiB, and refuses one above its limit with 413', async () => {
    const repository = newRepository();
    const large = await makeImage(registry, repository, { annotations: { filler: 'A'.repeat(4 * 1024 * 1024) } });
    await expectKept(repository, 'large', large);
    const tooLarge = await makeImage(registry, repository, { annotations: { filler: 'A'.repeat(9 * 1024 * 1024) } });
    // With the length announced, and with a body whose length shows only while it is read.
    for (const body of [tooLarge, new Blob([tooLarge]).stream()]) {
      const path = `/v2/${repository}/manifests/too-large`;
      const answer = await send(registry, 'PUT', path, { headers: { 'content-type': IMAGE }, body });
      expect([answer.status, answer.codes]).toEqual([413, ['SIZE_INVALID']]);
    }
  });

  test('accepts layers that are not to be distributed without their blobs', async () => {
    expect.hasAssertions();
    const repository = newRepository();
    const foreign = {
      ...descriptor(newBytes(), 'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip'),
      urls: ['https://store.example.com/x'],
    };
    const windows = descriptor(newBytes(), 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip');
    await expectKept(repository, 'v1', await makeImage(registry, repository, { layers: [foreign, windows] }));
  });

  test('names every missing blob, and leaves the tag where it was', async () => {
    const repository = newRepository();
    const before = await pushImage(registry, repository, 'v1');
    const layers = [descriptor(newBytes(), LAYER), descriptor(newBytes(), LAYER)];
    const answer = await putManifest(registry, repository, 'v1', await makeImage(registry, repository, { layers }));
    expect([answer.status, answer.codes]).toEqual([404, ['MANIFEST_BLOB_UNKNOWN', 'MANIFEST_BLOB_UNKNOWN']]);
    const missing = answer.json().errors.map((error) => error.detail.digest);
    expect(missing).toEqual(layers.map(({ digest }) => digest));
    expect((await send(registry, 'GET', `/v2/${repository}/manifests/v1`)).bytes).toEqual(before);
  });

  test('does not take a blob of another repository for present', async () => {
    const manifest = await makeImage(registry, newRepository());
    expect((await putManifest(registry, newRepository(), 'v1', manifest)).codes).toContain('MANIFEST_BLOB_UNKNOWN');
  });

  test('accepts an index with entries that are not there', async () => {
    expect.hasAssertions();
    const absent = encode({ schemaVersion: 2, mediaType: IMAGE, config: descriptor(newBytes(), LAYER), layers: [] });
    await expectKept(newRepository(), 'sparse', makeIndex([absent]));
  });

  test.each([
    ['no JSON', 'not json', IMAGE],
    ['JSON that is no object', '[]', IMAGE],
    ['bytes that are no UTF-8', new Uint8Array([0x7b, 0xff, 0x7d]), IMAGE],
    ['another media type than its Content-Type', JSON.stringify({ mediaType: INDEX, manifests: [] }), IMAGE],
    ['a subject without a digest', JSON.stringify({ mediaType: IMAGE, subject: { digest: 'x' } }), IMAGE],
  ])('refuses %s', async (_, body, type) => {
    const repository = newRepository();
    const answer = await send(registry, 'PUT', `/v2/${repository}/manifests/v1`, {
      headers: { 'content-type': type },
      body,
    });
    expect([answer.status, answer.codes]).toEqual([400, ['MANIFEST_INVALID']]);
    expect((await send(registry, 'HEAD', `/v2/${repository}/manifests/v1`)).status).toBe(404);
  });

  test('ignores parameters of the Content-Type', async () => {
    const repository = newRepository();
    const manifest = await makeImage(registry, repository);
    await putManifest(registry, repository, 'v1', manifest, { 'content-type': `${IMAGE}; charset=utf-8` });
    expect((await send(registry, 'HEAD', `/v2/${repository}/manifests/v1`)).headers.get('content-type')).toBe(IMAGE);
  });

  test('moves a tag and keeps the manifest it pointed to', async () => {
    const repository = newRepository();
    const [first, second] = [await pushImage(registry, repository, 'v1'), await pushImage(registry, repository, 'v1')];
    expect((await send(registry, 'GET', `/v2/${repository}/manifests/v1`)).bytes).toEqual(second);
    expect((await send(registry, 'GET', `/v2/${repository}/manifests/${digestOf(first)}`)).bytes).toEqual(first);
  });

  test('writes only where the ETag still matches: of two writers one is told', async () => {
    const repository = newRepository();
    const before = await pushImage(registry, repository, 'v1');
    const versions = [await makeImage(registry, repository), await makeImage(registry, repository)];
    const etag = (await send(registry, 'HEAD', `/v2/${repository}/manifests/v1`)).headers.get('etag') ?? '';
    expect(etag).toBe(`"${digestOf(before)}"`);
    const answers = await Promise.all(
      versions.map((version) => putManifest(registry, repository, 'v1', version, { 'if-match': etag })),
    );
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([201, 412]);
    const created = await putManifest(registry, repository, 'v1', before, { 'if-none-match': '*' });
    expect(created.status).toBe(412);
    expect((await putManifest(registry, repository, 'v2', before, { 'if-match': '*' })).status).toBe(412);
  });

  test('refuses tags outside the grammar, also as a parameter', async () => {
    const repository = newRepository();
    const manifest = await makeImage(registry, repository);
    for (const reference of ['.hidden', 'a'.repeat(129), `${digestOf(manifest)}?tag=a&tag=-b`]) {
      expect((await putManifest(registry, repository, reference, manifest)).codes).toEqual(['TAG_INVALID']);
    }
    expect((await send(registry, 'GET', `/v2/${repository}/tags/list`)).json().tags).toEqual([]);
  });
});

describe('stricter registries', () => {
  test('refuse an index whose children are not there', async () => {
    await using registry = await startOn('memory', { sparseIndexes: false });
    const repository = newRepository();
    const child = await makeImage(registry, repository);
    const index = makeIndex([child]);
    expect((await putManifest(registry, repository, 'v1', index)).codes).toEqual(['MANIFEST_BLOB_UNKNOWN']);
    await putManifest(registry, repository, digestOf(child), child);
    expect((await putManifest(registry, repository, 'v1', index)).status).toBe(201);
  });

  test.each([
    [true, 400, 'TAG_INVALID', 201],
    [{ status: 412, code: 'PRECONDITION', refuseSameDigest: true }, 412, 'PRECONDITION', 412],
  ])('with immutable tags %o refuse to move a tag', async (immutableTags, status, code, sameDigest) => {
    await using registry = await startOn('memory', { immutableTags });
    const repository = newRepository();
    const first = await pushImage(registry, repository, 'v1');
    const moved = await putManifest(registry, repository, 'v1', await makeImage(registry, repository));
    expect([moved.status, moved.codes]).toEqual([status, [code]]);
    expect((await putManifest(registry, repository, 'v1', first)).status).toBe(sameDigest);
    expect((await putManifest(registry, repository, 'v2', first)).status).toBe(201);
  });

  test('give a manifest only to those who accept its type', async () => {
    await using registry = await startOn('memory', { requireAccept: true });
    const repository = newRepository();
    await pushImage(registry, repository, 'v1');
    const get = (accept: string) => send(registry, 'GET', `/v2/${repository}/manifests/v1`, { headers: { accept } });
    expect((await get(`${INDEX}, ${IMAGE}`)).status).toBe(200);
    expect((await get(INDEX)).codes).toEqual(['MANIFEST_UNKNOWN']);
  });
});
