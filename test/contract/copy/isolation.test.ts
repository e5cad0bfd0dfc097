// What one target answers, or does not answer, is no business of the others; and what a copy says is so.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startRegistry, type RunningRegistry } from '../../../infra/demo/registry.ts';
import type { Descriptor } from '../../../shared/oci/descriptor.ts';
import { kindsAt, openCopyBed, writesAt, type CopyBed } from '../../support/copy-bed.ts';
import { contentAt, INDEX, plantManifest, plantSimpleImage } from '../../support/planted-content.ts';

let source: RunningRegistry;
let troubled: RunningRegistry;
let healthy: RunningRegistry;
let bed: CopyBed;
let images: Descriptor[];

async function plantIndex(
  registry: RunningRegistry,
  tag: string,
  manifests: readonly Descriptor[],
): Promise<Descriptor> {
  const document = { schemaVersion: 2, mediaType: INDEX, manifests };
  return plantManifest({ registry, repository: 'app' }, document, { tag, mediaType: INDEX });
}

beforeEach(async () => {
  [source, troubled, healthy] = await Promise.all([startRegistry(), startRegistry(), startRegistry()]);
  bed = openCopyBed({ patienceMs: 200 });
  images = [];
  for (const architecture of ['amd64', 'arm64']) {
    const image = await plantSimpleImage(
      { registry: source, repository: 'app' },
      { layers: [architecture], config: { architecture } },
    );
    images.push({ ...image, platform: { os: 'linux', architecture } });
  }
  await plantIndex(source, 'v1', images);
  await plantSimpleImage({ registry: troubled, repository: 'app' }, { tag: 'v1', layers: ['older'] });
});

afterEach(async () => {
  await bed[Symbol.asyncDispose]();
  await Promise.all([source, troubled, healthy].map((registry) => registry.stop()));
});

const copyToBoth = (options = {}) =>
  bed.copy(`${source.host}/app:v1`, [`${troubled.host}/app:v1`, `${healthy.host}/app:v1`], {
    referrers: false,
    ...options,
  });
const tagAt = (registry: RunningRegistry) => registry.catalog.get('app')?.tags.get('v1');

describe('a target that', () => {
  test('refuses to say which images it has gets all of them, and the other too', async () => {
    troubled.faults.push({ match: { method: 'HEAD', path: /manifests\/sha256/ }, action: { status: 403 } });
    const { targets } = await copyToBoth();
    expect(targets.map(({ state }) => state)).toEqual(['copied', 'copied']);
  });

  test('is slow to say what its tag names does not keep the other waiting', async () => {
    troubled.faults.push({ match: { method: 'HEAD', path: /manifests\/v1/, nth: 1 }, action: { delayMs: 1500 } });
    const copying = copyToBoth();
    await expect.poll(() => tagAt(healthy), { timeout: 1200 }).toBeDefined();
    expect((await copying).targets.map(({ state }) => state)).toEqual(['copied', 'copied']);
    expect(tagAt(troubled)).toBe(tagAt(healthy));
  });

  test('refuses questions on a dry run fails alone', async () => {
    troubled.faults.push({ match: { method: 'HEAD', path: /blobs/ }, action: { status: 403 } });
    const { targets } = await copyToBoth({ dryRun: true });
    expect(targets.map(({ state }) => state)).toEqual(['failed', 'planned']);
  });
});

test('a sparse copy of further platforms brings what the same index lacked', async () => {
  const sparse = (platform: string) =>
    bed.copy(`${source.host}/app:v1`, `${healthy.host}/app:v1`, {
      referrers: false,
      platforms: { include: [platform], mode: 'sparse' },
    });
  expect((await sparse('linux/amd64')).only.state).toBe('copied');
  expect((await sparse('linux/amd64')).only.state).toBe('unchanged');
  expect((await sparse('linux/arm64')).only.state).toBe('copied');
  for (const { digest } of images) await contentAt({ registry: healthy, repository: 'app' }, digest);
});

test('the last look at a tag comes after everything but the tag was written', async () => {
  await bed.copy(`${source.host}/app:v1`, `${healthy.host}/app:v1`, { referrers: false, onConflict: 'refuse' });
  const kinds = kindsAt(healthy);
  const lastWrite = kinds.lastIndexOf('PUT manifest');
  expect(kinds.slice(lastWrite - 1)).toEqual(['HEAD manifest', 'PUT manifest', 'HEAD manifest']);
  expect(writesAt(healthy).at(-1)).toContain('/manifests/v1');
});
