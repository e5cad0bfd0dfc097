// Which platforms of an index arrive, and under which digest.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startRegistry, type RunningRegistry } from '../../../infra/demo/registry.ts';
import type { PlatformMode } from '../../../shared/mirror/copy-types.ts';
import type { Descriptor } from '../../../shared/oci/descriptor.ts';
import { openCopyBed, writesAt, type CopyBed } from '../../support/copy-bed.ts';
import {
  contentAt,
  INDEX,
  plantBlob,
  plantManifest,
  plantReferrer,
  plantSimpleImage,
  type Place,
} from '../../support/planted-content.ts';
import { plantIndex, type PlantedIndex } from '../../support/planted-image.ts';

let source: RunningRegistry;
let target: RunningRegistry;
let bed: CopyBed;
let from: Place;
let to: Place;
let index: PlantedIndex;

beforeEach(async () => {
  [source, target] = await Promise.all([startRegistry(), startRegistry()]);
  bed = openCopyBed();
  from = { registry: source, repository: 'team/app' };
  to = { registry: target, repository: 'mirror/app' };
  index = await plantIndex(source, 'team/app', 'v1');
});

afterEach(async () => {
  await bed[Symbol.asyncDispose]();
  await Promise.all([source.stop(), target.stop()]);
});

const copy = (mode: PlatformMode, include: string[], tag = 'v1') =>
  bed.copy(`${source.host}/team/app:${tag}`, `${target.host}/mirror/app:${tag}`, { platforms: { mode, include } });

const held = () => [...(target.catalog.get('mirror/app')?.manifests.keys() ?? [])];

async function entriesAt(place: Place, tag: string): Promise<Descriptor[]> {
  const digest = place.registry.catalog.get(place.repository)?.tags.get(tag) ?? '';
  const document: { manifests: Descriptor[] } = JSON.parse(
    Buffer.from((await place.registry.bytesOf(digest)) ?? '').toString('utf8'),
  );
  return document.manifests;
}

test('keep copies the whole index', async () => {
  const { only } = await copy('keep', ['linux/arm64']);
  expect(only).toMatchObject({ state: 'copied', digest: index.digest });
  expect(await contentAt(to, 'v1')).toEqual(await contentAt(from, 'v1'));
});

describe('rewrite', () => {
  test('makes an index of the chosen images and their attestations, as the source described them', async () => {
    const { only } = await copy('rewrite', ['linux/amd64']);
    expect(only.state).toBe('copied');
    expect(only.digest).not.toBe(index.digest);
    const entries = await entriesAt(from, 'v1');
    expect(await entriesAt(to, 'v1')).toEqual(entries.filter(({ digest }) => digest !== index.arm64));
    expect(held()).not.toContain(index.arm64);
    await contentAt(to, 'v1');
  });

  test('leaves an attestation behind with its image', async () => {
    await copy('rewrite', ['linux/arm64']);
    expect((await entriesAt(to, 'v1')).map(({ digest }) => digest)).toEqual([index.arm64]);
    expect(held()).not.toContain(index.attestation);
  });

  test('gives the same digest every time, and then finds it unchanged', async () => {
    const first = await copy('rewrite', ['linux/arm64']);
    target.requests.length = 0;
    const second = await copy('rewrite', ['linux/arm64/v8']);
    expect(second.only).toMatchObject({ state: 'unchanged', digest: first.only.digest });
    expect(writesAt(target)).toEqual([]);
  });

  test('keeps the digest, and the signatures, where everything was chosen', async () => {
    const { only } = await copy('rewrite', ['linux/amd64', 'linux/arm64']);
    expect(only.digest).toBe(index.digest);
    expect(held()).toContain(index.sbom);
  });

  test('does not pass signatures of the old index off as those of the new one', async () => {
    const amd64 = (await entriesAt(from, 'v1'))[0];
    const ofImage = await plantReferrer(from, amd64 ?? { mediaType: '', digest: '', size: 0 }, 'signed image');
    const { only } = await copy('rewrite', ['linux/amd64']);
    // The source knows nothing of an index that was made here.
    expect(source.requests.filter(({ path }) => path.includes(only.digest ?? 'none'))).toEqual([]);
    expect(held()).toContain(ofImage.digest);
    expect(held()).not.toContain(index.sbom);
    expect(held()).not.toContain(index.signature);
  });

  test('reaches into nested indexes, and drops one that has nothing of what is wanted', async () => {
    const amd64 = {
      ...(await plantSimpleImage(from, { layers: ['a'] })),
      platform: { os: 'linux', architecture: 'amd64' },
    };
    const arm64 = {
      ...(await plantSimpleImage(from, { layers: ['b'] })),
      platform: { os: 'linux', architecture: 'arm64' },
    };
    const mixed = await plantManifest(from, { manifests: [amd64, arm64] }, { mediaType: INDEX });
    const other = await plantManifest(from, { manifests: [arm64] }, { mediaType: INDEX });
    await plantManifest(from, { manifests: [mixed, other] }, { mediaType: INDEX, tag: 'nested' });
    await copy('rewrite', ['linux/amd64'], 'nested');
    const entries = await entriesAt(to, 'nested');
    expect(entries).toHaveLength(1);
    expect(entries[0]?.digest).not.toBe(mixed.digest);
    const whole = await contentAt(to, 'nested');
    expect([...whole.keys()]).toContain(amd64.digest);
    expect(held()).not.toContain(arm64.digest);
  });
});

describe('sparse', () => {
  test('keeps the index and copies the chosen images only', async () => {
    const { only } = await copy('sparse', ['linux/arm64']);
    expect(only).toMatchObject({ state: 'copied', digest: index.digest });
    expect(held()).toContain(index.arm64);
    expect(held()).not.toContain(index.amd64);
    await contentAt(to, index.arm64);
  });

  test('fails at a registry that wants all children, and writes no tag there', async () => {
    await target.stop();
    target = await startRegistry({ sparseIndexes: false });
    const { only } = await copy('sparse', ['linux/arm64']);
    expect(only).toMatchObject({ state: 'failed', error: { registry: target.host, repository: 'mirror/app' } });
    expect(target.catalog.get('mirror/app')?.tags.size).toBe(0);
  });
});

describe.each(['keep', 'rewrite', 'sparse'] as const)('%s', (mode) => {
  test('refuses a platform that is not there, and writes nothing', async () => {
    await expect(copy(mode, ['linux/s390x'])).rejects.toMatchObject({
      code: 'no-matching-platform',
      hint: 'it has linux/amd64, linux/arm64/v8',
    });
    expect(writesAt(target)).toEqual([]);
  });

  test('takes a single image of the platform as it is', async () => {
    const image = await plantSimpleImage(from, { tag: 'single' });
    expect((await copy(mode, ['linux/amd64'], 'single')).only).toMatchObject({ state: 'copied', digest: image.digest });
  });

  test('refuses a single image of another platform', async () => {
    await plantSimpleImage(from, { tag: 'single', config: { architecture: 's390x' } });
    await expect(copy(mode, ['linux/amd64'], 'single')).rejects.toMatchObject({
      code: 'no-matching-platform',
      hint: 'it is a single image for linux/s390x',
    });
    expect(writesAt(target)).toEqual([]);
  });

  test('takes an artifact that has no platform', async () => {
    const config = await plantBlob(from, '{}', { mediaType: 'application/vnd.cncf.helm.config.v1+json' });
    await plantManifest(from, { config, layers: [] }, { tag: 'chart' });
    expect((await copy(mode, ['linux/amd64'], 'chart')).only.state).toBe('copied');
  });
});
