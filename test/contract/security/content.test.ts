// Content that lies: bodies that are not their digest, digests that are paths, documents of two kinds, tags that flip, floods and bombs.
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startRegistry, type RunningRegistry } from '../../../infra/demo/registry.ts';
import { main } from '../../../infra/cli/main.ts';
import { findManifest, headManifest, putManifest } from '../../../shared/oci/manifests.ts';
import { startBareServer } from '../../support/bare-server.ts';
import { captureIo } from '../../support/captured-io.ts';
import { openCopyBed } from '../../support/copy-bed.ts';
import { runCopy, type CopyRunOptions } from '../../support/copy-run.ts';
import { namedClient } from '../../support/named-client.ts';
import { plantImage } from '../../support/planted-image.ts';
import { flawsBelowTags, tagAt } from '../../support/whole-tags.ts';

const IMAGE = 'application/vnd.oci.image.manifest.v1+json';
const INDEX = 'application/vnd.oci.image.index.v1+json';
const CONFIG = 'application/vnd.oci.image.config.v1+json';
const LAYER = 'application/vnd.oci.image.layer.v1.tar+gzip';

let source: RunningRegistry;
let target: RunningRegistry;

beforeEach(async () => {
  [source, target] = await Promise.all([startRegistry({ recordHeaders: true }), startRegistry()]);
});

afterEach(() => Promise.all([source.stop(), target.stop()]));

const sha256 = (content: string | Uint8Array) => `sha256:${createHash('sha256').update(content).digest('hex')}`;

const copy = (options: CopyRunOptions = {}) =>
  runCopy(`${source.host}/team/app:1`, [`${target.host}/mirror/app:1`], options);

function plant(mediaType: string, fields: object | string, tag?: string, digest?: string): Promise<string> {
  const text = typeof fields === 'string' ? fields : JSON.stringify({ schemaVersion: 2, mediaType, ...fields });
  return source.plantManifest('team/app', Buffer.from(text), {
    mediaType,
    tags: tag === undefined ? [] : [tag],
    ...(digest === undefined ? {} : { digest }),
  });
}

/** Nothing was written at the target: no manifest, no tag, no damaged blob. */
async function expectNothingWritten(): Promise<void> {
  expect(tagAt(target, 'mirror/app', '1')).toBeUndefined();
  expect(target.catalog.get('mirror/app')?.manifests.size ?? 0).toBe(0);
  expect(await flawsBelowTags(target)).toEqual([]);
}

describe('CVE-2025-24882, CVE-2026-85747: what is asked by digest is hashed', () => {
  test('a child manifest with another body', async () => {
    const honest = await plantImage(source, 'team/app');
    const evil = await plantImage(source, 'team/evil', { layerSizes: [66] });
    const bytes = await source.bytesOf(evil.digest);
    await plant(INDEX, { manifests: [honest] }, '1');
    await plant(IMAGE, Buffer.from(bytes ?? []).toString(), undefined, honest.digest);
    expect((await copy()).problem?.code).toMatch(/^(digest|size)-mismatch$/);
    await expectNothingWritten();
  });

  test('a blob with another body of the same size', async () => {
    const digest = await source.plantBlob('team/app', Buffer.from('good'));
    await source.plantBlob('team/app', Buffer.from('evil'), digest);
    const config = { mediaType: CONFIG, digest: await source.plantBlob('team/app', Buffer.from('{}')), size: 2 };
    await plant(IMAGE, { config, layers: [{ mediaType: LAYER, digest, size: 4 }] }, '1');
    expect((await copy()).problem?.code).toBe('digest-mismatch');
    await expectNothingWritten();
  });

  test('a tag whose header names another digest than its body has', async () => {
    await plantImage(source, 'team/app', { tag: '1' });
    source.faults.push({ match: { path: /\/manifests\// }, action: { corrupt: 'wrong-header-digest' } });
    expect((await copy()).problem?.code).toBe('digest-mismatch');
    await expectNothingWritten();
  });

  test('embedded data that is not its digest', async () => {
    const data = Buffer.from('evil').toString('base64');
    const config = { mediaType: CONFIG, digest: sha256('good'), size: 4, data };
    await plant(IMAGE, { config, layers: [] }, '1');
    expect((await copy()).problem?.code).toBe('digest-mismatch');
    await expectNothingWritten();
  });
});

test.each([
  'sha256:../../../../etc/passwd',
  'sha256:../x',
  `sha256:${'A'.repeat(64)}`,
  `sha256:${'a'.repeat(63)}`,
  `sha256:${'a'.repeat(65)}`,
  `md5:${'a'.repeat(32)}`,
  `sha256:${'a'.repeat(60)}%2f..`,
  `sha256:${'a'.repeat(64)}?x=`,
  `sha256:${'a'.repeat(64)}\n`,
  '',
])('CVE-2024-3727: the digest %j never reaches a URL', async (digest) => {
  const config = { mediaType: CONFIG, digest: await source.plantBlob('team/app', Buffer.from('{}')), size: 2 };
  await plant(IMAGE, { config, layers: [{ mediaType: LAYER, digest, size: 4 }] }, '1');
  const image = await copy();
  expect(image.thrown?.code).toMatch(/^invalid-(manifest|digest)$/);
  await plant(INDEX, { manifests: [{ mediaType: IMAGE, digest, size: 4 }] }, '1');
  const index = await copy();
  expect(index.thrown?.code).toMatch(/^invalid-(manifest|digest)$/);
  expect(source.requests.map(({ path }) => path)).toEqual(['/v2/team/app/manifests/1', '/v2/team/app/manifests/1']);
  await expectNothingWritten();
});

describe('a tag is a name, never a path', () => {
  /** A registry whose list of tags names another repository of whoever writes the tag. */
  const hostileRegistry = (tag: string) =>
    startBareServer((request, response) => {
      if (request.url?.includes('/tags/list') === true) {
        return response.writeHead(200).end(JSON.stringify({ tags: ['1', tag] }));
      }
      return response.writeHead(404).end();
    });

  test.each(['../../victim/manifests/latest', '1?x=', '%2e%2e/victim', '../blobs/x'])(
    'the listed tag %j reaches no URL, neither at the source nor at the target',
    async (tag) => {
      await using bed = openCopyBed();
      const kept = await plantImage(target, 'victim', { tag: 'latest' });
      await using hostile = await hostileRegistry(tag);
      await expect(bed.copyRepository(`${hostile.host}/team/app`, [`${target.host}/mirror/app`])).rejects.toMatchObject(
        { code: 'invalid-response' },
      );
      expect(hostile.requests.map(({ path }) => path.replace(/\?.*/, ''))).not.toContainEqual(
        expect.stringContaining('/manifests/'),
      );
      expect(target.requests).toEqual([]);
      expect(tagAt(target, 'victim', 'latest')).toBe(kept.digest);
    },
  );

  test.each(['../../victim/manifests/latest', '1?x=', '..', '', `md5:${'a'.repeat(32)}`, 'a'.repeat(129)])(
    'a manifest is neither asked for nor written by %j',
    async (reference) => {
      const { digest } = await plantImage(source, 'team/app', { tag: '1' });
      const bytes = (await source.bytesOf(digest)) ?? new Uint8Array();
      const named = namedClient(`registry.example:${target.host.split(':')[1]}`);
      try {
        const refused = expect.objectContaining({ code: 'invalid-reference' });
        await expect(headManifest(named.repository, reference)).rejects.toEqual(refused);
        await expect(findManifest(named.repository, reference)).rejects.toEqual(refused);
        const manifest = { bytes, mediaType: IMAGE, digest };
        await expect(putManifest(named.repository, reference, manifest)).rejects.toEqual(refused);
      } finally {
        await named.client.close();
      }
      expect(target.requests).toEqual([]);
    },
  );

  test('`transship tags` prints no escape sequence of a registry', async () => {
    await using hostile = await hostileRegistry('red\u001b[31m');
    const io = captureIo();
    expect(await main(['tags', `${hostile.host}/team/app`], io)).toBe(1);
    expect(io.stdout.text()).not.toContain('\u001b');
    expect(io.stderr.text()).toContain('red\\u{1b}[31m');
  });
});

describe('CVE-2021-41190: a document has one type', () => {
  test.each([
    ['both layers and manifests', IMAGE, { config: {}, layers: [], manifests: [] }],
    ['an index with layers', INDEX, { layers: [], manifests: [] }],
    ['a mediaType that is not its Content-Type', IMAGE, { mediaType: INDEX, manifests: [] }],
  ])('%s', async (_name, mediaType, fields) => {
    await plant(mediaType, fields, '1');
    expect((await copy()).thrown?.code).toBe('invalid-manifest');
    await expectNothingWritten();
  });
});

describe('CVE-2026-122321, GHSA-m3cq-xcx9-3gvm: the bytes that were looked at are the bytes that are copied', () => {
  test.each(['resolved', 'planned', 'blob'] as const)('the tag flips at the first %s event', async (type) => {
    const { digest } = await plantImage(source, 'team/app', { tag: '1' });
    const evil = await plantImage(source, 'team/app', { layerSizes: [66] });
    const bytes = Buffer.from((await source.bytesOf(evil.digest)) ?? []);
    let flipped: Promise<string> | undefined;
    const run = await copy({
      onEvent: (event) => {
        if (event.type === type) flipped ??= plant(IMAGE, bytes.toString(), '1');
      },
    });
    await flipped;
    expect(tagAt(source, 'team/app', '1')).toBe(evil.digest);
    expect(run.target).toMatchObject({ state: 'copied', digest });
    expect(tagAt(target, 'mirror/app', '1')).toBe(digest);
    expect(target.catalog.get('mirror/app')?.manifests.has(evil.digest)).toBe(false);
  });

  test('the tag flips between the HEAD and the GET', async () => {
    const { digest } = await plantImage(source, 'team/app', { tag: '1' });
    const old = await plantImage(target, 'mirror/app', { tag: '1', layerSizes: [5] });
    expect(old.digest).not.toBe(digest);
    await copy();
    expect(source.requests.map(({ method, path }) => `${method} ${path.split('/').at(-1)}`).slice(0, 2)).toEqual([
      'HEAD 1',
      `GET ${digest}`,
    ]);
  });
});

describe('GHSA-f36w-mj3v-6jqv, CVE-2024-29903: caps', () => {
  test('a config beyond 8 MiB is not read to look for a platform', async () => {
    const config = { mediaType: CONFIG, digest: sha256('huge'), size: 9 * 1024 * 1024 };
    await plant(IMAGE, { config, layers: [] }, '1');
    await copy({ platforms: { include: ['linux/amd64'], mode: 'keep' }, dryRun: true });
    expect(source.requests.filter(({ method, path }) => method === 'GET' && path.includes('/blobs/'))).toEqual([]);
  });

  test('a config that is longer than it says is cut off', async () => {
    const digest = await source.plantBlob('team/app', Buffer.alloc(20_000_000, ' '));
    await plant(IMAGE, { config: { mediaType: CONFIG, digest, size: 1000 }, layers: [] }, '1');
    const run = await copy({ platforms: { include: ['linux/amd64'], mode: 'keep' } });
    expect(run.problem?.code).toBe('size-mismatch');
    expect(source.exchanges.reduce((sum, { bytesOut }) => sum + bytesOut, 0)).toBeLessThan(10_000_000);
  });

  test.each([
    ['without end', (page: number) => `</v2/team/app/referrers/x?page=${page + 1}>; rel="next"`],
    ['in a circle', () => '</v2/team/app/referrers/x?page=1>; rel="next"'],
  ])('referrers in pages %s', async (_name, linkFor) => {
    const { digest } = await plantImage(source, 'team/app', { tag: '1' });
    const manifest = Buffer.from((await source.bytesOf(digest)) ?? []);
    let pages = 0;
    await using hostile = await startBareServer((request, response) => {
      if (request.url?.includes('/referrers/') === true) {
        pages += 1;
        return response
          .writeHead(200, { 'content-type': INDEX, link: linkFor(pages) })
          .end(JSON.stringify({ schemaVersion: 2, mediaType: INDEX, manifests: [] }));
      }
      if (request.url?.endsWith('/manifests/1') === true) {
        return response.writeHead(200, { 'content-type': IMAGE, 'docker-content-digest': digest }).end(manifest);
      }
      if (request.url?.includes('/blobs/') !== true) return response.writeHead(404).end();
      return source
        .bytesOf(request.url.split('/').at(-1) ?? '')
        .then((bytes) => response.writeHead(200, { 'content-length': bytes?.byteLength ?? 0 }).end(bytes));
    });
    const run = await runCopy(`${hostile.host}/team/app:1`, [`${target.host}/mirror/app:1`], { referrers: true });
    expect(run.target).toMatchObject({ state: 'failed', digest, error: { code: 'invalid-response' } });
    expect(run.problem?.message).toContain('referrers');
    expect(pages).toBeLessThanOrEqual(101);
    expect(await flawsBelowTags(target)).toEqual([]);
  });

  test('a referrer for every referrer', async () => {
    let subject = await plantImage(source, 'team/app', { tag: '1' });
    const config = { mediaType: CONFIG, digest: await source.plantBlob('team/app', Buffer.from('{}')), size: 2 };
    for (let level = 0; level < 12; level += 1) {
      const text = JSON.stringify({ schemaVersion: 2, mediaType: IMAGE, config, layers: [], subject });
      subject = { mediaType: IMAGE, digest: await plant(IMAGE, text), size: Buffer.byteLength(text) };
    }
    const run = await copy({ referrers: true });
    expect(run.target).toMatchObject({ state: 'failed', error: { code: 'invalid-response' } });
    expect(source.requests.length).toBeLessThan(150);
    expect(await flawsBelowTags(target)).toEqual([]);
  });
});

describe('CVE-2026-22036: nothing is decoded', () => {
  const bomb = gzipSync(Buffer.alloc(50_000_000));

  test.each(['gzip', 'deflate', 'br', 'gzip, gzip'])(
    'a blob with Content-Encoding %s is refused unread',
    async (encoding) => {
      const { digest } = await plantImage(source, 'team/app', { tag: '1' });
      const manifest = Buffer.from((await source.bytesOf(digest)) ?? []);
      const accepted: unknown[] = [];
      await using hostile = await startBareServer((request, response) => {
        if (request.url?.endsWith('/manifests/1') === true) {
          return response.writeHead(200, { 'content-type': IMAGE }).end(manifest);
        }
        accepted.push(request.headers['accept-encoding']);
        return response.writeHead(200, { 'content-encoding': encoding }).end(bomb);
      });
      const run = await runCopy(`${hostile.host}/team/app:1`, [`${target.host}/mirror/app:1`]);
      expect(run.problem).toMatchObject({ code: 'invalid-response', operation: expect.stringContaining('read blob') });
      expect(run.problem?.message).toContain('content-encoding');
      expect(new Set(accepted)).toEqual(new Set(['identity']));
      await expectNothingWritten();
    },
  );

  test('a compressed manifest is taken as the bytes it is, and refused', async () => {
    await using hostile = await startBareServer((_request, response) => {
      response.writeHead(200, { 'content-type': IMAGE, 'content-encoding': 'gzip' }).end(bomb);
    });
    const run = await runCopy(`${hostile.host}/team/app:1`, [`${target.host}/mirror/app:1`]);
    expect(run.thrown?.code).toBe('invalid-manifest');
    await expectNothingWritten();
  });
});

describe('CVE-2026-35172: what is known of one registry is not believed of another', () => {
  test('a blob that one registry has is sent to another on the same host', async () => {
    await using other = await startRegistry();
    await plantImage(source, 'team/app', { tag: '1' });
    const run = await runCopy(`${source.host}/team/app:1`, [
      `${target.host}/mirror/app:1`,
      `${other.host}/mirror/app:1`,
    ]);
    expect(run.report?.targets.map(({ state, blobs }) => [state, blobs.copied])).toEqual([
      ['copied', 3],
      ['copied', 3],
    ]);
    expect(await flawsBelowTags(other)).toEqual([]);
  });

  test('a blob of another repository is mounted by the registry, never assumed', async () => {
    await plantImage(source, 'team/app', { tag: '1' });
    const targets = [`${target.host}/mirror/app:1`, `${target.host}/other/app:1`];
    const run = await runCopy(`${source.host}/team/app:1`, targets);
    expect(run.report?.targets.map(({ state }) => state)).toEqual(['copied', 'copied']);
    expect(target.catalog.get('other/app')?.blobs.size).toBe(3);
    expect(await flawsBelowTags(target)).toEqual([]);
  });

  test('a mount that the registry refuses is an upload', async () => {
    await using strict = await startRegistry({ mount: false });
    await plantImage(source, 'team/app', { tag: '1' });
    const targets = [`${strict.host}/mirror/app:1`, `${strict.host}/other/app:1`];
    const run = await runCopy(`${source.host}/team/app:1`, targets);
    expect(run.report?.targets.map(({ state, blobs }) => [state, blobs.mounted])).toEqual([
      ['copied', 0],
      ['copied', 0],
    ]);
    expect(await flawsBelowTags(strict)).toEqual([]);
  });
});
