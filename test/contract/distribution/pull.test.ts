// Pull: what GET and HEAD give for manifests and blobs.
// https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pull
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RunningRegistry } from '../../../infra/demo/registry.ts';
import {
  digestOf,
  IMAGE,
  makeImage,
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

describe.each(storages)('pull, content in %s', (storage) => {
  let registry: RunningRegistry;
  beforeAll(async () => {
    registry = await startOn(storage);
  });
  afterAll(() => registry.stop());

  test('tells that it speaks version 2', async () => {
    const answer = await send(registry, 'GET', '/v2/');
    expect(answer.status).toBe(200);
    expect(answer.headers.get('docker-distribution-api-version')).toBe('registry/2.0');
  });

  test.each(['GET', 'HEAD'])(
    '%s finds a manifest by tag and by digest, with type, length and digest',
    async (method) => {
      const repository = newRepository();
      const manifest = await pushImage(registry, repository, 'v1');
      for (const reference of ['v1', digestOf(manifest)]) {
        const answer = await send(registry, method, `/v2/${repository}/manifests/${reference}`);
        expect(answer.status).toBe(200);
        expect(answer.headers.get('content-type')).toBe(IMAGE);
        expect(answer.headers.get('content-length')).toBe(String(manifest.length));
        expect(answer.headers.get('docker-content-digest')).toBe(digestOf(manifest));
        expect(answer.bytes).toEqual(method === 'GET' ? manifest : new Uint8Array());
      }
    },
  );

  test.each(['GET', 'HEAD'])(
    '%s answers 404 for a manifest, a tag and a repository that are not there',
    async (method) => {
      const repository = newRepository();
      await pushImage(registry, repository, 'v1');
      const absent = digestOf(newBytes());
      for (const path of [`${repository}/manifests/${absent}`, `${repository}/manifests/v2`]) {
        const answer = await send(registry, method, `/v2/${path}`);
        expect(answer.status).toBe(404);
        expect(answer.codes).toEqual(method === 'GET' ? ['MANIFEST_UNKNOWN'] : []);
      }
      expect((await send(registry, method, `/v2/${newRepository()}/manifests/v1`)).status).toBe(404);
    },
  );

  test('refuses a malformed digest instead of searching for it', async () => {
    const repository = newRepository();
    const manifest = await pushImage(registry, repository, 'v1');
    const hex = digestOf(manifest).slice('sha256:'.length);
    for (const digest of ['sha256:baddigeststring', `sha256:${hex.toUpperCase()}`, `md5:${hex}`, `sha512:${hex}`]) {
      const answer = await send(registry, 'GET', `/v2/${repository}/manifests/${digest}`);
      expect([answer.status, answer.codes]).toEqual([400, ['DIGEST_INVALID']]);
    }
  });

  test('answers a manifest that did not change with 304', async () => {
    const repository = newRepository();
    const manifest = await pushImage(registry, repository, 'v1');
    const headers = { 'if-none-match': `"${digestOf(manifest)}"` };
    const answer = await send(registry, 'GET', `/v2/${repository}/manifests/v1`, { headers });
    expect([answer.status, answer.bytes.length]).toEqual([304, 0]);
  });

  describe.each<Algorithm>(['sha256', 'sha512'])('blobs by %s', (algorithm) => {
    test.each([0, 2, 512, 300_000])('gives back the very bytes of a blob of %i bytes', async (sizeBytes) => {
      const repository = newRepository();
      const bytes = newBytes(sizeBytes);
      const digest = await pushBlob(registry, repository, bytes, algorithm);
      const got = await send(registry, 'GET', `/v2/${repository}/blobs/${digest}`);
      expect(got.status).toBe(200);
      expect(Buffer.compare(got.bytes, bytes)).toBe(0);
      const head = await send(registry, 'HEAD', `/v2/${repository}/blobs/${digest}`);
      for (const { headers } of [got, head]) {
        expect(headers.get('content-length')).toBe(String(sizeBytes));
        expect(headers.get('docker-content-digest')).toBe(digest);
      }
    });

    test('answers 404 BLOB_UNKNOWN for a blob that is not there', async () => {
      const answer = await send(registry, 'GET', `/v2/${newRepository()}/blobs/${digestOf(newBytes(), algorithm)}`);
      expect([answer.status, answer.codes]).toEqual([404, ['BLOB_UNKNOWN']]);
    });

    test.each([
      ['bytes=500-1499', 500, 1499],
      ['bytes=500-', 500, 2047],
      ['bytes=-500', 1548, 2047],
      ['bytes=-5000', 0, 2047],
      ['bytes=2000-5000', 2000, 2047],
      ['bytes=0-0', 0, 0],
    ])('gives the part of a blob for %s', async (range, start, end) => {
      const repository = newRepository();
      const bytes = newBytes(2048);
      const digest = await pushBlob(registry, repository, bytes, algorithm);
      const answer = await send(registry, 'GET', `/v2/${repository}/blobs/${digest}`, { headers: { range } });
      expect(answer.status).toBe(206);
      expect(answer.headers.get('content-range')).toBe(`bytes ${start}-${end}/2048`);
      expect(answer.headers.get('content-length')).toBe(String(end + 1 - start));
      expect(answer.bytes).toEqual(bytes.slice(start, end + 1));
    });

    test.each(['bytes=500-0', 'bytes=5000-10000', 'bytes=-0'])('answers 416 for %s', async (range) => {
      const repository = newRepository();
      const digest = await pushBlob(registry, repository, newBytes(2048), algorithm);
      const answer = await send(registry, 'GET', `/v2/${repository}/blobs/${digest}`, { headers: { range } });
      expect([answer.status, answer.headers.get('content-range')]).toEqual([416, 'bytes */2048']);
    });
  });

  test('gives a whole blob where the range is of another version or not of bytes', async () => {
    const repository = newRepository();
    const digest = await pushBlob(registry, repository, newBytes(64));
    for (const headers of [{ range: 'bytes=0-1', 'if-range': '"other"' }, { range: 'lines=0-1' }]) {
      const answer = await send(registry, 'GET', `/v2/${repository}/blobs/${digest}`, { headers });
      expect([answer.status, answer.bytes.length]).toEqual([200, 64]);
    }
  });

  test('shows a blob only in the repositories that have it', async () => {
    const digest = await pushBlob(registry, newRepository(), newBytes());
    expect((await send(registry, 'HEAD', `/v2/${newRepository()}/blobs/${digest}`)).status).toBe(404);
  });

  test('keeps a manifest under sha512 beside the same bytes under sha256', async () => {
    const repository = newRepository();
    const manifest = await makeImage(registry, repository);
    for (const algorithm of ['sha256', 'sha512'] as const) {
      const digest = digestOf(manifest, algorithm);
      expect((await putManifest(registry, repository, digest, manifest)).status).toBe(201);
      const answer = await send(registry, 'GET', `/v2/${repository}/manifests/${digest}`);
      expect(answer.headers.get('docker-content-digest')).toBe(digest);
      expect(answer.bytes).toEqual(manifest);
    }
  });
});
