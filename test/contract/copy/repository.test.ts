// Many tags of one repository: what they share crosses once, and one that fails does not stop the others.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startRegistry, type RunningRegistry } from '../../../infra/demo/registry.ts';
import type { Descriptor } from '../../../shared/oci/descriptor.ts';
import { cosignTags, fallbackTag } from '../../../shared/oci/fallback-tag.ts';
import { countsAt, openCopyBed, type CopyBed } from '../../support/copy-bed.ts';
import {
  contentAt,
  INDEX,
  plantManifest,
  plantReferrer,
  plantSimpleImage,
  type Place,
} from '../../support/planted-content.ts';

let source: RunningRegistry;
let target: RunningRegistry;
let bed: CopyBed;
let from: Place;
let to: Place;

beforeEach(async () => {
  [source, target] = await Promise.all([startRegistry({ maxPageSize: 7 }), startRegistry()]);
  bed = openCopyBed();
  from = { registry: source, repository: 'app' };
  to = { registry: target, repository: 'mirror' };
});

afterEach(async () => {
  await bed[Symbol.asyncDispose]();
  await Promise.all([source.stop(), target.stop()]);
});

const copyAll = (options = {}) =>
  bed.copyRepository(`${source.host}/app`, [`${target.host}/mirror`], { referrers: false, ...options });
const tagsAt = ({ registry, repository }: Place) => Object.fromEntries(registry.catalog.get(repository)?.tags ?? []);

test('all tags arrive, over all pages of the list, in a report each', async () => {
  const names = Array.from({ length: 25 }, (_none, number) => `v${number}`);
  for (const tag of names) await plantSimpleImage(from, { tag, layers: ['base', tag] });
  const { reports } = await copyAll();
  expect(tagsAt(to)).toEqual(tagsAt(from));
  expect(reports.map(({ source: { reference } }) => reference.split(':').at(-1))).toEqual(names);
  expect(reports.flatMap(({ targets }) => targets.map(({ state }) => state))).toEqual(names.map(() => 'copied'));
  for (const tag of names) await contentAt(to, tag);
  // The base layer and the configuration are shared by all.
  expect(countsAt(source)['GET blob']).toBe(names.length + 2);
  expect(countsAt(target)['PUT upload']).toBe(names.length + 2);
});

test('many tags of one digest cost one copy, and then one PUT each', async () => {
  const names = Array.from({ length: 40 }, (_none, number) => `v${number}`);
  for (const tag of names) await plantSimpleImage(from, { tag, layers: ['a', 'b'] });
  await copyAll();
  expect(tagsAt(to)).toEqual(tagsAt(from));
  const counts = countsAt(target);
  expect(counts['PUT upload']).toBe(3);
  expect(counts['PUT manifest']).toBe(names.length);
  // The tag before and after.
  expect(counts['HEAD manifest']).toBe(2 * names.length);
  expect(countsAt(source)['GET blob']).toBe(3);
});

test('only the tags that are named', async () => {
  for (const tag of ['a', 'b', 'c']) await plantSimpleImage(from, { tag, layers: [tag] });
  await copyAll({ tags: ['a', 'c'] });
  expect(Object.keys(tagsAt(to))).toEqual(['a', 'c']);
  expect(countsAt(source)['GET tags']).toBeUndefined();
});

test('a tag that the target refuses fails alone', async () => {
  for (const tag of ['a', 'b', 'c', 'd', 'e', 'f']) await plantSimpleImage(from, { tag, layers: [tag] });
  target.faults.push({ match: { method: 'PUT', path: /manifests\/c$/ }, action: { status: 403 } });
  const { reports } = await copyAll();
  const states = reports.map(({ targets: [only] }) => only?.state);
  expect(states).toEqual(['copied', 'copied', 'failed', 'copied', 'copied', 'copied']);
  expect(Object.keys(tagsAt(to)).toSorted()).toEqual(['a', 'b', 'd', 'e', 'f']);
});

test('a tag that cannot be read at the source fails alone', async () => {
  for (const tag of ['a', 'b', 'c', 'd', 'e', 'f']) await plantSimpleImage(from, { tag, layers: [tag] });
  source.faults.push({ match: { method: 'GET', path: /manifests\/b$/ }, action: { status: 403 } });
  const { reports } = await copyAll();
  const outcomes = reports.map(({ targets: [only] }) => only?.error?.code ?? only?.state);
  expect(outcomes).toEqual(['copied', 'denied', 'copied', 'copied', 'copied', 'copied']);
  expect(Object.keys(tagsAt(to)).toSorted()).toEqual(['a', 'c', 'd', 'e', 'f']);
});

test('again, nothing changed: a HEAD for each tag on each side', async () => {
  for (const tag of ['a', 'b', 'c']) await plantSimpleImage(from, { tag, layers: [tag] });
  await copyAll();
  source.requests.length = 0;
  target.requests.length = 0;
  const { reports } = await copyAll();
  expect(reports.map(({ targets: [only] }) => only?.state)).toEqual(['unchanged', 'unchanged', 'unchanged']);
  expect(countsAt(source)).toEqual({ 'GET tags': 1, 'HEAD manifest': 3 });
  expect(countsAt(target)).toEqual({ 'HEAD manifest': 3 });
});

test('a repository that is not there is an error, not a copy of nothing', async () => {
  await expect(copyAll()).rejects.toMatchObject({ code: 'not-found' });
});

test('signatures of tags of one digest are copied once', async () => {
  const image = await plantSimpleImage(from, { tag: 'a' });
  for (const tag of ['b', 'c', 'd', 'e', 'f']) await plantSimpleImage(from, { tag });
  const signature = await plantReferrer(from, image, 'signature');
  await copyAll({ referrers: true });
  await contentAt(to, signature.digest);
  expect(countsAt(target)['PUT upload']).toBe(4);
});

describe('tags that stand for a digest', () => {
  let image: Descriptor;
  let list: string;
  let signatureTag: string;
  let signature: Descriptor;
  let ours: Descriptor;

  beforeEach(async () => {
    await Promise.all([source.stop(), target.stop()]);
    const withTags = { referrersApi: false };
    [source, target] = await Promise.all([startRegistry(withTags), startRegistry(withTags)]);
    from = { registry: source, repository: 'app' };
    to = { registry: target, repository: 'mirror' };
    image = await plantSimpleImage(from, { tag: 'v1' });
    list = fallbackTag(image.digest);
    [signatureTag = ''] = cosignTags(image.digest);
    ours = await plantReferrer(from, image, 'ours');
    await plantManifest(from, { manifests: [ours] }, { mediaType: INDEX, tag: list });
    signature = await plantSimpleImage(from, { tag: signatureTag, layers: ['signature'] });
  });

  const listedAt = async (registry: RunningRegistry) => {
    const digest = registry.catalog.get('mirror')?.tags.get(list) ?? '';
    const { manifests }: { manifests: Descriptor[] } = JSON.parse(
      Buffer.from((await registry.bytesOf(digest)) ?? '').toString('utf8'),
    );
    return manifests.map((entry) => entry.digest).toSorted();
  };

  test("the source's list of referrers does not replace the target's", async () => {
    const theirs = await plantReferrer(to, image, 'theirs');
    await plantManifest(to, { manifests: [theirs] }, { mediaType: INDEX, tag: list });
    const { reports } = await copyAll({ referrers: true });
    const states = reports.map(({ targets: [only] }) => only?.error?.code ?? only?.state);
    expect(states).toEqual(states.map(() => 'copied'));
    expect(await listedAt(target)).toEqual([ours.digest, theirs.digest].toSorted());
    expect(tagsAt(to)).toMatchObject({ v1: image.digest, [signatureTag]: signature.digest });
  });

  test('stay behind with what they stand for', async () => {
    const { reports } = await copyAll({ referrers: false });
    expect(reports).toHaveLength(1);
    expect(tagsAt(to)).toEqual({ v1: image.digest });
  });

  test('are copied where an image has such a name', async () => {
    const name = `sha256-${'a'.repeat(64)}`;
    const named = await plantSimpleImage(from, { tag: name, layers: ['named'] });
    await copyAll({ referrers: false });
    expect(tagsAt(to)).toEqual({ v1: image.digest, [name]: named.digest });
  });

  test('fail alone where they cannot be read', async () => {
    source.faults.push({ match: { path: new RegExp(`manifests/${list}$`) }, action: { status: 403 } });
    const { reports } = await copyAll({ referrers: false });
    const outcomes = reports.map(({ targets: [only] }) => only?.error?.code ?? only?.state);
    expect(outcomes).toEqual(['denied', 'copied']);
  });
});
