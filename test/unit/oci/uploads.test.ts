// Uploads: Locations of every kind, mounts that are refused, chunks and lost answers to them.
import { createHash } from 'node:crypto';
import { afterEach, describe, expect, test } from 'vitest';
import { startRegistry, type RunningRegistry } from '../../../infra/demo/registry.ts';
import type { RegistryOptions } from '../../../infra/demo/registry/options.ts';
import { uploadBlob } from '../../../shared/oci/upload-blob.ts';
import { cancelUpload, startUpload, type UploadSession } from '../../../shared/oci/uploads.ts';
import { defineTraits } from '../../../shared/registries/define-traits.ts';
import { startBareServer } from '../../support/bare-server.ts';
import { namedClient, type NamedClient } from '../../support/named-client.ts';

const CONTENT = Buffer.from(Array.from({ length: 1000 }, (_, index) => index % 251));
const DIGEST = `sha256:${createHash('sha256').update(CONTENT).digest('hex')}`;
const BLOB = { mediaType: 'application/octet-stream', digest: DIGEST, size: CONTENT.byteLength };
const CHUNKED = defineTraits({ upload: { strategy: 'chunked', monolithicUpToBytes: 0, chunkBytes: 300 } });

const open: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).toReversed()) await close();
});

function client(port: string | undefined, options: Parameters<typeof namedClient>[1] = {}): NamedClient {
  const named = namedClient(`registry.example:${port}`, options);
  open.push(() => named.client.close());
  return named;
}

async function bed(options: RegistryOptions = {}): Promise<{ registry: RunningRegistry; named: NamedClient }> {
  const registry = await startRegistry({ recordHeaders: true, ...options });
  open.push(() => registry.stop());
  return { registry, named: client(registry.host.split(':')[1], { traits: CHUNKED }) };
}

async function opened(named: NamedClient, from?: string): Promise<UploadSession> {
  const started = await startUpload(named.repository, DIGEST, from);
  if (started.state !== 'open') throw new Error('mounted');
  return started.session;
}

/** In pieces that fit no chunk. */
async function* content(): AsyncGenerator<Uint8Array> {
  for (let offset = 0; offset < CONTENT.byteLength; offset += 70) yield CONTENT.subarray(offset, offset + 70);
}

describe('an upload in chunks', () => {
  const upload = async (named: NamedClient) => uploadBlob(named.repository, await opened(named), BLOB, content());
  const stored = async (registry: RunningRegistry) => {
    expect(Buffer.from((await registry.bytesOf(DIGEST)) ?? []).equals(CONTENT)).toBe(true);
    expect(registry.openUploads()).toBe(0);
  };

  test('sends them in order, and closes with an empty body', async () => {
    const { registry, named } = await bed({ upload: { locationState: true } });
    await upload(named);
    await stored(registry);
    const sent = registry.exchanges.filter(({ method }) => method === 'PATCH' || method === 'PUT');
    expect(sent.map(({ headers, bytesIn }) => [headers['content-range'], bytesIn])).toEqual([
      ['0-299', 300],
      ['300-599', 300],
      ['600-899', 300],
      ['900-999', 100],
      [undefined, 0],
    ]);
  });

  test('makes them as large as OCI-Chunk-Min-Length asks', async () => {
    const { registry, named } = await bed({ upload: { minChunkBytes: 450 } });
    await upload(named);
    await stored(registry);
    const sizes = registry.exchanges.filter(({ method }) => method === 'PATCH').map(({ bytesIn }) => bytesIn);
    expect(sizes).toEqual([450, 450, 100]);
  });

  test('a registry that asks for larger chunks than memory should hold is refused before a byte is read', async () => {
    const { registry, named } = await bed({ upload: { minChunkBytes: 64 * 1024 * 1024 + 1 } });
    const session = await opened(named);
    let read = 0;
    const endless = (async function* () {
      for (; read < 200; read += 1) yield Buffer.alloc(1024 * 1024);
    })();
    const huge = { ...BLOB, size: 200 * 1024 * 1024 };
    await expect(uploadBlob(named.repository, session, huge, endless)).rejects.toMatchObject({
      code: 'unsupported',
      message: expect.stringContaining('OCI-Chunk-Min-Length'),
      details: { repository: 'team/app' },
    });
    expect(read).toBe(0);
    expect(registry.requests.some(({ method }) => method === 'PATCH')).toBe(false);
  });

  test.each([
    ['was stored: goes on, and sends nothing twice', { cutAfterBytes: 0, of: 'response' }, 4],
    ['never arrived: sends it again', { cutAfterBytes: 0 }, 5],
  ] as const)('a chunk whose answer is lost and that %s', async (_name, action, patches) => {
    const { registry, named } = await bed();
    registry.faults.push({ match: { method: 'PATCH', nth: 2 }, action });
    await upload(named);
    await stored(registry);
    expect(registry.requests.filter(({ method }) => method === 'PATCH')).toHaveLength(patches);
    expect(registry.requests.filter(({ method }) => method === 'GET')).toHaveLength(1);
  });

  test('a chunk of which a part arrived ends the upload: nobody knows what the registry keeps', async () => {
    const { registry, named } = await bed({ upload: { onCut: 'keep' } });
    registry.faults.push({ match: { method: 'PATCH', nth: 2 }, action: { cutAfterBytes: 100 } });
    await expect(upload(named)).rejects.toMatchObject({ code: 'connection-failed' });
    expect(await registry.bytesOf(DIGEST)).toBeUndefined();
  });

  test('a session that is gone is lost, which is worth a new one', async () => {
    const { registry, named } = await bed();
    registry.faults.push({ match: { method: 'PATCH', nth: 2 }, action: { status: 404 } });
    await expect(upload(named)).rejects.toMatchObject({ code: 'upload-lost' });
  });

  test('content that ends short is never closed', async () => {
    const { registry, named } = await bed();
    const session = await opened(named);
    const failing = (async function* () {
      yield CONTENT.subarray(0, 400);
      throw new Error('the source broke');
    })();
    await expect(uploadBlob(named.repository, session, BLOB, failing)).rejects.toThrow('the source broke');
    expect(registry.requests.some(({ method }) => method === 'PUT')).toBe(false);
  });
});

describe('a mount', () => {
  test('of a blob that is there takes one request', async () => {
    const { registry, named } = await bed();
    await registry.plantBlob('base/app', CONTENT);
    expect(await startUpload(named.repository, DIGEST, 'base/app')).toEqual({ state: 'mounted' });
    expect(registry.requests).toHaveLength(1);
    expect(registry.requests[0]?.path).toBe(
      `/v2/team/app/blobs/uploads/?mount=${encodeURIComponent(DIGEST)}&from=base%2Fapp`,
    );
  });

  test('of a blob that is not there gives the session to upload into', async () => {
    const { registry, named } = await bed();
    await uploadBlob(named.repository, await opened(named, 'base/app'), BLOB, content());
    expect(registry.requests.filter(({ method }) => method === 'POST')).toHaveLength(1);
  });

  test.each([401, 403, 404, 405, 400])('that is answered %i becomes a plain upload', async (status) => {
    const { registry, named } = await bed();
    registry.faults.push({ match: { method: 'POST', path: /mount=/ }, action: { status } });
    await uploadBlob(named.repository, await opened(named, 'base/app'), BLOB, content());
    expect(await registry.bytesOf(DIGEST)).toBeDefined();
    expect(registry.requests.filter(({ method }) => method === 'POST')).toHaveLength(2);
  });

  test('that is answered 503 for good is an error, not an upload', async () => {
    const { registry, named } = await bed();
    registry.faults.push({ match: { method: 'POST', path: /mount=/ }, action: { status: 503 } });
    await expect(opened(named, 'base/app')).rejects.toMatchObject({ code: 'registry-unavailable' });
  });
});

describe('a Location', () => {
  test.each([
    ['absolute', (own: string) => `${own}/up/1`, '/up/1?digest=<digest>'],
    ['with a path', () => '/up/1', '/up/1?digest=<digest>'],
    ['relative to the URL that answered', () => '1', '/v2/team/app/blobs/uploads/1?digest=<digest>'],
    ['with a query only', () => '?id=1', '/v2/team/app/blobs/uploads/?id=1&digest=<digest>'],
    ['with signed state', () => '/up/1?_state=a~b%20c%2Bd+e=&x', '/up/1?_state=a~b%20c%2Bd+e=&x&digest=<digest>'],
  ])('%s is used as it is', async (_name, location, expected) => {
    const server = await startBareServer((request, response) => {
      request.resume();
      if (request.method !== 'POST') return response.writeHead(201).end();
      return response
        .writeHead(202, { location: location(`http://registry.example:${request.socket.localPort}`) })
        .end();
    });
    open.push(() => server[Symbol.asyncDispose]());
    const named = client(server.host.split(':')[1]);
    await uploadBlob(named.repository, await opened(named), BLOB, content());
    expect(server.requests.at(-1)).toMatchObject({
      method: 'PUT',
      path: expected.replace('<digest>', encodeURIComponent(DIGEST)),
      headers: { 'content-length': String(CONTENT.byteLength), 'content-type': 'application/octet-stream' },
    });
  });

  test.each([undefined, 'http://[broken'])('%s is an invalid response that says where', async (location) => {
    const server = await startBareServer((_request, response) =>
      response.writeHead(202, location === undefined ? {} : { location }).end(),
    );
    open.push(() => server[Symbol.asyncDispose]());
    await expect(opened(client(server.host.split(':')[1]))).rejects.toMatchObject({
      code: 'invalid-response',
      details: { repository: 'team/app', operation: 'start upload' },
    });
  });
});

test('a cancelled session is gone; a cancel that fails is silent', async () => {
  const { registry, named } = await bed();
  const session = await opened(named);
  await cancelUpload(named.repository, session);
  expect(registry.openUploads()).toBe(0);
  await cancelUpload(named.repository, session);
  registry.faults.push({ match: { method: 'DELETE' }, action: { status: 500 } });
  await expect(cancelUpload(named.repository, session)).resolves.toBeUndefined();
  expect(registry.requests.filter(({ method }) => method === 'DELETE')).toHaveLength(3);
});
