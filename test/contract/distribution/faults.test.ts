// Faults on demand: each does to the client what a broken network or registry would do, and leaves the registry itself whole.
import { request as httpRequest } from 'node:http';
import { describe, expect, test } from 'vitest';
import type { FaultRule } from '../../../infra/demo/registry/faults.ts';
import type { RunningRegistry } from '../../../infra/demo/registry.ts';
import {
  closeUpload,
  digestOf,
  newBytes,
  openUpload,
  patchChunk,
  pushBlob,
  pushImage,
  putManifest,
  send,
  startOn,
  storages,
} from './client.ts';

type Received = { status: number; bytes: Buffer; complete: boolean };

/** Reads an answer as far as it comes, without the patience or the checks of fetch. */
function receive(registry: RunningRegistry, path: string, method = 'GET', body?: Uint8Array): Promise<Received> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    const request = httpRequest(new URL(path, registry.url), { method, agent: false }, (response) => {
      const done = () =>
        resolve({ status: response.statusCode ?? 0, bytes: Buffer.concat(chunks), complete: response.complete });
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', () => {});
      response.on('close', done);
    });
    request.on('error', () => resolve({ status: 0, bytes: Buffer.alloc(0), complete: false }));
    request.end(body);
  });
}

const blobGet = (action: FaultRule['action'], match: FaultRule['match'] = {}): FaultRule => ({
  match: { method: 'GET', path: /\/blobs\//, ...match },
  action,
});

describe.each(storages)('faults in downloads, content in %s', (storage) => {
  const bytes = newBytes(200_000);

  async function download(action: FaultRule['action'], method = 'GET') {
    await using registry = await startOn(storage);
    const digest = await registry.plantBlob('a', bytes);
    registry.faults.push({ match: { path: /\/blobs\// }, action });
    const path = `/v2/a/blobs/${digest}`;
    // Awaited here: the registry stops when this function ends.
    return method === 'GET' ? await receive(registry, path) : await send(registry, method, path);
  }

  test.each([0, 1, 1000, 199_999])('cut the connection after exactly %i bytes', async (cutAfterBytes) => {
    const got = await download({ cutAfterBytes });
    expect(got).toMatchObject({ status: cutAfterBytes === 0 ? 0 : 200 });
    expect(Buffer.compare(got.bytes, bytes.subarray(0, cutAfterBytes))).toBe(0);
    expect(got).not.toMatchObject({ complete: true });
  });

  test('flip one byte of the content', async () => {
    const got = await download({ corrupt: 'flip-byte' });
    expect(got.bytes).toHaveLength(bytes.length);
    expect(got.bytes.filter((byte, index) => byte !== bytes[index])).toHaveLength(1);
  });

  test('leave the second half out, with a length that agrees', async () => {
    const got = await download({ corrupt: 'truncate' });
    expect(got).toMatchObject({ complete: true });
    expect(Buffer.compare(got.bytes, bytes.subarray(0, 100_000))).toBe(0);
  });

  test('announce another size to HEAD', async () => {
    const got = await download({ corrupt: 'truncate' }, 'HEAD');
    expect('headers' in got && got.headers.get('content-length')).toBe('100000');
  });

  test('add bytes at the end', async () => {
    const got = await download({ corrupt: 'extra-bytes' });
    expect(got.bytes).toHaveLength(bytes.length + 16);
  });

  test('name a wrong digest in the header', async () => {
    const got = await download({ corrupt: 'wrong-header-digest' }, 'HEAD');
    expect('headers' in got && got.headers.get('docker-content-digest')).toBe(`sha256:${'0'.repeat(64)}`);
  });

  test('hold the body for a while and then go on', async () => {
    const startedAt = performance.now();
    const got = await download({ stallMs: 60, afterBytes: 10 });
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(55);
    expect(Buffer.compare(got.bytes, bytes)).toBe(0);
  });

  test('let the body through slowly', async () => {
    const startedAt = performance.now();
    const got = await download({ bytesPerSecond: 2_000_000 });
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(95);
    expect(Buffer.compare(got.bytes, bytes)).toBe(0);
  });

  test('leave the stored content as it was', async () => {
    await using registry = await startOn(storage);
    const digest = await registry.plantBlob('a', bytes);
    registry.faults.push(blobGet({ corrupt: 'flip-byte' }, { times: 1 }));
    await receive(registry, `/v2/a/blobs/${digest}`);
    expect(Buffer.compare((await receive(registry, `/v2/a/blobs/${digest}`)).bytes, bytes)).toBe(0);
  });
});

describe.each(storages)('faults in uploads, content in %s', (storage) => {
  const bytes = newBytes(200_000);

  test('a chunk cut short is kept up to the cut, and the upload goes on from there', async () => {
    await using registry = await startOn(storage);
    registry.faults.push({ match: { method: 'PATCH', times: 1 }, action: { cutAfterBytes: 70_000 } });
    const location = await openUpload(registry, 'a');
    expect(await receive(registry, location, 'PATCH', bytes)).toMatchObject({ status: 0 });
    const status = await send(registry, 'GET', location);
    expect([status.status, status.headers.get('range')]).toEqual([204, '0-69999']);
    await patchChunk(registry, location, bytes.slice(70_000), 70_000);
    expect((await closeUpload(registry, location, digestOf(bytes))).status).toBe(201);
  });

  test('a slow chunk is kept whole', async () => {
    await using registry = await startOn(storage);
    registry.faults.push({ match: { method: 'PATCH' }, action: { bytesPerSecond: 2_000_000 } });
    const location = await openUpload(registry, 'a');
    const startedAt = performance.now();
    await patchChunk(registry, location, bytes, 0);
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(60);
    expect((await closeUpload(registry, location, digestOf(bytes))).status).toBe(201);
  });

  test('a chunk cut short ends the upload where the registry drops it', async () => {
    await using registry = await startOn(storage, { upload: { onCut: 'drop' } });
    registry.faults.push({ match: { method: 'PATCH' }, action: { cutAfterBytes: 70_000 } });
    const location = await openUpload(registry, 'a');
    await receive(registry, location, 'PATCH', bytes);
    expect((await send(registry, 'GET', location)).codes).toEqual(['BLOB_UPLOAD_UNKNOWN']);
  });

  test('a lost reply leaves a Location that the registry no longer knows, where Locations carry a state', async () => {
    await using registry = await startOn(storage, { upload: { locationState: true } });
    registry.faults.push({ match: { method: 'PATCH' }, action: { cutAfterBytes: 0, of: 'response' } });
    const location = await openUpload(registry, 'a');
    expect(await receive(registry, location, 'PATCH', bytes)).toMatchObject({ status: 0 });
    expect((await send(registry, 'GET', location)).codes).toEqual(['BLOB_UPLOAD_INVALID']);
  });

  test('a PUT whose reply is lost has stored the blob', async () => {
    await using registry = await startOn(storage);
    registry.faults.push({ match: { method: 'PUT' }, action: { cutAfterBytes: 0, of: 'response' } });
    const location = await openUpload(registry, 'a');
    await receive(registry, `${location}?digest=${digestOf(bytes)}`, 'PUT', bytes);
    expect((await send(registry, 'HEAD', `/v2/a/blobs/${digestOf(bytes)}`)).status).toBe(200);
  });

  test('a PUT cut short stores nothing', async () => {
    await using registry = await startOn(storage);
    registry.faults.push({ match: { method: 'PUT' }, action: { cutAfterBytes: 199_999 } });
    const location = await openUpload(registry, 'a');
    await receive(registry, `${location}?digest=${digestOf(bytes)}`, 'PUT', bytes);
    expect((await send(registry, 'HEAD', `/v2/a/blobs/${digestOf(bytes)}`)).status).toBe(404);
  });

  test('a manifest cut short leaves the tag where it was', async () => {
    await using registry = await startOn(storage);
    const before = await pushImage(registry, 'a', 'v1');
    registry.faults.push({ match: { path: /manifests/, method: 'PUT' }, action: { cutAfterBytes: 10 } });
    await expect(putManifest(registry, 'a', 'v1', before.slice())).rejects.toThrow('fetch failed');
    expect((await send(registry, 'GET', '/v2/a/manifests/v1')).bytes).toEqual(before);
  });

  test('a single POST cut short leaves no upload behind', async () => {
    await using registry = await startOn(storage);
    registry.faults.push({ match: { method: 'POST' }, action: { cutAfterBytes: 1000 } });
    await receive(registry, `/v2/a/blobs/uploads/?digest=${digestOf(bytes)}`, 'POST', bytes);
    await expect.poll(() => registry.openUploads()).toBe(0);
  });
});

describe('rules', () => {
  test('answer with a status, headers and a body of their own, before anything is done', async () => {
    await using registry = await startOn('memory', {
      faults: [{ match: { method: 'PUT' }, action: { status: 429, headers: { 'retry-after': '3' }, body: '{}' } }],
    });
    const location = await openUpload(registry, 'a');
    const answer = await closeUpload(registry, location, digestOf(newBytes()), newBytes(300_000));
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([429, '3']);
    expect((await send(registry, 'GET', location)).headers.get('range')).toBe('0-0');
  });

  test.each([
    [{}, [500, 500, 500, 500]],
    [{ times: 2 }, [500, 500, 200, 200]],
    [{ nth: 2 }, [200, 500, 200, 200]],
    [{ nth: 2, times: 2 }, [200, 500, 500, 200]],
  ])('with %o hit the requests %o', async (match, statuses) => {
    await using registry = await startOn('memory');
    registry.faults.push({ match: { path: /^\/v2\/$/g, ...match }, action: { status: 500 } });
    for (const status of statuses) expect((await send(registry, 'GET', '/v2/')).status).toBe(status);
    registry.faults.length = 0;
    expect((await send(registry, 'GET', '/v2/')).status).toBe(200);
  });

  test('redirect, also round in a circle or to another host with the same path', async () => {
    await using registry = await startOn('memory');
    const digest = await pushBlob(registry, 'a', newBytes());
    registry.faults.push(blobGet({ redirectTo: '{path}' }));
    const path = `/v2/a/blobs/${digest}?x=$1`;
    const answer = await send(registry, 'GET', path);
    expect([answer.status, answer.headers.get('location')]).toEqual([307, path]);
  });

  test('delay a request', async () => {
    await using registry = await startOn('memory', { faults: [{ match: {}, action: { delayMs: 60 } }] });
    const startedAt = performance.now();
    expect((await send(registry, 'GET', '/v2/')).status).toBe(200);
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(55);
  });

  test('do not hold up a registry that stops', async () => {
    const registry = await startOn('memory', { faults: [{ match: {}, action: { stallMs: 60_000 } }] });
    const hanging = receive(registry, '/v2/');
    await expect.poll(() => registry.requests.length).toBe(1);
    await registry.stop();
    expect(await hanging).toMatchObject({ complete: false });
  });
});
