// Around the protocol: restarts, TLS, path prefixes, planted content, the request log.
import { appendFile, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { request as httpsRequest, type RequestOptions } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startRegistry } from '../../../infra/demo/registry.ts';
import { createAuthority } from '../../support/certificates.ts';
import {
  descriptor,
  digestOf,
  encode,
  IMAGE,
  locationOf,
  newBytes,
  openUpload,
  pushBlob,
  pushImage,
  putManifest,
  send,
  startOn,
} from './client.ts';

describe('a registry with a folder', () => {
  let dataDir: string;
  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'registry-'));
  });
  afterAll(() => rm(dataDir, { recursive: true, force: true }));

  test('has everything again after a restart, except open uploads', async () => {
    const first = await startRegistry({ dataDir });
    const image = await pushImage(first, 'a/b', 'v1', { subject: descriptor(newBytes(), IMAGE) });
    await pushImage(first, 'a/b', 'v2');
    await send(first, 'DELETE', '/v2/a/b/manifests/v2');
    const location = await openUpload(first, 'a/b');
    await first.stop();
    await using second = await startRegistry({ dataDir, port: Number(first.host.split(':')[1]) });
    expect(second.host).toBe(first.host);
    expect((await send(second, 'GET', '/v2/a/b/manifests/v1')).bytes).toEqual(image);
    expect((await send(second, 'GET', '/v2/a/b/tags/list')).json().tags).toEqual(['v1']);
    const { subject } = JSON.parse(new TextDecoder().decode(image));
    expect((await send(second, 'GET', `/v2/a/b/referrers/${subject.digest}`)).json().manifests).toHaveLength(1);
    expect((await send(second, 'GET', location)).codes).toEqual(['BLOB_UPLOAD_UNKNOWN']);
    expect(await readdir(join(dataDir, 'drafts'))).toEqual([]);
  });

  test('starts from a journal whose last line was cut short, without the change it would have been', async () => {
    const journal = join(dataDir, 'journal.jsonl');
    const before = await readFile(journal, 'utf8');
    await appendFile(journal, '{"type":"tag-removed","repository":"a/b","tag":"v1');
    await using registry = await startRegistry({ dataDir });
    expect((await send(registry, 'GET', '/v2/a/b/tags/list')).json().tags).toEqual(['v1']);
    await send(registry, 'DELETE', '/v2/a/b/manifests/v1');
    expect(await readFile(journal, 'utf8')).toBe(`${before}{"type":"tag-removed","repository":"a/b","tag":"v1"}\n`);
  });
});

describe('TLS', () => {
  const folder = mkdtemp(join(tmpdir(), 'registry-tls-'));
  afterAll(async () => rm(await folder, { recursive: true, force: true }));

  function statusOf(url: string, options: RequestOptions): Promise<number | string> {
    return new Promise((resolve) => {
      const request = httpsRequest(`${url}/v2/`, { ...options, agent: false }, (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      });
      request.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'error'));
      request.end();
    });
  }

  test('serves its certificate, and asks for one of the client where it must', async () => {
    const authority = createAuthority(await folder);
    const { ca } = authority;
    const { certificateFile, keyFile } = authority.issue('registry');
    const [certificate, key] = [await readFile(certificateFile, 'utf8'), await readFile(keyFile, 'utf8')];
    await using open = await startRegistry({ tls: { certificate, key } });
    expect(open.url).toMatch(/^https:/);
    expect(await statusOf(open.url, { ca })).toBe(200);
    expect(await statusOf(open.url, {})).toBe('UNABLE_TO_VERIFY_LEAF_SIGNATURE');
    await using mutual = await startRegistry({ tls: { certificate, key, clientCa: ca } });
    expect(await statusOf(mutual.url, { ca, cert: certificate, key })).toBe(200);
    expect(await statusOf(mutual.url, { ca })).not.toBe(200);
  });
});

test('a registry below a path prefix keeps it in Locations, links and the realm', async () => {
  await using registry = await startOn('memory', { pathPrefix: '/oci/x', auth: { kind: 'token', users: { a: 'b' } } });
  const { origin } = new URL(registry.url);
  expect(registry.url).toBe(`${origin}/oci/x`);
  expect((await send(registry, 'GET', '/v2/')).status).toBe(404);
  const challenged = await send(registry, 'GET', '/oci/x/v2/');
  expect(challenged.headers.get('www-authenticate')).toContain(`realm="${registry.url}/token"`);
  const headers = { authorization: `Basic ${btoa('a:b')}` };
  const token = await send(registry, 'GET', '/oci/x/token?service=s&scope=repository:r:pull,push', { headers });
  const bearer = { authorization: `Bearer ${token.json().token}` };
  const opened = await send(registry, 'POST', '/oci/x/v2/r/blobs/uploads/', { headers: bearer });
  expect(locationOf(opened)).toMatch(/^\/oci\/x\/v2\/r\/blobs\/uploads\//);
  expect((await send(registry, 'GET', locationOf(opened), { headers: bearer })).status).toBe(204);
});

test('absolute Locations name the host that the client used', async () => {
  await using registry = await startOn('memory', { absoluteLocations: true });
  const location = await openUpload(registry, 'a');
  expect(location).toMatch(new RegExp(`^${registry.url}/v2/a/blobs/uploads/`));
  expect((await send(registry, 'GET', location)).status).toBe(204);
});

test('a Location with a state is answered only when it comes back byte for byte', async () => {
  await using registry = await startOn('memory', { upload: { locationState: true } });
  const location = await openUpload(registry, 'a');
  const rebuilt = new URL(location, registry.url);
  rebuilt.search = rebuilt.searchParams.toString();
  expect((await send(registry, 'GET', rebuilt.href)).codes).toEqual(['BLOB_UPLOAD_INVALID']);
  expect((await send(registry, 'GET', location)).status).toBe(204);
});

test('planted content may lie: other bytes under a digest, a manifest that contains itself', async () => {
  await using registry = await startOn('memory');
  const digest = digestOf(newBytes());
  await registry.plantBlob('a', encode('other'), digest);
  expect((await send(registry, 'GET', `/v2/a/blobs/${digest}`)).bytes).toEqual(encode('other'));
  const self = encode({ mediaType: 'application/vnd.oci.image.index.v1+json', manifests: [{ digest }] });
  await registry.plantManifest('a', self, { mediaType: 'text/plain', tags: ['v1'], digest });
  const answer = await send(registry, 'GET', '/v2/a/manifests/v1');
  expect([answer.headers.get('content-type'), answer.headers.get('docker-content-digest')]).toEqual([
    'text/plain',
    digest,
  ]);
});

test('the log has every request in order, and headers and byte counts where that was asked for', async () => {
  await using registry = await startOn('memory', { recordHeaders: true });
  const bytes = newBytes(1000);
  const digest = await pushBlob(registry, 'a', bytes);
  await send(registry, 'GET', `/v2/a/blobs/${digest}?x=1`, { headers: { authorization: 'canary' } });
  expect(registry.requests.map(({ method, status }) => `${method} ${status}`)).toEqual([
    'POST 202',
    'PUT 201',
    'GET 200',
  ]);
  expect(registry.requests.at(-1)?.path).toBe(`/v2/a/blobs/${digest}?x=1`);
  const [, put, get] = registry.exchanges;
  expect([put?.bytesIn, put?.bytesOut, get?.bytesIn, get?.bytesOut]).toEqual([1000, 0, 0, 1000]);
  expect(get?.headers.authorization).toBe('canary');
  await using quiet = await startOn('memory');
  await putManifest(quiet, 'a', 'v1', encode({ mediaType: IMAGE }));
  expect([quiet.requests.length, quiet.exchanges.length]).toEqual([1, 0]);
});
