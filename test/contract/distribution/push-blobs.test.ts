// Push of blobs: at once, in one POST, in chunks, as a stream, and what must be refused.
// https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pushing-blobs
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RunningRegistry } from '../../../infra/demo/registry.ts';
import {
  closeUpload,
  digestOf,
  locationOf,
  newBytes,
  newRepository,
  OCTETS,
  openUpload,
  patchChunk,
  send,
  startOn,
  storages,
  type Algorithm,
  type Answer,
} from './client.ts';

const algorithms: Algorithm[] = ['sha256', 'sha512'];

describe.each(storages)('push of blobs, content in %s', (storage) => {
  let registry: RunningRegistry;
  beforeAll(async () => {
    registry = await startOn(storage);
  });
  afterAll(() => registry.stop());

  async function expectStored(created: Answer, bytes: Uint8Array, digest: string): Promise<void> {
    expect([created.status, created.codes]).toEqual([201, []]);
    expect(created.headers.get('docker-content-digest')).toBe(digest);
    const answer = await send(registry, 'GET', locationOf(created));
    expect(answer.status).toBe(200);
    expect(Buffer.compare(answer.bytes, bytes)).toBe(0);
  }

  async function expectAbsent(repository: string, digest: string): Promise<void> {
    expect((await send(registry, 'HEAD', `/v2/${repository}/blobs/${digest}`)).status).toBe(404);
  }

  describe.each(algorithms)('%s', (algorithm) => {
    test.each([0, 2, 512, 200_000])('takes %i bytes in a PUT after a POST', async (sizeBytes) => {
      expect.hasAssertions();
      const repository = newRepository();
      const bytes = newBytes(sizeBytes);
      const digest = digestOf(bytes, algorithm);
      const location = await openUpload(registry, repository, `?digest-algorithm=${algorithm}`);
      await expectStored(await closeUpload(registry, location, digest, bytes), bytes, digest);
    });

    test('takes a blob whose algorithm shows only in the closing PUT', async () => {
      expect.hasAssertions();
      const bytes = newBytes();
      const digest = digestOf(bytes, algorithm);
      const location = await openUpload(registry, newRepository());
      const patched = await patchChunk(registry, location, bytes, 0);
      await expectStored(await closeUpload(registry, locationOf(patched), digest), bytes, digest);
    });

    test('takes a blob in a single POST', async () => {
      expect.hasAssertions();
      const bytes = newBytes();
      const digest = digestOf(bytes, algorithm);
      const target = `/v2/${newRepository()}/blobs/uploads/?digest=${digest}`;
      const headers = { 'content-type': OCTETS };
      await expectStored(await send(registry, 'POST', target, { headers, body: bytes }), bytes, digest);
    });

    test.each(['in the closing PUT', 'in a PATCH'])('takes chunks, the last one %s', async (last) => {
      const bytes = newBytes(3000);
      const digest = digestOf(bytes, algorithm);
      let location = await openUpload(registry, newRepository());
      const patches = last === 'in a PATCH' ? [0, 1000, 2000] : [0, 1000];
      for (const start of patches) {
        const answer = await patchChunk(registry, location, bytes.slice(start, start + 1000), start);
        expect([answer.status, answer.headers.get('range')]).toEqual([202, `0-${start + 999}`]);
        location = locationOf(answer);
      }
      const rest = bytes.slice(patches.length * 1000);
      const range = { 'content-range': '2000-2999' };
      const closed =
        rest.length === 0
          ? await closeUpload(registry, location, digest)
          : await closeUpload(registry, location, digest, rest, range);
      await expectStored(closed, bytes, digest);
    });

    test('takes a stream of unknown length in one PATCH', async () => {
      const bytes = newBytes(100_000);
      const digest = digestOf(bytes, algorithm);
      const location = await openUpload(registry, newRepository());
      const body = new Blob([bytes]).stream();
      const patched = await send(registry, 'PATCH', location, { headers: { 'content-type': OCTETS }, body });
      expect(patched.status).toBe(202);
      await expectStored(await closeUpload(registry, locationOf(patched), digest), bytes, digest);
    });

    test.each(['PUT', 'POST', 'PATCH'])('refuses bytes that came by %s and have another digest', async (method) => {
      const repository = newRepository();
      const bytes = newBytes();
      const digest = digestOf(newBytes(), algorithm);
      const push: Record<string, () => Promise<Answer>> = {
        PUT: async () => closeUpload(registry, await openUpload(registry, repository), digest, bytes),
        POST: () => send(registry, 'POST', `/v2/${repository}/blobs/uploads/?digest=${digest}`, { body: bytes }),
        PATCH: async () => {
          const patched = await patchChunk(registry, await openUpload(registry, repository), bytes, 0);
          return closeUpload(registry, locationOf(patched), digest);
        },
      };
      const answer = await push[method]!();
      expect([answer.status, answer.codes]).toEqual([400, ['DIGEST_INVALID']]);
      await expectAbsent(repository, digest);
      await expectAbsent(repository, digestOf(bytes, algorithm));
      expect(registry.openUploads()).toBe(0);
    });
  });

  test.each(['PATCH', 'PUT'])(
    'refuses a chunk out of order by %s, tells where it stands, and takes the right one then',
    async (method) => {
      const repository = newRepository();
      const bytes = newBytes(2000);
      const digest = digestOf(bytes);
      const first = await patchChunk(registry, await openUpload(registry, repository), bytes.slice(0, 1000), 0);
      for (const start of [0, 999, 1001]) {
        const chunk = bytes.slice(0, 10);
        const headers = { 'content-range': `${start}-${start + 9}` };
        const wrong =
          method === 'PATCH'
            ? await patchChunk(registry, locationOf(first), chunk, start)
            : await closeUpload(registry, locationOf(first), digest, chunk, headers);
        expect([wrong.status, wrong.headers.get('range')]).toEqual([416, '0-999']);
      }
      const status = await send(registry, 'GET', locationOf(first));
      expect([status.status, status.headers.get('range')]).toEqual([204, '0-999']);
      const second = await patchChunk(registry, locationOf(status), bytes.slice(1000), 1000);
      expect((await closeUpload(registry, locationOf(second), digest)).status).toBe(201);
    },
  );

  test('refuses a chunk whose Content-Range is malformed or contradicts its length', async () => {
    const location = await openUpload(registry, newRepository());
    for (const range of ['bytes 0-9/10', '0-', '9-0', '0-4']) {
      const headers = { 'content-range': range };
      const answer = await send(registry, 'PATCH', location, { headers, body: newBytes(10) });
      expect(answer.status).toBe(400);
    }
    expect((await send(registry, 'GET', location)).headers.get('range')).toBe('0-0');
  });

  test('tells the state of an upload that holds nothing yet', async () => {
    const location = await openUpload(registry, newRepository());
    const answer = await send(registry, 'GET', location);
    expect([answer.status, answer.headers.get('range')]).toEqual([204, '0-0']);
    expect(locationOf(answer)).toBe(location);
  });

  test('forgets a cancelled upload', async () => {
    const location = await openUpload(registry, newRepository());
    expect((await send(registry, 'DELETE', location)).status).toBe(204);
    for (const method of ['GET', 'PATCH', 'DELETE']) {
      const answer = await send(registry, method, location);
      expect([answer.status, answer.codes]).toEqual([404, method === 'HEAD' ? [] : ['BLOB_UPLOAD_UNKNOWN']]);
    }
  });

  test('ends an upload with its success: the same PUT again finds nothing', async () => {
    const bytes = newBytes();
    const location = await openUpload(registry, newRepository());
    expect((await closeUpload(registry, location, digestOf(bytes), bytes)).status).toBe(201);
    expect((await closeUpload(registry, location, digestOf(bytes), bytes)).codes).toEqual(['BLOB_UPLOAD_UNKNOWN']);
  });

  test('keeps an upload to its repository', async () => {
    const [mine, other] = [newRepository(), newRepository()];
    const location = await openUpload(registry, mine);
    expect((await send(registry, 'GET', location.replace(mine, other))).status).toBe(404);
  });

  test('refuses to close an upload without a valid digest, or to open one for an unknown algorithm', async () => {
    const repository = newRepository();
    const location = await openUpload(registry, repository);
    expect((await send(registry, 'PUT', location, { body: newBytes() })).codes).toEqual(['DIGEST_INVALID']);
    expect((await closeUpload(registry, location, 'sha256:baddigeststring')).codes).toEqual(['DIGEST_INVALID']);
    const opened = await send(registry, 'POST', `/v2/${repository}/blobs/uploads/?digest-algorithm=md5`);
    expect([opened.status, opened.codes]).toEqual([400, ['DIGEST_INVALID']]);
  });

  test('takes the same blob twice', async () => {
    expect.hasAssertions();
    const repository = newRepository();
    const bytes = newBytes();
    for (const _ of [1, 2]) {
      const closed = await closeUpload(registry, await openUpload(registry, repository), digestOf(bytes), bytes);
      await expectStored(closed, bytes, digestOf(bytes));
    }
  });
});

describe('minimum chunk length', () => {
  test('is announced with every reply and refuses a second chunk after a short one', async () => {
    await using registry = await startOn('memory', { upload: { minChunkBytes: 100 } });
    const opened = await send(registry, 'POST', `/v2/${newRepository()}/blobs/uploads/`);
    expect(opened.headers.get('oci-chunk-min-length')).toBe('100');
    const short = await patchChunk(registry, locationOf(opened), newBytes(50), 0);
    expect([short.status, short.headers.get('oci-chunk-min-length')]).toEqual([202, '100']);
    const next = await patchChunk(registry, locationOf(short), newBytes(100), 50);
    expect([next.status, next.codes]).toEqual([400, ['SIZE_INVALID']]);
  });

  test('exempts the last chunk', async () => {
    await using registry = await startOn('memory', { upload: { minChunkBytes: 100 } });
    const bytes = newBytes(150);
    const first = await patchChunk(registry, await openUpload(registry, newRepository()), bytes.slice(0, 100), 0);
    const last = await patchChunk(registry, locationOf(first), bytes.slice(100), 100);
    expect((await closeUpload(registry, locationOf(last), digestOf(bytes))).status).toBe(201);
  });
});
