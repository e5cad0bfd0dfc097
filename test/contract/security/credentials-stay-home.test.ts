// Where a login may not go: other origins, wherever a registry sends its client, on every hop; foreign layers; hosts that only look alike.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { startRegistry } from '../../../infra/demo/registry.ts';
import { readBlob } from '../../../shared/oci/blobs.ts';
import { fetchManifest } from '../../../shared/oci/manifests.ts';
import { uploadBlob } from '../../../shared/oci/upload-blob.ts';
import { startUpload } from '../../../shared/oci/uploads.ts';
import { credentialSource } from '../../../shared/registries/credentials.ts';
import { startBareServer, type BareServer } from '../../support/bare-server.ts';
import { basic, runCopy } from '../../support/copy-run.ts';
import { namedClient, type NamedClient } from '../../support/named-client.ts';
import { plantImage } from '../../support/planted-image.ts';

const LAYER = 'application/vnd.oci.image.layer.v1.tar+gzip';
const IMAGE = 'application/vnd.oci.image.manifest.v1+json';
const DIGEST = `sha256:${'a'.repeat(64)}`;
const BLOB = { mediaType: LAYER, digest: DIGEST, size: 4 };
const CANARY = basic('canary', 'canary-password');
const TRUSTED = { 'cdn.example': ['127.0.0.1'], 'other.example': ['127.0.0.1'] };

const open: (NamedClient | BareServer)[] = [];

afterEach(async () => {
  for (const one of open.splice(0)) await ('client' in one ? one.client.close() : one[Symbol.asyncDispose]());
});

async function server(...answer: Parameters<typeof startBareServer>): Promise<BareServer & { port: string }> {
  const started = await startBareServer(...answer);
  open.push(started);
  return { ...started, port: started.host.split(':')[1] ?? '' };
}

function client(...options: Parameters<typeof namedClient>): NamedClient {
  const created = namedClient(...options);
  open.push(created);
  return created;
}

async function read({ repository }: NamedClient): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of readBlob(repository, BLOB)) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

/** Asks for a login first, then follows the script: the Location for each path, or the blob. */
function scripted(script: Record<string, string>, status = 307): Parameters<typeof startBareServer>[0] {
  return (request, response) => {
    const path = request.url ?? '';
    if (path.startsWith('/v2/') && request.headers.authorization === undefined && !path.includes('back')) {
      return response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end();
    }
    const location = script[path];
    if (location === undefined) return response.writeHead(200, { 'content-length': '4' }).end('blob');
    return response.writeHead(status, { location }).end();
  };
}

const headersOf = ({ requests }: BareServer) => requests.map(({ headers }) => headers);
const authorizations = (one: BareServer) => headersOf(one).map(({ authorization }) => authorization?.split(' ')[0]);

describe('GHSA-vh4v-2xq2-g5cg, GHSA-jxpm-75mh-9fp7: a login is bound to scheme, host and port', () => {
  test.each([301, 302, 303, 307, 308])('a %i to another host gets no login and no header of ours', async (status) => {
    const cdn = await server((_request, response) => void response.end('blob'));
    const path = `/v2/team/app/blobs/${DIGEST}`;
    const registry = await server(scripted({ [path]: `http://cdn.example:${cdn.port}/blob?sig=~a%20b` }, status));
    const named = client(`registry.example:${registry.port}`, {
      credential: CANARY,
      names: TRUSTED,
      trustedHosts: [`cdn.example:${cdn.port}`],
    });
    expect(await read(named)).toBe('blob');
    expect(authorizations(registry)).toEqual([undefined, 'Basic']);
    expect(cdn.requests.map(({ path }) => path)).toEqual(['/blob?sig=~a%20b']);
    expect(Object.keys(cdn.requests[0]?.headers ?? {}).toSorted()).toEqual([
      'accept-encoding',
      'connection',
      'host',
      'user-agent',
    ]);
  });

  test('GHSA-whvf-jp7m-59f3: headers of the request do not go along to another host', async () => {
    const cdn = await server((_request, response) => response.end('blob'));
    const registry = await server(scripted({ '/v2/x': `http://cdn.example:${cdn.port}/x` }));
    const named = client(`registry.example:${registry.port}`, {
      credential: CANARY,
      names: TRUSTED,
      trustedHosts: [`cdn.example:${cdn.port}`],
    });
    const canaries = { 'x-canary': 'canary', cookie: 'canary=1', 'x-registry-auth': 'canary', 'if-match': 'canary' };
    const response = await named.client.send({
      operation: 'read x',
      action: 'read',
      method: 'GET',
      target: '/v2/x',
      headers: { ...canaries, accept: 'text/plain', range: 'bytes=0-' },
      expect: [200],
    });
    await response.discard();
    expect(registry.requests.at(-1)?.headers).toMatchObject({ ...canaries, accept: 'text/plain' });
    expect(cdn.requests[0]?.headers).toMatchObject({ accept: 'text/plain', range: 'bytes=0-' });
    expect(JSON.stringify(cdn.requests)).not.toContain('canary');
  });

  test('another port of the same host is another origin', async () => {
    const neighbour = await server((_request, response) => void response.end('blob'));
    const path = `/v2/team/app/blobs/${DIGEST}`;
    const registry = await server(scripted({ [path]: `http://registry.example:${neighbour.port}/blob` }));
    const named = client(`registry.example:${registry.port}`, { credential: CANARY });
    expect(await read(named)).toBe('blob');
    expect(authorizations(neighbour)).toEqual([undefined]);
  });

  test('a redirect within the registry keeps the login', async () => {
    const path = `/v2/team/app/blobs/${DIGEST}`;
    const registry = await server(scripted({ [path]: '/v2/elsewhere' }));
    const named = client(`registry.example:${registry.port}`, { credential: CANARY });
    expect(await read(named)).toBe('blob');
    expect(authorizations(registry)).toEqual([undefined, 'Basic', 'Basic']);
  });

  test('registry, foreign host, registry: the way back carries no login', async () => {
    const path = `/v2/team/app/blobs/${DIGEST}`;
    const cdn = await server((_request, response) => {
      return response
        .writeHead(307, { location: `http://registry.example:${registry.port}/v2/back/delete-everything` })
        .end();
    });
    const registry: Awaited<ReturnType<typeof server>> = await server((request, response) => {
      if (request.url === path && request.headers.authorization === undefined) {
        return response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end();
      }
      if (request.url === path) return response.writeHead(307, { location: `http://cdn.example:${cdn.port}/` }).end();
      return response.end('blob');
    });
    const named = client(`registry.example:${registry.port}`, {
      credential: CANARY,
      names: TRUSTED,
      trustedHosts: [`cdn.example:${cdn.port}`],
    });
    expect(await read(named)).toBe('blob');
    expect(authorizations(registry)).toEqual([undefined, 'Basic', undefined]);
    expect(authorizations(cdn)).toEqual([undefined]);
  });

  test('an upload Location on another host gets the bytes, and no login', async () => {
    const store = await server((request, response) => {
      request.resume().on('end', () => response.writeHead(201).end());
    });
    const registry = await server((request, response) => {
      request.resume();
      if (request.headers.authorization === undefined) {
        return response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end();
      }
      return response.writeHead(202, { location: `http://cdn.example:${store.port}/upload?_state=~x%20y` }).end();
    });
    const named = client(`registry.example:${registry.port}`, {
      credential: CANARY,
      names: TRUSTED,
      trustedHosts: [`cdn.example:${store.port}`],
    });
    const started = await startUpload(named.repository, DIGEST, undefined);
    if (started.state !== 'open') throw new Error('no session');
    await uploadBlob(named.repository, started.session, BLOB, streamOf('blob'));
    expect(store.requests).toEqual([
      {
        method: 'PUT',
        path: `/upload?_state=~x%20y&digest=${encodeURIComponent(DIGEST)}`,
        headers: expect.objectContaining({ 'content-length': '4', 'content-type': 'application/octet-stream' }),
      },
    ]);
    expect(authorizations(store)).toEqual([undefined]);
  });

  test.each(['Basic realm="cdn"', 'Bearer realm="http://cdn.example/token",service="s"'])(
    'a 401 of a redirect target (%s) is no challenge of the registry',
    async (challenge) => {
      const cdn = await server((_request, response) => {
        return response.writeHead(401, { 'www-authenticate': challenge }).end();
      });
      const path = `/v2/team/app/blobs/${DIGEST}`;
      const registry = await server(scripted({ [path]: `http://cdn.example:${cdn.port}/blob` }));
      const named = client(`registry.example:${registry.port}`, {
        credential: CANARY,
        names: TRUSTED,
        trustedHosts: [`cdn.example:${cdn.port}`, 'cdn.example'],
      });
      await expect(read(named)).rejects.toMatchObject({ code: 'unauthorized' });
      expect(authorizations(cdn)).toEqual([undefined]);
      expect(registry.requests).toHaveLength(2);
    },
  );
});

describe('CVE-2020-15157, CVE-2026-49349: the urls of foreign layers', () => {
  test.each([false, true])('are never asked, with foreign layers %s', async (foreignLayers) => {
    const evil = await server((_request, response) => {
      return response.writeHead(401, { 'www-authenticate': 'Basic realm="evil"' }).end();
    });
    const auth = { kind: 'basic', users: { canary: 'canary-password' } } as const;
    await using source = await startRegistry({ auth });
    await using target = await startRegistry({ auth, sparseManifests: true });
    const layer = Buffer.from('foreign');
    const manifest = {
      schemaVersion: 2,
      mediaType: IMAGE,
      config: {
        mediaType: 'application/vnd.oci.image.config.v1+json',
        digest: await source.plantBlob('team/app', Buffer.from('{}')),
        size: 2,
      },
      layers: [
        {
          mediaType: 'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip',
          digest: await source.plantBlob('team/app', layer),
          size: layer.byteLength,
          urls: [`${evil.url}/layer`],
        },
      ],
    };
    await source.plantManifest('team/app', Buffer.from(JSON.stringify(manifest)), { mediaType: IMAGE, tags: ['1'] });
    const logins = { [source.host]: CANARY, [target.host]: CANARY };
    const run = await runCopy(`${source.host}/team/app:1`, [`${target.host}/mirror/app:1`], { logins, foreignLayers });
    expect(run.target?.state).toBe('copied');
    expect(evil.requests).toEqual([]);
    expect(run.target?.blobs.copied).toBe(foreignLayers ? 2 : 1);
  });
});

describe('CVE-2026-59891: a login is found by the exact host', () => {
  test.each([
    ['registry.example.evil.example', 'registry.example'],
    ['evil-registry.example', 'registry.example'],
    ['registry.example', 'evil-registry.example'],
    ['example', 'registry.example'],
    ['evil-docker.io', 'docker.io'],
    ['docker.io.evil.example', 'docker.io'],
    ['index.docker.io.evil.example', 'https://index.docker.io/v1/'],
  ])('%s does not get the login of %s', async (name, entry) => {
    const folder = await mkdtemp(join(tmpdir(), 'transship-hosts-'));
    const authfile = join(folder, 'auth.json');
    const auth = Buffer.from('canary:canary-password').toString('base64');
    await writeFile(authfile, JSON.stringify({ auths: { [entry]: { auth } } }));
    const registry = await server((_request, response) => {
      return response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end();
    });
    const named = client(`${name}:${registry.port}`, {
      credentials: credentialSource({ authfile, env: {}, homeDir: folder }),
      names: { [name]: ['127.0.0.1'] },
    });
    await expect(fetchManifest(named.repository, '1')).rejects.toMatchObject({ code: 'unauthorized' });
    expect(authorizations(registry)).toEqual(registry.requests.map(() => undefined));
    await rm(folder, { recursive: true });
  });

  test('another port of the same host does not get it either', async () => {
    await using one = await startRegistry({ auth: { kind: 'basic', users: { canary: 'canary-password' } } });
    await using evil = await startRegistry({
      auth: { kind: 'basic', users: { x: 'y' } },
      recordHeaders: true,
    });
    await plantImage(one, 'team/app', { tag: '1' });
    const run = await runCopy(`${one.host}/team/app:1`, [`${evil.host}/mirror/app:1`], {
      logins: { [one.host]: CANARY },
    });
    expect(run.problem?.code).toBe('unauthorized');
    expect(evil.exchanges.every(({ headers }) => headers.authorization === undefined)).toBe(true);
  });
});

async function* streamOf(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}
