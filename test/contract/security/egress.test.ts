// Where a registry may not send its clients: realms elsewhere, inner networks, metadata services, back to plain HTTP; and what a name server may not change.
import { mkdtempSync, rmSync, readFileSync } from 'node:fs';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { readBlob } from '../../../shared/oci/blobs.ts';
import { headManifest } from '../../../shared/oci/manifests.ts';
import { startUpload } from '../../../shared/oci/uploads.ts';
import { uploadBlob } from '../../../shared/oci/upload-blob.ts';
import { listTags } from '../../../shared/oci/tags.ts';
import { Secret } from '../../../shared/telemetry/secret.ts';
import { createAuthority, type Authority } from '../../support/certificates.ts';
import { startBareServer, type BareServer } from '../../support/bare-server.ts';
import { basic } from '../../support/copy-run.ts';
import { namedClient, type NamedClient } from '../../support/named-client.ts';

const DIGEST = `sha256:${'a'.repeat(64)}`;
const BLOB = { mediaType: 'application/vnd.oci.image.layer.v1.tar', digest: DIGEST, size: 4 };
const CANARY = basic('canary', 'canary-password');

const open: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).toReversed()) await close();
});

async function server(...answer: Parameters<typeof startBareServer>): Promise<BareServer & { port: string }> {
  const started = await startBareServer(...answer);
  open.push(() => started[Symbol.asyncDispose]());
  return { ...started, port: started.host.split(':')[1] ?? '' };
}

function client(...options: Parameters<typeof namedClient>): NamedClient {
  const created = namedClient(...options);
  open.push(() => created.client.close());
  return created;
}

async function read({ repository }: NamedClient): Promise<void> {
  await Array.fromAsync(readBlob(repository, BLOB));
}

describe('CVE-2026-33540, CVE-2026-48978: a realm elsewhere is refused before a credential is read', () => {
  test.each([
    ['a foreign host over http', 'http://evil.example:{port}/token'],
    ['a foreign host over https', 'https://evil.example:{port}/token'],
    ['a host that ends alike', 'https://evilregistry.example/token'],
    ['the metadata service', 'http://169.254.169.254/latest/meta-data/'],
    ['the metadata service as a number', 'http://2852039166/latest/meta-data/'],
    ['the metadata service in IPv6', 'http://[::ffff:169.254.169.254]/latest/meta-data/'],
    ['the metadata service by name', 'http://metadata.google.internal/computeMetadata/v1/'],
    ['loopback, short', 'http://127.1:{port}/token'],
    ['loopback, hexadecimal', 'http://0x7f000001:{port}/token'],
    ['loopback, decimal', 'http://2130706433:{port}/token'],
    ['loopback, octal', 'http://0177.0.0.1:{port}/token'],
    ['loopback in IPv6', 'http://[::1]:{port}/token'],
    ['loopback mapped into IPv6', 'http://[::ffff:127.0.0.1]:{port}/token'],
    ['loopback mapped into IPv6, hexadecimal', 'http://[::ffff:7f00:1]:{port}/token'],
    ['loopback by name', 'http://localhost:{port}/token'],
    ['a private address', 'https://10.0.0.5/token'],
    ['a cluster name', 'https://vault.secrets.svc/token'],
    ['a user name', 'http://user:password@registry.example:{port}/token'],
    ['a file', 'file:///etc/passwd'],
    ['a script', 'javascript:alert(1)'],
  ])('%s: %s', async (_name, template) => {
    const victim = await server((_request, response) => void response.end('{"token":"x"}'));
    const realm = template.replace('{port}', victim.port);
    const registry = await server((_request, response) => {
      return response.writeHead(401, { 'www-authenticate': `Bearer realm="${realm}",service="s"` }).end();
    });
    const named = client(`registry.example:${registry.port}`, {
      credential: CANARY,
      names: { 'evil.example': ['127.0.0.1'], localhost: ['127.0.0.1'] },
    });
    await expect(headManifest(named.repository, '1')).rejects.toMatchObject({
      code: expect.stringMatching(/^(egress-denied|invalid-response)$/),
      details: { registry: expect.stringContaining('registry.example'), repository: 'team/app' },
      hint: expect.any(String),
    });
    expect(named.asked).toEqual([]);
    expect(victim.requests).toEqual([]);
    expect(new Set(named.lookedUp)).toEqual(new Set(['registry.example']));
  });

  test('a token server that redirects gets no second chance to see the password', async () => {
    const evil = await server((_request, response) => void response.end('{"token":"x"}'));
    const registry = await server((request, response) => {
      const own = `http://registry.example:${registry.port}`;
      if (request.url?.startsWith('/token') === true) {
        return response.writeHead(307, { location: `http://evil.example:${evil.port}/` }).end();
      }
      return response.writeHead(401, { 'www-authenticate': `Bearer realm="${own}/token"` }).end();
    });
    const named = client(`registry.example:${registry.port}`, {
      credential: CANARY,
      names: { 'evil.example': ['127.0.0.1'] },
    });
    await expect(headManifest(named.repository, '1')).rejects.toMatchObject({ code: 'invalid-response' });
    expect(evil.requests).toEqual([]);
  });
});

/** What a hostile registry may answer to a GET and to the start of an upload, and what must come of it. */
const PLACES: [name: string, template: string][] = [
  ['loopback', 'http://127.0.0.1:{port}/x'],
  ['loopback, short', 'http://127.1:{port}/x'],
  ['loopback by name', 'http://localhost:{port}/x'],
  ['the metadata service', 'http://169.254.169.254/latest/meta-data/'],
  ['a private address', 'https://192.168.0.1/x'],
  ['a host that nobody configured, over http', 'http://evil.example:{port}/x'],
  ['a user name', 'http://user:password@registry.example:{port}/x'],
  ['another scheme', 'ftp://registry.example/x'],
];

describe('Harbor CVE-2026-111590, Gitea CVE-2026-104636: nobody is led into an inner network', () => {
  test.each(PLACES)('a redirect to %s is refused', async (_name, template) => {
    const victim = await server((_request, response) => void response.end('blob'));
    const registry = await server((_request, response) => {
      return response.writeHead(307, { location: template.replace('{port}', victim.port) }).end();
    });
    const names = { 'evil.example': ['127.0.0.1'], localhost: ['127.0.0.1'] };
    const named = client(`registry.example:${registry.port}`, { names });
    await expect(read(named)).rejects.toMatchObject({ code: 'egress-denied' });
    expect(victim.requests).toEqual([]);
  });

  test.each(PLACES)('an upload Location at %s is refused', async (_name, template) => {
    const victim = await server((_request, response) => void response.writeHead(201).end());
    const registry = await server((_request, response) => {
      return response.writeHead(202, { location: template.replace('{port}', victim.port) }).end();
    });
    const names = { 'evil.example': ['127.0.0.1'], localhost: ['127.0.0.1'] };
    const named = client(`registry.example:${registry.port}`, { names });
    const started = await startUpload(named.repository, DIGEST, undefined);
    if (started.state !== 'open') throw new Error('no session');
    const content = (async function* () {
      yield Buffer.from('blob');
    })();
    await expect(uploadBlob(named.repository, started.session, BLOB, content)).rejects.toMatchObject({
      code: 'egress-denied',
    });
    expect(victim.requests).toEqual([]);
  });

  test.each(PLACES)('a next page at %s is refused', async (_name, template) => {
    const victim = await server((_request, response) => void response.end('{"tags":[]}'));
    const registry = await server((_request, response) => {
      response
        .writeHead(200, { link: `<${template.replace('{port}', victim.port)}>; rel="next"` })
        .end('{"tags":["1"]}');
    });
    const named = client(`registry.example:${registry.port}`, { names: { 'evil.example': ['127.0.0.1'] } });
    await expect(Array.fromAsync(listTags(named.repository))).rejects.toMatchObject({ code: 'egress-denied' });
    expect(victim.requests).toEqual([]);
  });
});

describe('go-containerregistry#2258: DNS rebinding', () => {
  test.each([
    ['only a private address', ['127.0.0.1']],
    ['a private address behind a public one', ['93.184.216.34', '127.0.0.1']],
    ['the metadata service', ['169.254.169.254']],
    ['loopback in IPv6', ['::1']],
    ['loopback mapped into IPv6', ['::ffff:127.0.0.1']],
    ['the unspecified address', ['0.0.0.0']],
  ])('a foreign https host with %s is not connected to', async (_name, addresses) => {
    const registry = await server((_request, response) => {
      return response.writeHead(307, { location: 'https://cdn.example/blob' }).end();
    });
    const named = client(`registry.example:${registry.port}`, { names: { 'cdn.example': addresses } });
    await expect(read(named)).rejects.toMatchObject({
      code: 'egress-denied',
      details: { repository: 'team/app', operation: expect.stringContaining('read blob') },
    });
    expect(named.lookedUp.filter((name) => name === 'cdn.example')).toHaveLength(1);
  });

  test('a registry whose name turns to the metadata service is not followed there', async () => {
    const registry = await server((_request, response) => void response.writeHead(404).end());
    const names: Record<string, string[]> = { 'registry.example': ['127.0.0.1'] };
    const named = client(`registry.example:${registry.port}`, { names });
    await expect(headManifest(named.repository, '1')).resolves.toBeUndefined();
    names['registry.example'] = ['169.254.169.254'];
    const later = client(`registry.example:${registry.port}`, { names });
    await expect(headManifest(later.repository, '1')).rejects.toMatchObject({ code: 'egress-denied' });
  });
});

describe('over TLS', () => {
  let folder: string;
  let authority: Authority;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'transship-egress-'));
    authority = createAuthority(folder);
    authority.issue('servers', ['registry.example', 'cdn.example']);
    authority.issue('client', ['client.example']);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const pem = (name: string) => readFileSync(join(folder, name), 'utf8');

  /** An https server that notes whether its client showed a certificate. */
  async function secure(answer: (path: string) => { status: number; headers?: Record<string, string> }) {
    const seen: { path: string; shown: string | undefined; authorization: string | undefined }[] = [];
    const secured = https.createServer(
      {
        cert: pem('servers.pem'),
        key: pem('servers.key'),
        ca: authority.ca,
        requestCert: true,
        rejectUnauthorized: false,
      },
      (request, response) => {
        const shown = (request.socket as TLSSocket).getPeerCertificate().subject?.CN;
        const path = request.url ?? '';
        seen.push({
          path,
          shown: Array.isArray(shown) ? shown[0] : shown,
          authorization: request.headers.authorization,
        });
        const { status, headers } = answer(path);
        request.resume();
        response.writeHead(status, headers).end('blob');
      },
    );
    secured.listen(0, '127.0.0.1');
    await once(secured, 'listening');
    open.push(async () => {
      const closed = once(secured, 'close');
      secured.close();
      secured.closeAllConnections();
      await closed;
    });
    return { seen, port: String((secured.address() as AddressInfo).port) };
  }

  const secureClient = (port: string, trustedHosts: string[] = []) =>
    client(`registry.example:${port}`, {
      scheme: 'https:',
      certificateAuthorities: [authority.ca],
      material: () =>
        Promise.resolve({ clientCertificate: { certificate: pem('client.pem'), key: new Secret(pem('client.key')) } }),
      credential: CANARY,
      trustedHosts,
      names: { 'cdn.example': ['127.0.0.1'] },
    });

  test('GHSA-whvf-jp7m-59f3, GHSA-5jhf-2qmf-m8c5: the client certificate stays at the origin of its registry', async () => {
    const cdn = await secure(() => ({ status: 200 }));
    const neighbour = await secure(() => ({
      status: 307,
      headers: { location: `https://cdn.example:${cdn.port}/blob` },
    }));
    const registry = await secure(() => ({
      status: 307,
      headers: { location: `https://registry.example:${neighbour.port}/hop` },
    }));
    await read(secureClient(registry.port, [`cdn.example:${cdn.port}`]));
    expect(registry.seen.map(({ shown }) => shown)).toEqual(['client']);
    expect(neighbour.seen.map(({ shown }) => shown)).toEqual([undefined]);
    expect(cdn.seen.map(({ shown }) => shown)).toEqual([undefined]);
  });

  test.each(['redirect', 'location', 'realm', 'link'] as const)('https is never left: %s to http', async (by) => {
    const victim = await server((_request, response) => void response.end('{"token":"x"}'));
    const plain = `http://registry.example:${victim.port}/x`;
    const registry = await secure(() => {
      if (by === 'realm') return { status: 401, headers: { 'www-authenticate': `Bearer realm="${plain}"` } };
      if (by === 'link') return { status: 200, headers: { link: `<${plain}>; rel="next"` } };
      return { status: by === 'redirect' ? 307 : 202, headers: { location: plain } };
    });
    const named = secureClient(registry.port, ['registry.example', `registry.example:${victim.port}`]);
    const work = async () => {
      if (by !== 'location') return by === 'link' ? Array.fromAsync(listTags(named.repository)) : read(named);
      const started = await startUpload(named.repository, DIGEST, undefined);
      if (started.state !== 'open') throw new Error('no session');
      const content = (async function* () {
        yield Buffer.from('blob');
      })();
      return uploadBlob(named.repository, started.session, BLOB, content);
    };
    // The page of "link" is no JSON: it fails before its link is looked at, which is as good.
    await expect(work()).rejects.toMatchObject({ code: expect.stringMatching(/^(egress-denied|invalid-response)$/) });
    expect(victim.requests).toEqual([]);
    expect(named.asked).toEqual([]);
  });
});
