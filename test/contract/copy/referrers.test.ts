// Signatures, SBOMs and whatever else refers to an image follow it, whichever way a registry lists them.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startRegistry, type RunningRegistry } from '../../../infra/demo/registry.ts';
import type { RegistryOptions } from '../../../infra/demo/registry/options.ts';
import type { Descriptor } from '../../../shared/oci/descriptor.ts';
import { cosignTags, fallbackTag } from '../../../shared/oci/fallback-tag.ts';
import { kindsAt, openCopyBed, writesAt, type CopyBed } from '../../support/copy-bed.ts';
import {
  contentAt,
  IMAGE,
  INDEX,
  LAYER,
  plantManifest,
  plantReferrer,
  plantSimpleImage,
  type Place,
} from '../../support/planted-content.ts';

const withApi: RegistryOptions = {};
const withTags: RegistryOptions = { referrersApi: false };

let source: RunningRegistry;
let target: RunningRegistry;
let bed: CopyBed;
let from: Place;
let to: Place;
let image: Descriptor;

async function begin(sourceOptions: RegistryOptions, targetOptions: RegistryOptions) {
  [source, target] = await Promise.all([startRegistry(sourceOptions), startRegistry(targetOptions)]);
  bed = openCopyBed();
  from = { registry: source, repository: 'app' };
  to = { registry: target, repository: 'app' };
  image = await plantSimpleImage(from, { tag: 'v1' });
}

beforeEach(() => begin(withApi, withApi));
afterEach(end);

async function end() {
  await bed[Symbol.asyncDispose]();
  await Promise.all([source.stop(), target.stop()]);
}

const copy = (options = {}) => bed.copy(`${source.host}/app:v1`, `${target.host}/app:v1`, options);

/** Adds a referrer the way the source lists them. */
async function refer(subject: Descriptor, content: string, fields: object = {}): Promise<Descriptor> {
  const referrer = await plantReferrer(from, subject, content, fields);
  const tag = fallbackTag(subject.digest);
  const before = source.catalog.get('app')?.tags.get(tag);
  const entry = { ...referrer, artifactType: 'application/vnd.test' };
  const entries = before === undefined ? [] : await manifestsOf(before);
  await plantManifest(from, { manifests: [...entries, entry] }, { mediaType: INDEX, tag });
  return referrer;
}

async function manifestsOf(digest: string, registry = source): Promise<Descriptor[]> {
  const text = Buffer.from((await registry.bytesOf(digest)) ?? '').toString('utf8');
  const { manifests }: { manifests: Descriptor[] } = JSON.parse(text);
  return manifests;
}

/** What the target lists as referrers, asked as a client would. */
async function listed(subject: string): Promise<string[]> {
  const api = await fetch(`${target.url}/v2/app/referrers/${subject}`);
  const answer = api.ok
    ? api
    : await fetch(`${target.url}/v2/app/manifests/${fallbackTag(subject)}`, { headers: { accept: INDEX } });
  if (!answer.ok) return [];
  const { manifests }: { manifests: Descriptor[] } = JSON.parse(await answer.text());
  return manifests.map(({ digest }) => digest).toSorted();
}

describe.each([
  ['API to API', withApi, withApi],
  ['API to tag', withApi, withTags],
  ['tag to API', withTags, withApi],
  ['tag to tag', withTags, withTags],
])('from %s', (_name, sourceOptions, targetOptions) => {
  beforeEach(async () => {
    await end();
    await begin(sourceOptions, targetOptions);
  });

  test('arrive whole, are listed, and are not copied again', async () => {
    const signature = await refer(image, 'signature');
    const sbom = await refer(image, 'sbom', { annotations: { kind: 'sbom' } });
    expect((await copy()).only).toMatchObject({ state: 'copied', referrers: 2 });
    expect(await listed(image.digest)).toEqual([signature.digest, sbom.digest].toSorted());
    for (const { digest } of [signature, sbom])
      expect(await contentAt(to, digest)).toEqual(await contentAt(from, digest));
    target.requests.length = 0;
    expect((await copy()).only).toMatchObject({ state: 'unchanged', referrers: 0 });
    expect(writesAt(target)).toEqual([]);
  });

  test('follow an image that is unchanged when one is added', async () => {
    const first = await refer(image, 'first');
    await copy();
    const second = await refer(image, 'second');
    target.requests.length = 0;
    expect((await copy()).only).toMatchObject({ state: 'copied', referrers: 1, digest: image.digest });
    expect(await listed(image.digest)).toEqual([first.digest, second.digest].toSorted());
    expect(writesAt(target).filter((write) => write.endsWith('/v1'))).toEqual([]);
  });

  test('leave those of the target in its list', async () => {
    const own = await plantReferrer(to, image, 'of the target');
    await plantManifest(to, { manifests: [own] }, { mediaType: INDEX, tag: fallbackTag(image.digest) });
    const ours = await refer(image, 'of the source');
    await copy();
    expect(await listed(image.digest)).toEqual([own.digest, ours.digest].toSorted());
  });

  test('of referrers follow too', async () => {
    const sbom = await refer(image, 'sbom');
    const signed = await refer(sbom, 'signature of the sbom');
    expect((await copy()).only.referrers).toBe(2);
    expect(await listed(sbom.digest)).toEqual([signed.digest]);
  });

  test('of the images of an index follow too', async () => {
    await plantManifest(from, { manifests: [image] }, { mediaType: INDEX, tag: 'v1' });
    const signature = await refer(image, 'of the image');
    await copy();
    expect(await listed(image.digest)).toEqual([signature.digest]);
  });

  test('stay behind when they are not wanted', async () => {
    await refer(image, 'signature');
    source.requests.length = 0;
    expect((await copy({ referrers: false })).only).toMatchObject({ state: 'copied', referrers: 0 });
    expect(await listed(image.digest)).toEqual([]);
    expect(kindsAt(source)).not.toContain('GET referrers');
  });
});

test('lists a referrer in the fallback index as the specification wants it', async () => {
  await end();
  await begin(withApi, withTags);
  const sbom = await refer(image, 'sbom', { annotations: { kind: 'sbom' } });
  await copy();
  const index = target.catalog.get('app')?.tags.get(fallbackTag(image.digest)) ?? '';
  expect(await manifestsOf(index, target)).toEqual([
    { ...sbom, artifactType: 'application/vnd.test', annotations: { kind: 'sbom' } },
  ]);
});

test('tags come before what refers to them, and a referrer before its entry in the list', async () => {
  await end();
  await begin(withApi, withTags);
  const sbom = await refer(image, 'sbom');
  await copy();
  const puts = writesAt(target).filter((write) => write.startsWith('PUT /v2/app/manifests/'));
  const names = ['v1', sbom.digest, fallbackTag(image.digest)];
  expect(puts).toEqual(names.map((name) => `PUT /v2/app/manifests/${name}`));
});

test("cosign's tags follow, of the image and of what it is in", async () => {
  await plantManifest(from, { manifests: [image] }, { mediaType: INDEX, tag: 'v1' });
  const [signatureTag = '', attestationTag = ''] = cosignTags(image.digest);
  const signature = await plantSimpleImage(from, { tag: signatureTag, layers: ['signature'] });
  const attestation = await plantSimpleImage(from, { tag: attestationTag, layers: ['attestation'] });
  expect((await copy()).only.referrers).toBe(2);
  const tags = target.catalog.get('app')?.tags;
  expect(tags?.get(signatureTag)).toBe(signature.digest);
  expect(tags?.get(attestationTag)).toBe(attestation.digest);
  await contentAt(to, signatureTag);
});

test("cosign's tags of an unchanged image follow where they moved", async () => {
  const [tag = ''] = cosignTags(image.digest);
  await plantSimpleImage(from, { tag, layers: ['signature'] });
  await copy();
  const better = await plantSimpleImage(from, { tag, layers: ['signature', 'another signature'] });
  expect((await copy()).only).toMatchObject({ state: 'copied', referrers: 1 });
  expect(target.catalog.get('app')?.tags.get(tag)).toBe(better.digest);
});

test('of an image with many platforms cosign tags are looked for in one list of tags', async () => {
  const images = await Promise.all(
    [1, 2, 3, 4, 5, 6].map((number) => plantSimpleImage(from, { layers: [`layer ${number}`] })),
  );
  await plantManifest(from, { manifests: images }, { mediaType: INDEX, tag: 'v1' });
  const [tag = ''] = cosignTags(images[3]?.digest ?? '');
  await plantSimpleImage(from, { tag, layers: ['signature'] });
  source.requests.length = 0;
  expect((await copy()).only.referrers).toBe(1);
  expect(kindsAt(source).filter((kind) => kind === 'GET tags')).toHaveLength(1);
  expect(kindsAt(source).filter((kind) => kind === 'HEAD manifest').length).toBeLessThanOrEqual(4);
});

test('ends when referrers go in a circle', async () => {
  await end();
  await begin(withTags, withApi);
  const first = await plantReferrer(from, image, 'first');
  const second = await plantReferrer(from, first, 'second');
  const loops: [Descriptor, Descriptor[]][] = [
    [image, [first]],
    [first, [second]],
    [second, [first, image]],
  ];
  for (const [subject, manifests] of loops) {
    await plantManifest(from, { manifests }, { mediaType: INDEX, tag: fallbackTag(subject.digest) });
  }
  expect((await copy()).only.state).toBe('copied');
  await contentAt(to, second.digest);
});

test('takes all pages of a list', async () => {
  await end();
  await begin({ referrersPageSize: 2 }, withApi);
  const all: string[] = [];
  for (let number = 0; number < 7; number += 1) all.push((await refer(image, `referrer ${number}`)).digest);
  await copy();
  expect(await listed(image.digest)).toEqual(all.toSorted());
});

test('writers of the same fallback tag lose nothing of each other', async () => {
  await end();
  await begin(withApi, withTags);
  const other = { registry: source, repository: 'other' };
  await plantSimpleImage(other, { tag: 'v1' });
  const before = await plantReferrer(to, image, 'before');
  const fallback = fallbackTag(image.digest);
  await plantManifest(to, { manifests: [before] }, { mediaType: INDEX, tag: fallback });
  const ours = await refer(image, 'ours');
  const theirs = await plantReferrer(other, image, 'theirs');
  // The first to write is so slow that the second reads, writes and checks meanwhile.
  target.faults.push({ match: { method: 'PUT', path: new RegExp(fallback), nth: 1 }, action: { delayMs: 300 } });
  const copies = ['app', 'other'].map((name) => bed.copy(`${source.host}/${name}:v1`, `${target.host}/app:v1`));
  for (const { only } of await Promise.all(copies)) expect(only.error).toBeUndefined();
  expect(await listed(image.digest)).toEqual([before.digest, ours.digest, theirs.digest].toSorted());
});

describe('a failure', () => {
  test('of one referrer fails the target, though its tag is there', async () => {
    const sbom = await refer(image, 'sbom');
    target.faults.push({ match: { method: 'PUT', path: new RegExp(sbom.digest) }, action: { status: 403 } });
    const { only } = await copy();
    expect(only).toMatchObject({ state: 'failed', digest: image.digest, error: { code: 'denied' } });
    expect(target.catalog.get('app')?.tags.get('v1')).toBe(image.digest);
  });

  test('of one referrer does not hold up the others', async () => {
    await end();
    await begin(withTags, withApi);
    const first = await refer(image, 'first');
    const second = await refer(image, 'second');
    target.faults.push({ match: { method: 'PUT', path: new RegExp(first.digest) }, action: { status: 403 } });
    expect((await copy()).only).toMatchObject({ state: 'failed', referrers: 1, error: { code: 'denied' } });
    expect(await listed(image.digest)).toEqual([second.digest]);
  });

  test('of one referrer at the source does not hold up the others', async () => {
    await end();
    await begin(withTags, withApi);
    const first = await refer(image, 'first');
    const second = await refer(image, 'second');
    source.faults.push({ match: { method: 'GET', path: new RegExp(first.digest) }, action: { status: 403 } });
    const { only } = await copy();
    expect(only).toMatchObject({ state: 'failed', referrers: 1, error: { code: 'denied', registry: source.host } });
    expect(await listed(image.digest)).toEqual([second.digest]);
  });

  test('of one after the other is not waited for any longer', async () => {
    for (let number = 0; number < 30; number += 1) await refer(image, `referrer ${number}`);
    target.faults.push({ match: { method: 'PUT', path: /manifests\/sha256:/ }, action: { status: 403 } });
    expect((await copy()).only).toMatchObject({ state: 'failed', error: { code: 'denied' } });
    expect(writesAt(target).filter((write) => /PUT .*manifests\/sha256:/.test(write)).length).toBeLessThan(15);
  });

  test('of the list at the source fails the target, and says which registry', async () => {
    source.faults.push({ match: { path: /referrers/ }, action: { status: 403 } });
    const { only } = await copy();
    expect(only).toMatchObject({ state: 'failed', error: { code: 'denied', registry: source.host } });
  });
});

describe('a referrer that is listed, but not there,', () => {
  const gone = { mediaType: IMAGE, digest: `sha256:${'e'.repeat(64)}`, size: 300 };

  beforeEach(async () => {
    await end();
    await begin(withTags, withApi);
  });

  test('is warned of once, and those after it follow', async () => {
    const others = [await startRegistry(), await startRegistry()];
    const signature = await plantReferrer(from, image, 'signature');
    const tag = fallbackTag(image.digest);
    await plantManifest(from, { manifests: [gone, signature] }, { mediaType: INDEX, tag });
    const hosts = [target, ...others].map(({ host }) => `${host}/app:v1`);
    const { targets, events } = await bed.copy(`${source.host}/app:v1`, hosts);
    expect(targets.map(({ state, referrers }) => [state, referrers])).toEqual(hosts.map(() => ['copied', 1]));
    expect(await listed(image.digest)).toEqual([signature.digest]);
    const warnings = events.filter(({ type }) => type === 'warning');
    expect(warnings).toEqual([
      { type: 'warning', registry: source.host, message: expect.stringContaining(gone.digest) },
    ]);
    await Promise.all(others.map((registry) => registry.stop()));
  });

  test('is not copied without its content: that fails, and those after it follow', async () => {
    const layers = [{ ...gone, mediaType: LAYER }];
    const hollow = await plantReferrer(from, image, 'hollow', { layers });
    const signature = await plantReferrer(from, image, 'signature');
    const tag = fallbackTag(image.digest);
    await plantManifest(from, { manifests: [hollow, signature] }, { mediaType: INDEX, tag });
    expect((await copy()).only).toMatchObject({ state: 'failed', referrers: 1 });
    expect(await listed(image.digest)).toEqual([signature.digest]);
  });
});

test('more referrers than anybody has are refused before the first is copied', async () => {
  await end();
  await begin(withTags, withApi);
  const images: Descriptor[] = [];
  for (let number = 0; number < 6; number += 1) {
    const one = await plantSimpleImage(from, { layers: [`layer ${number}`] });
    const manifests = Array.from({ length: 900 }, (_none, entry) => ({
      mediaType: IMAGE,
      digest: `sha256:${(number * 1_000 + entry).toString(16).padStart(64, '0')}`,
      size: 300,
    }));
    await plantManifest(from, { manifests }, { mediaType: INDEX, tag: fallbackTag(one.digest) });
    images.push(one);
  }
  await plantManifest(from, { manifests: images }, { mediaType: INDEX, tag: 'v1' });
  source.requests.length = 0;
  expect((await copy()).only).toMatchObject({ state: 'failed', error: { code: 'invalid-response' } });
  expect(source.requests.length).toBeLessThan(60);
});

describe('a tag of cosign that names something else at the target', () => {
  const tags = () => Object.fromEntries(target.catalog.get('app')?.tags ?? []);
  let tag: string;
  let ours: Descriptor;
  let theirs: Descriptor;

  beforeEach(async () => {
    [tag = ''] = cosignTags(image.digest);
    ours = await plantSimpleImage(from, { tag, layers: ['ours'] });
    theirs = await plantSimpleImage(to, { tag, layers: ['theirs'] });
  });

  test('is replaced by a copy that overwrites', async () => {
    await copy({ onConflict: 'overwrite' });
    expect(tags()).toEqual({ v1: image.digest, [tag]: ours.digest });
  });

  test('is left alone by a copy that refuses', async () => {
    const { only } = await copy({ onConflict: 'refuse' });
    expect(only).toMatchObject({ state: 'failed', digest: image.digest, error: { code: 'conflict-refused' } });
    expect(only.error?.message).toContain(`:${tag} already names ${theirs.digest}`);
    expect(tags()).toEqual({ v1: image.digest, [tag]: theirs.digest });
  });

  test('is kept by a copy with backups', async () => {
    expect((await copy({ onConflict: 'backup' })).only.state).toBe('copied');
    const backup = `${tag}-backup-${theirs.digest.slice('sha256:'.length, 'sha256:'.length + 12)}`;
    expect(tags()).toEqual({ v1: image.digest, [tag]: ours.digest, [backup]: theirs.digest });
  });
});

test('an image of somebody under the fallback tag is not replaced by a list', async () => {
  await end();
  await begin(withApi, withTags);
  const tag = fallbackTag(image.digest);
  const theirs = await plantSimpleImage(to, { tag, layers: ['theirs'] });
  await refer(image, 'signature');
  const { only } = await copy();
  expect(only).toMatchObject({ state: 'failed', error: { code: 'copy-failed', registry: target.host } });
  expect(target.catalog.get('app')?.tags.get(tag)).toBe(theirs.digest);
});
