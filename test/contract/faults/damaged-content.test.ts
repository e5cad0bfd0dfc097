// Content that is not what its digest or size says, wherever it stands: nothing of it is committed at a target, and no tag is written.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startRegistry, type RunningRegistry } from '../../../infra/demo/registry.ts';
import type { Corruption } from '../../../infra/demo/registry/faults.ts';
import { expectClearProblem } from '../../support/clear-problem.ts';
import { runCopy } from '../../support/copy-run.ts';
import { plantImage } from '../../support/planted-image.ts';
import { flawsBelowTags, tagAt } from '../../support/whole-tags.ts';

const IMAGE = 'application/vnd.oci.image.manifest.v1+json';
const LAYER = 'application/vnd.oci.image.layer.v1.tar+gzip';
const CONFIG = 'application/vnd.oci.image.config.v1+json';

let source: RunningRegistry;
let target: RunningRegistry;
let second: RunningRegistry;

beforeEach(async () => {
  [source, target, second] = await Promise.all([
    startRegistry({ recordHeaders: true }),
    startRegistry(),
    startRegistry(),
  ]);
});

afterEach(() => Promise.all([source.stop(), target.stop(), second.stop()]));

const copy = (registries = {}) =>
  runCopy(`${source.host}/team/app:1`, [`${target.host}/mirror/app:1`, `${second.host}/mirror/app:1`], { registries });

/** Both targets hold neither a tag, nor a damaged blob, nor an open upload. */
async function expectUntouched(): Promise<void> {
  for (const registry of [target, second]) {
    expect(tagAt(registry, 'mirror/app', '1')).toBeUndefined();
    expect(await flawsBelowTags(registry)).toEqual([]);
    expect(registry.openUploads()).toBe(0);
  }
}

const CORRUPTIONS: [Corruption, blobCode: string][] = [
  ['flip-byte', 'digest-mismatch'],
  ['truncate', 'size-mismatch'],
  ['extra-bytes', 'size-mismatch'],
];

describe('a blob', () => {
  test.each(CORRUPTIONS)('with %s fails every target at once, as %s', async (corrupt, code) => {
    await plantImage(source, 'team/app', { tag: '1', layerSizes: [300_000, 1000] });
    source.faults.push({ match: { method: 'GET', path: /\/blobs\// }, action: { corrupt } });
    const { report, problem } = await copy();
    expect(report?.targets.map(({ state, error }) => [state, error?.code])).toEqual([
      ['failed', code],
      ['failed', code],
    ]);
    expectClearProblem(problem, source.host);
    expect(problem?.operation).toMatch(/^read blob sha256:/);
    await expectUntouched();
    for (const registry of [target, second]) expect(registry.catalog.get('mirror/app')?.blobs.size ?? 0).toBe(0);
  });

  test.each(CORRUPTIONS)('with %s is not read again and again', async (corrupt) => {
    await plantImage(source, 'team/app', { tag: '1', layerSizes: [] });
    source.faults.push({ match: { method: 'GET', path: /\/blobs\// }, action: { corrupt } });
    await copy();
    expect(source.requests.filter(({ path }) => path.includes('/blobs/'))).toHaveLength(1);
  });

  test.each([
    ['larger', 1],
    ['smaller', -1],
    ['much larger', 1_000_000_000],
  ])('that the manifest calls %s is a size mismatch', async (_name, difference) => {
    const layer = Buffer.alloc(5000, 'x');
    const config = Buffer.from('{}');
    const described = async (mediaType: string, bytes: Uint8Array, wrong = 0) => ({
      mediaType,
      digest: await source.plantBlob('team/app', bytes),
      size: bytes.byteLength + wrong,
    });
    const manifest = {
      schemaVersion: 2,
      mediaType: IMAGE,
      config: await described(CONFIG, config),
      layers: [await described(LAYER, layer, difference)],
    };
    await source.plantManifest('team/app', Buffer.from(JSON.stringify(manifest)), { mediaType: IMAGE, tags: ['1'] });
    const { problem } = await copy();
    expect(problem?.code).toBe('size-mismatch');
    expectClearProblem(problem, source.host);
    await expectUntouched();
  });

  test('that is gone says which one, where', async () => {
    await plantImage(source, 'team/app', { tag: '1' });
    source.faults.push({
      match: { method: 'GET', path: /\/blobs\// },
      action: { status: 404, body: '{"errors":[{"code":"BLOB_UNKNOWN","message":"blob unknown"}]}' },
    });
    const { problem } = await copy();
    expect(problem).toMatchObject({ code: 'blob-unknown', status: 404 });
    expectClearProblem(problem, source.host);
    await expectUntouched();
  });

  test('whose last byte only is wrong is not committed by the last piece', async () => {
    await plantImage(source, 'team/app', { tag: '1', layerSizes: [] });
    const honest = Buffer.alloc(2_000_000, 'honest');
    const digest = await source.plantBlob('team/app', honest);
    const lying = Buffer.from(honest);
    lying[lying.length - 1] = 0;
    await source.plantBlob('team/app', lying, digest);
    const config = await source.plantBlob('team/app', Buffer.from('{}'));
    const manifest = {
      schemaVersion: 2,
      mediaType: IMAGE,
      config: { mediaType: CONFIG, digest: config, size: 2 },
      layers: [{ mediaType: LAYER, digest, size: honest.byteLength }],
    };
    await source.plantManifest('team/app', Buffer.from(JSON.stringify(manifest)), { mediaType: IMAGE, tags: ['1'] });
    const { problem } = await copy();
    expect(problem?.code).toBe('digest-mismatch');
    await expectUntouched();
  });
});

describe('a manifest', () => {
  test.each(['flip-byte', 'truncate', 'extra-bytes', 'wrong-header-digest'] as const)(
    'with %s is refused before anything is sent',
    async (corrupt) => {
      await plantImage(source, 'team/app', { tag: '1' });
      source.faults.push({ match: { method: 'GET', path: /\/manifests\// }, action: { corrupt } });
      const { thrown, problem } = await copy();
      expect(thrown?.code).toMatch(/^(digest-mismatch|invalid-manifest)$/);
      expectClearProblem(problem, source.host);
      await expectUntouched();
      for (const registry of [target, second]) {
        expect(registry.requests.filter(({ method }) => method !== 'HEAD' && method !== 'GET')).toEqual([]);
      }
    },
  );

  test('that the target stores differently ends in an error, not in "copied"', async () => {
    await plantImage(source, 'team/app', { tag: '1' });
    target.faults.push({ match: { method: 'PUT', path: /\/manifests\// }, action: { corrupt: 'wrong-header-digest' } });
    const { target: report, problem } = await copy();
    expect(report?.state).toBe('failed');
    expect(problem?.code).toBe('digest-mismatch');
    expectClearProblem(problem, target.host);
  });

  test('whose tag moved away during the copy ends in an error', async () => {
    const { digest } = await plantImage(source, 'team/app', { tag: '1' });
    const other = await plantImage(source, 'team/other', { layerSizes: [7] });
    target.faults.push({
      match: { method: 'HEAD', path: /\/manifests\/1$/, nth: 2 },
      action: {
        status: 200,
        headers: { 'docker-content-digest': other.digest, 'content-type': IMAGE, 'content-length': '500' },
      },
    });
    const { target: report } = await copy();
    expect(report).toMatchObject({ state: 'failed', error: { code: 'copy-failed', operation: 'confirm' } });
    expect(report?.error?.message).toContain(digest);
  });
});
