// Reading a blob that breaks off: what is asked for again, and which answers to that are believed.
import { afterEach, expect, test } from 'vitest';
import { hasBlob, readBlob } from '../../../shared/oci/blobs.ts';
import { startBareServer, type BareServer } from '../../support/bare-server.ts';
import { namedClient, type NamedClient } from '../../support/named-client.ts';

const CONTENT = Buffer.from('0123456789');
const BLOB = { mediaType: 'application/octet-stream', digest: `sha256:${'a'.repeat(64)}`, size: CONTENT.byteLength };

const open: (NamedClient | BareServer)[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await ('client' in one ? one.client.close() : one[Symbol.asyncDispose]());
});

/** What the server answers, request by request; the last one again and again. `cut` breaks off after the body. */
type Step = { status?: number; headers?: Record<string, string>; body?: Uint8Array; cut?: boolean };

async function bed(...steps: Step[]) {
  let count = 0;
  const server = await startBareServer((_request, response) => {
    const { status = 200, headers = {}, body = CONTENT, cut = false } = steps[Math.min(count, steps.length - 1)] ?? {};
    count += 1;
    response.writeHead(status, { 'content-length': cut ? body.byteLength + 5 : body.byteLength, ...headers });
    return cut ? response.write(body, () => response.destroy()) : response.end(body);
  });
  const named = namedClient(`registry.example:${server.host.split(':')[1]}`);
  open.push(named, server);
  const read = async () => Buffer.concat(await Array.fromAsync(readBlob(named.repository, BLOB))).toString();
  return { read, named, ranges: () => server.requests.map(({ headers }) => headers.range) };
}

const FIRST = { body: CONTENT.subarray(0, 4), cut: true, headers: { 'content-length': '10' } };
const partial = (range: string, body: Uint8Array): Step => ({ status: 206, headers: { 'content-range': range }, body });

test('a whole blob takes one request without a range', async () => {
  const { read, ranges } = await bed({});
  expect(await read()).toBe('0123456789');
  expect(ranges()).toEqual([undefined]);
});

test('206 with the matching Content-Range goes on where the first answer broke off', async () => {
  const { read, ranges } = await bed(FIRST, partial('bytes 4-9/10', CONTENT.subarray(4)));
  expect(await read()).toBe('0123456789');
  expect(ranges()).toEqual([undefined, 'bytes=4-']);
});

test('200 starts again: what was delivered already is dropped', async () => {
  const { read } = await bed(FIRST, {});
  expect(await read()).toBe('0123456789');
});

test('206 that begins earlier than asked is cut to what is missing', async () => {
  const { read } = await bed(FIRST, partial('bytes 2-9/10', CONTENT.subarray(2)));
  expect(await read()).toBe('0123456789');
});

test('a connection that breaks again and again goes on as long as there is progress', async () => {
  const step = (from: number): Step => ({
    ...partial(`bytes ${from}-9/10`, CONTENT.subarray(from, from + 2)),
    cut: true,
  });
  const { read, ranges } = await bed(FIRST, step(4), step(6), partial('bytes 8-9/10', CONTENT.subarray(8)));
  expect(await read()).toBe('0123456789');
  expect(ranges()).toEqual([undefined, 'bytes=4-', 'bytes=6-', 'bytes=8-']);
});

test.each([
  ['begins behind what was asked for', 'bytes 6-9/10'],
  ['makes no sense', 'bytes x-y/z'],
  ['is missing', ''],
])('206 whose Content-Range %s is refused, with place and operation', async (_name, range) => {
  const headers: Record<string, string> = range === '' ? {} : { 'content-range': range };
  const { read } = await bed(FIRST, { status: 206, headers, body: CONTENT.subarray(6) });
  await expect(read()).rejects.toMatchObject({
    code: 'invalid-response',
    details: { repository: 'team/app', operation: `read blob ${BLOB.digest}` },
    message: expect.stringContaining('registry.example'),
  });
});

test('a connection that breaks after the last byte, before the end was said, has given the whole blob', async () => {
  const server = await startBareServer((request, response) => {
    if (request.headers.range !== undefined) return response.writeHead(416).end();
    response.writeHead(200, { 'transfer-encoding': 'chunked' });
    return response.write(CONTENT, () => setTimeout(() => response.destroy(), 50));
  });
  const named = namedClient(`registry.example:${server.host.split(':')[1]}`);
  open.push(named, server);
  const read = await Array.fromAsync(readBlob(named.repository, BLOB));
  expect(Buffer.concat(read).toString()).toBe('0123456789');
  expect(server.requests).toHaveLength(1);
});

test('a connection that breaks without a single byte is given up after a few', async () => {
  const { read, ranges } = await bed(FIRST, { ...partial('bytes 4-9/10', new Uint8Array()), cut: true });
  await expect(read()).rejects.toMatchObject({ code: 'connection-failed', details: { repository: 'team/app' } });
  expect(ranges().length).toBeLessThanOrEqual(6);
});

test.each([
  ['shorter', CONTENT.subarray(0, 9)],
  ['longer', Buffer.from('0123456789!')],
])('a blob that is %s than its descriptor says is a size mismatch', async (_name, body) => {
  const { read } = await bed({ body });
  await expect(read()).rejects.toMatchObject({ code: 'size-mismatch', details: { repository: 'team/app' } });
});

test.each([
  [200, '10', true],
  [200, '11', false],
  [404, '0', false],
])('a HEAD with %i and length %s means that the blob is there: %s', async (status, length, there) => {
  const { named } = await bed({ status, headers: { 'content-length': length }, body: new Uint8Array() });
  expect(await hasBlob(named.repository, BLOB)).toBe(there);
});
