// Manifests made to harm whoever reads them: too many children, too deep, too large, circles, impossible sizes.
// Each is refused with few requests and little memory, and nothing is written.
import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startRegistry, type RunningRegistry } from '../../../infra/demo/registry.ts';
import { startBareServer } from '../../support/bare-server.ts';
import { expectClearProblem } from '../../support/clear-problem.ts';
import { runCopy } from '../../support/copy-run.ts';
import { plantImage } from '../../support/planted-image.ts';
import { plantManyfold } from '../../support/manyfold-index.ts';
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

const digestOf = (text: string) => `sha256:${createHash('sha256').update(text).digest('hex')}`;

function plant(mediaType: string, fields: object | string, tag?: string, digest?: string): Promise<string> {
  const text = typeof fields === 'string' ? fields : JSON.stringify({ schemaVersion: 2, mediaType, ...fields });
  return source.plantManifest('team/app', Buffer.from(text), {
    mediaType,
    tags: tag === undefined ? [] : [tag],
    ...(digest === undefined ? {} : { digest }),
  });
}

/** Copies tag 1 and expects a refusal before anything was written. */
async function expectRefused(codes: RegExp, mostRequests = 8): Promise<string> {
  const { thrown, problem, durationMs } = await runCopy(`${source.host}/team/app:1`, [`${target.host}/mirror/app:1`]);
  expect(thrown?.code).toMatch(codes);
  expectClearProblem(problem, source.host);
  expect(source.requests.length).toBeLessThanOrEqual(mostRequests);
  expect(target.requests.map(({ method }) => method)).toEqual(['HEAD']);
  expect(tagAt(target, 'mirror/app', '1')).toBeUndefined();
  expect(durationMs).toBeLessThan(3000);
  return problem?.message ?? '';
}

describe('an index', () => {
  const entries = (count: number) =>
    Array.from({ length: count }, (_, number) => ({ mediaType: IMAGE, digest: digestOf(String(number)), size: 500 }));

  test.each([1001, 100_000])('with %i children', async (count) => {
    await plant(INDEX, { manifests: entries(count) }, '1');
    await expectRefused(/^(invalid-manifest|manifest-too-large)$/);
  });

  test('that names itself', async () => {
    const own = digestOf('self');
    await plant(INDEX, { manifests: [{ mediaType: INDEX, digest: own, size: 200 }] }, '1', own);
    await expectRefused(/^digest-mismatch$/);
  });

  test('whose child is served with the bytes of the index', async () => {
    const own = digestOf('self');
    await plant(INDEX, { manifests: [{ mediaType: INDEX, digest: own, size: 200 }] }, undefined, own);
    await plant(INDEX, { manifests: [{ mediaType: INDEX, digest: own, size: 200 }] }, '1');
    await expectRefused(/^digest-mismatch$/);
  });

  test('10 levels deep', async () => {
    let child = { ...(await plantImage(source, 'team/app')) };
    for (let level = 0; level < 10; level += 1) {
      const text = JSON.stringify({ schemaVersion: 2, mediaType: INDEX, manifests: [child] });
      child = {
        mediaType: INDEX,
        digest: await plant(INDEX, text, level === 9 ? '1' : undefined),
        size: Buffer.byteLength(text),
      };
    }
    expect(await expectRefused(/^invalid-manifest$/)).toContain('nest deeper');
  });

  describe('whose four levels each name the next one a thousand times', () => {
    test.each([
      ['whole', {}],
      ['rewritten', { platforms: { include: ['linux/arm64'], mode: 'rewrite' as const } }],
      ['sparse', { platforms: { include: ['linux/arm64'], mode: 'sparse' as const } }],
    ])('is read and written once: %s', async (_name, options) => {
      const digests = await plantManyfold(source, 'team/app', '1');
      const run = await runCopy(`${source.host}/team/app:1`, [`${target.host}/mirror/app:1`], {
        referrers: false,
        ...options,
      });
      expect(run.thrown).toBeUndefined();
      expect(run.target?.state).toBe('copied');
      expect(tagAt(target, 'mirror/app', '1')).toBe(digests.at(-1));
      expect(source.requests.filter(({ path }) => path.includes('/manifests/'))).toHaveLength(5);
      expect(target.requests.filter(({ method, path }) => method === 'PUT' && /manifests/.test(path))).toHaveLength(5);
      expect(run.durationMs).toBeLessThan(3000);
    });

    test('is refused as soon as no level has the platform', async () => {
      await plantManyfold(source, 'team/app', '1');
      const platforms = { include: ['linux/s390x'], mode: 'rewrite' as const };
      const run = await runCopy(`${source.host}/team/app:1`, [`${target.host}/mirror/app:1`], { platforms });
      expect(run.problem?.code).toBe('no-matching-platform');
      expect(source.requests.length).toBeLessThanOrEqual(8);
      expect(run.durationMs).toBeLessThan(3000);
    });
  });

  test('that says another size of its child than the child has', async () => {
    const child = await plantImage(source, 'team/app');
    await plant(INDEX, { manifests: [{ ...child, size: child.size + 1 }] }, '1');
    await expectRefused(/^(invalid-manifest|size-mismatch)$/);
  });

  test('that spreads thousands of manifests over nested indexes', async () => {
    const nested = [];
    for (let part = 0; part < 3; part += 1) {
      const manifests = [];
      for (let number = 0; number < 400; number += 1) {
        const config = { mediaType: CONFIG, digest: digestOf('{}'), size: 2 };
        const text = JSON.stringify({
          schemaVersion: 2,
          mediaType: IMAGE,
          config,
          layers: [],
          annotations: { number: `${part} ${number}` },
        });
        manifests.push({ mediaType: IMAGE, digest: await plant(IMAGE, text), size: Buffer.byteLength(text) });
      }
      const text = JSON.stringify({ schemaVersion: 2, mediaType: INDEX, manifests });
      nested.push({ mediaType: INDEX, digest: await plant(INDEX, text), size: Buffer.byteLength(text) });
    }
    await plant(INDEX, { manifests: nested }, '1');
    expect(await expectRefused(/^invalid-manifest$/, 1010)).toContain('more than 1000 manifests');
  });
});

describe('a manifest', () => {
  const honest = { mediaType: CONFIG, digest: digestOf('{}'), size: 2 };

  test.each([
    ['with', { 'content-length': '50000000' }],
    ['without', {}],
  ])('of 50 MB %s a Content-Length is not read beyond the cap', async (_name, length) => {
    let sentBytes = 0;
    await using server = await startBareServer((request, response) => {
      if (request.method === 'HEAD') return response.writeHead(404).end();
      response.writeHead(200, { 'content-type': IMAGE, ...length });
      const more = (): void => {
        while (sentBytes < 50_000_000) {
          sentBytes += 50_000;
          if (!response.write(Buffer.alloc(50_000, ' '))) return;
        }
        response.end();
      };
      response.on('drain', more);
      return more();
    });
    const { thrown, problem } = await runCopy(`${server.host}/team/app:1`, [`${target.host}/mirror/app:1`]);
    expect(thrown?.code).toMatch(/^manifest-too-large$/);
    expectClearProblem(problem, server.host);
    expect(server.requests.filter(({ method }) => method === 'GET')).toHaveLength(1);
    expect(sentBytes).toBeLessThan(16_000_000);
    expect(target.requests.map(({ method }) => method)).toEqual(['HEAD']);
  });

  test.each(['-1', '9007199254740992', '1e400', '1.5', '"2"', 'null', '18446744073709551616'])(
    'with the size %s of a layer',
    async (size) => {
      const layer = `{"mediaType":"${LAYER}","digest":"${digestOf('layer')}","size":${size}}`;
      const text = `{"schemaVersion":2,"mediaType":"${IMAGE}","config":${JSON.stringify(honest)},"layers":[${layer}]}`;
      await plant(IMAGE, text, '1');
      await expectRefused(/^invalid-manifest$/);
    },
  );

  test('with two sizes of one blob', async () => {
    const layer = { mediaType: LAYER, digest: digestOf('layer'), size: 5 };
    await plant(IMAGE, { config: honest, layers: [layer, { ...layer, size: 6 }] }, '1');
    await expectRefused(/^invalid-manifest$/);
  });

  test.each(['[', '{"a":'])('nested a million times by %s', async (piece) => {
    await plant(IMAGE, piece.repeat(Math.floor(1_000_000 / piece.length)), '1');
    await expectRefused(/^invalid-manifest$/);
  });

  test('that names the same layer a thousand times copies it once', async () => {
    const layer = { mediaType: LAYER, digest: await source.plantBlob('team/app', Buffer.from('layer')), size: 5 };
    await source.plantBlob('team/app', Buffer.from('{}'));
    await plant(IMAGE, { config: honest, layers: Array.from({ length: 990 }, () => layer) }, '1');
    const run = await runCopy(`${source.host}/team/app:1`, [`${target.host}/mirror/app:1`]);
    expect(run.target).toMatchObject({ state: 'copied', blobs: { copied: 2 } });
    expect(await flawsBelowTags(target)).toEqual([]);
  });
});

describe('a redirect loop', () => {
  test.each([
    ['of the manifest', /\/manifests\//],
    ['of a blob', /\/blobs\//],
  ])('%s ends after ten hops', async (_name, path) => {
    await plantImage(source, 'team/app', { tag: '1', layerSizes: [] });
    source.faults.push({ match: { method: 'GET', path }, action: { redirectTo: `${source.url}{path}` } });
    const { problem } = await runCopy(`${source.host}/team/app:1`, [`${target.host}/mirror/app:1`]);
    expect(problem?.code).toBe('too-many-redirects');
    expectClearProblem(problem, source.host);
    expect(source.requests.filter((request) => path.test(request.path))).toHaveLength(11);
    expect(tagAt(target, 'mirror/app', '1')).toBeUndefined();
  });

  test('between two registries ends as well', async () => {
    await using other = await startRegistry();
    await plantImage(source, 'team/app', { tag: '1', layerSizes: [] });
    source.faults.push({ match: { path: /\/manifests\// }, action: { redirectTo: `${other.url}{path}` } });
    other.faults.push({ match: {}, action: { redirectTo: `${source.url}{path}` } });
    const { problem } = await runCopy(`${source.host}/team/app:1`, [`${target.host}/mirror/app:1`]);
    expect(problem?.code).toBe('too-many-redirects');
    expect(source.requests.length + other.requests.length).toBe(11);
  });
});
