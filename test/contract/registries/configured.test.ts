// What a configuration says about a registry holds on the wire: names, scheme, path, certificates, proxy, limits.
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { startRegistry, type RunningRegistry } from '../../../infra/demo/registry.ts';
import type { RegistryOptions } from '../../../infra/demo/registry/options.ts';
import { copyArtifact } from '../../../shared/mirror/copy.ts';
import { listTags } from '../../../shared/oci/tags.ts';
import { parseReference } from '../../../shared/oci/reference.ts';
import type { Registries } from '../../../shared/registries/registries.ts';
import { createAuthority, type Authority } from '../../support/certificates.ts';
import { contentAt, plantSimpleImage } from '../../support/planted-content.ts';
import { registriesOf } from '../../support/registries-of.ts';

const open: (() => Promise<void>)[] = [];
let folder: string;
let authority: Authority;

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'transship-registries-'));
  authority = createAuthority(folder);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));
afterEach(async () => {
  for (const close of open.splice(0).toReversed()) await close();
});

async function registry(options: RegistryOptions = {}): Promise<RunningRegistry> {
  const started = await startRegistry(options);
  open.push(() => started.stop());
  await plantSimpleImage({ registry: started, repository: 'app' }, { tag: 'v1', layers: ['a', 'b'] });
  started.requests.length = 0;
  return started;
}

function registries(...options: Parameters<typeof registriesOf>): Registries {
  const opened = registriesOf(...options);
  open.push(() => opened.close());
  return opened;
}

async function tagsAt(opened: Registries, host: string): Promise<string[]> {
  const tags: string[] = [];
  for await (const page of listTags({ registry: opened.client(host), name: 'app' })) tags.push(...page);
  return tags;
}

describe('names', () => {
  test('every name leads to the same client, whose requests go to the host of the entry', async () => {
    const started = await registry();
    const opened = registries(`
"${started.host}": { aliases: [registry.acme.io, old.acme.io:5000] }`);
    expect(await tagsAt(opened, 'old.acme.io:5000')).toEqual(['v1']);
    expect(opened.client('registry.acme.io')).toBe(opened.client(started.host));
    expect(opened.client('registry.acme.io').host).toBe(started.host);
    expect(opened.client('registry.acme.io:5000')).not.toBe(opened.client(started.host));
  });

  test('a copy between two names of a registry mounts, and moves nothing', async () => {
    const started = await registry();
    const opened = registries(`"${started.host}": { aliases: [registry.acme.io] }`);
    const report = await copyArtifact(
      {
        source: parseReference('registry.acme.io/app:v1'),
        targets: [parseReference(`${started.host}/team/app:v1`)],
        referrers: false,
        onConflict: 'overwrite',
        foreignLayers: false,
        dryRun: false,
      },
      { registries: opened },
    );
    expect(report.targets[0]).toMatchObject({ state: 'copied', bytesMoved: 0, blobs: { mounted: 3, copied: 0 } });
    expect(started.requests.filter(({ method, path: to }) => method === 'GET' && to.includes('/blobs/'))).toEqual([]);
  });

  test('the vendor follows from the kind of the entry, under each of its names', () => {
    const opened = registries(`
harbor.acme.io: { kind: harbor, aliases: [mirror.acme.io] }
plain.acme.io: {}`);
    const kinds = ['harbor.acme.io', 'mirror.acme.io', 'plain.acme.io', 'ghcr.io'].map((host) => opened.vendor(host));
    expect(kinds.map(({ kind }) => kind)).toEqual(['harbor', 'harbor', 'distribution', 'ghcr']);
    expect(opened.client('mirror.acme.io').traits.upload.strategy).toBe('chunked');
  });
});

describe('the way there', () => {
  test('a registry below a path', async () => {
    const started = await registry({ pathPrefix: '/artifactory/docker' });
    const opened = registries(`"${started.host}": { pathPrefix: /artifactory/docker }`);
    expect(await tagsAt(opened, started.host)).toEqual(['v1']);
    await expect(tagsAt(registries(`"${started.host}": {}`), started.host)).resolves.toEqual([]);
  });

  test('plain HTTP where the entry, or a global option for any of its names, says so', async () => {
    const started = await registry();
    // no address of loopback by its looks, so that nothing is tried out
    const host = started.host.replace('127.0.0.1', '0.0.0.0');
    expect(await tagsAt(registries(`"${host}": { plainHttp: true }`), host)).toEqual(['v1']);
    const entry = `"${host}": { plainHttp: false, aliases: [registry.acme.io] }`;
    expect(await tagsAt(registries(entry, { plainHttpHosts: ['registry.acme.io'] }), host)).toEqual(['v1']);
    await expect(tagsAt(registries(entry), host)).rejects.toMatchObject({ code: 'tls-failed' });
  });

  test('its own certificate authority and client certificate, read by reference', async () => {
    const server = authority.issue('server');
    authority.issue('client');
    const tls = {
      certificate: readFileSync(server.certificateFile, 'utf8'),
      key: readFileSync(server.keyFile, 'utf8'),
      clientCa: authority.ca,
    };
    const started = await registry({ tls });
    const entry = (fields: string) => `"${started.host}": { ${fields} }`;
    const identity = 'clientCertificate: { certificate: { file: client.pem }, key: { env: CLIENT_KEY } }';
    const env = { CLIENT_KEY: readFileSync(path.join(folder, 'client.key'), 'utf8') };
    const complete = registries(entry(`ca: { file: ca.pem }, ${identity}`), { env, homeDir: folder });
    expect(await tagsAt(complete, started.host)).toEqual(['v1']);
    await expect(tagsAt(registries(entry(identity), { env, homeDir: folder }), started.host)).rejects.toMatchObject({
      code: 'tls-failed',
    });
    await expect(tagsAt(registries(entry('ca: { file: ca.pem }'), { homeDir: folder }), started.host)).rejects.toThrow(
      'list tags failed',
    );
  });

  test.each([
    ['ca: { file: missing.pem }', /missing\.pem can't be read/],
    ['ca: { file: ca.key }', /the ca of 127\.0\.0\.1:1: it holds a private key/],
    ['proxy: { env: PROXY }', /the proxy of 127\.0\.0\.1:1 is not the URL of a proxy/],
  ])('what cannot be used is told with the registry: %s', async (fields, message) => {
    const env = { PROXY: 'http://user:pa55word@:bad' };
    const opened = registries(`"127.0.0.1:1": { ${fields} }`, { env, homeDir: folder });
    const failure = await tagsAt(opened, '127.0.0.1:1').catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'invalid-config', message: expect.stringMatching(message) });
    expect(JSON.stringify(failure) + String(failure)).not.toContain('pa55word');
  });

  test('its own proxy, also to a host on loopback, whatever the environment says', async () => {
    const asked: string[] = [];
    const proxy = http.createServer((request, response) => {
      asked.push(`${request.url} ${request.headers['proxy-authorization']}`);
      response.end('{"tags":["by-proxy"]}');
    });
    proxy.listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    const address = proxy.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    open.push(async () => {
      proxy.close();
      await once(proxy, 'close');
    });
    const env = { PROXY: `http://user:pa55word@127.0.0.1:${port}`, NO_PROXY: '*', HTTP_PROXY: 'http://127.0.0.1:1' };
    const opened = registries(`"127.0.0.1:1": { plainHttp: true, proxy: { env: PROXY } }`, { env });
    expect(await tagsAt(opened, '127.0.0.1:1')).toEqual(['by-proxy']);
    const login = Buffer.from('user:pa55word').toString('base64');
    expect(asked).toEqual([`http://127.0.0.1:1/v2/app/tags/list?n=1000 Basic ${login}`]);
    await opened.close();
  });
});

describe('limits', () => {
  test('concurrency is the most that one class of requests has under way, from the start', () => {
    const traitsOf = (concurrency: number) =>
      registries(`registry.acme.io: { limits: { concurrency: ${concurrency} } }`).client('registry.acme.io').traits;
    expect(traitsOf(2).concurrency).toEqual({ start: 2, max: 2 });
    expect(traitsOf(100).concurrency).toEqual({ start: 8, max: 100 });
  });

  test('requests a second are counted over all classes', async () => {
    const started = await registry();
    const opened = registries(`"${started.host}": { limits: { requestsPerSecond: 20 } }`);
    const startedAt = performance.now();
    const client = opened.client(started.host);
    const asks = Array.from({ length: 26 }, (_, index) =>
      client.send({
        operation: 'look',
        action: index % 2 === 0 ? 'head' : 'list',
        method: 'HEAD',
        target: '/v2/',
        expect: [200],
      }),
    );
    for (const response of await Promise.all(asks)) await response.discard();
    // twenty at once, six more at intervals of 50 ms
    expect(performance.now() - startedAt).toBeGreaterThan(280);
    expect(started.requests).toHaveLength(26);
  });
});

test('an entry changes nothing for other registries', async () => {
  const [one, other] = [await registry(), await registry()];
  const opened = registries(`"${one.host}": { credential: anonymous, pathPrefix: /none, limits: { concurrency: 1 } }`);
  expect(await tagsAt(opened, other.host)).toEqual(['v1']);
  expect(await contentAt({ registry: other, repository: 'app' }, 'v1')).toBeDefined();
  expect(one.requests).toEqual([]);
});
