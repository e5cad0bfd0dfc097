// Content discovery: tags, repositories and referrers, in order and in pages.
// https://github.com/opencontainers/distribution-spec/blob/main/spec.md#content-discovery
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RunningRegistry } from '../../../infra/demo/registry.ts';
import {
  descriptor,
  digestOf,
  encode,
  IMAGE,
  INDEX,
  makeImage,
  makeIndex,
  newBytes,
  newRepository,
  pushBlob,
  pushImage,
  putManifest,
  send,
  startOn,
  storages,
  type ReplyFields,
} from './client.ts';

const SBOM = 'application/vnd.example.sbom';
const SIGNATURE = 'application/vnd.example.signature';
const CONFIG = 'application/vnd.oci.image.config.v1+json';

/** Follows the Link headers and gives all pages. */
async function allPages(registry: { url: string }, first: string): Promise<ReplyFields[]> {
  const pages: ReplyFields[] = [];
  for (let next: string | undefined = first; next !== undefined;) {
    const answer = await send(registry, 'GET', next);
    expect(answer.status).toBe(200);
    pages.push(answer.json());
    next = /^<([^>]+)>; rel="next"$/.exec(answer.headers.get('link') ?? '')?.[1];
  }
  return pages;
}

describe.each(storages)('tags, content in %s', (storage) => {
  let registry: RunningRegistry;
  const repository = newRepository();
  const sorted = ['1.0', '1.10', '1.9', 'Latest', '_under', 'edge', 'latest'];
  beforeAll(async () => {
    registry = await startOn(storage);
    const manifest = await makeImage(registry, repository);
    for (const tag of sorted.toReversed()) await putManifest(registry, repository, tag, manifest);
  });
  afterAll(() => registry.stop());

  const list = async (query = '') => send(registry, 'GET', `/v2/${repository}/tags/list${query}`);

  test('are listed in byte order', async () => {
    const answer = await list();
    expect(answer.json()).toEqual({ name: repository, tags: sorted });
    expect(answer.headers.get('link')).toBeNull();
  });

  test.each([1, 2, 3, 7, 8])('come in pages of %i until the last', async (n) => {
    const pages = await allPages(registry, `/v2/${repository}/tags/list?n=${n}`);
    expect(pages.flatMap((page) => page.tags)).toEqual(sorted);
    expect(pages).toHaveLength(Math.ceil(sorted.length / n));
  });

  test('start after the last one named, whether it exists or not', async () => {
    expect((await list('?last=Latest')).json().tags).toEqual(['_under', 'edge', 'latest']);
    expect((await list('?last=Latesx&n=1')).json().tags).toEqual(['_under']);
    expect((await list('?last=zzz')).json().tags).toEqual([]);
  });

  test('are an empty list for n=0, and an error for an n that is no number', async () => {
    const none = await list('?n=0');
    expect([none.json().tags, none.headers.get('link')]).toEqual([[], null]);
    expect((await list('?n=x')).status).toBe(400);
  });

  test('are unknown for a repository that does not exist', async () => {
    const answer = await send(registry, 'GET', `/v2/${newRepository()}/tags/list`);
    expect([answer.status, answer.codes]).toEqual([404, ['NAME_UNKNOWN']]);
  });
});

test('a registry with a largest page gives no more at once, asked or not', async () => {
  await using registry = await startOn('memory', { maxPageSize: 2 });
  const repository = newRepository();
  const manifest = await makeImage(registry, repository);
  for (const tag of ['a', 'b', 'c', 'd', 'e']) await putManifest(registry, repository, tag, manifest);
  for (const query of ['', '?n=1000']) {
    const pages = await allPages(registry, `/v2/${repository}/tags/list${query}`);
    expect(pages.map((page) => page.tags)).toEqual([['a', 'b'], ['c', 'd'], ['e']]);
  }
});

test('the catalog lists repositories in order and in pages', async () => {
  await using registry = await startOn('memory');
  const repositories = ['a', 'a/b', 'c', 'd/e/f'];
  for (const repository of repositories.toReversed()) await pushBlob(registry, repository, newBytes());
  const pages = await allPages(registry, '/v2/_catalog?n=3');
  expect(pages.map((page) => page.repositories)).toEqual([['a', 'a/b', 'c'], ['d/e/f']]);
});

describe.each(storages)('referrers, content in %s', (storage) => {
  let registry: RunningRegistry;
  beforeAll(async () => {
    registry = await startOn(storage);
  });
  afterAll(() => registry.stop());

  async function pushReferrer(repository: string, subject: Uint8Array, fields: object) {
    const manifest = await makeImage(registry, repository, { subject: descriptor(subject, IMAGE), ...fields });
    const answer = await putManifest(registry, repository, digestOf(manifest), manifest);
    return { manifest, answer, listed: { mediaType: IMAGE, digest: digestOf(manifest), size: manifest.length } };
  }

  const referrers = (repository: string, subject: Uint8Array, query = '') =>
    send(registry, 'GET', `/v2/${repository}/referrers/${digestOf(subject)}${query}`);

  test('of a digest or repository that nobody refers to are an empty index', async () => {
    for (const repository of [newRepository(), newRepository()]) {
      const answer = await referrers(repository, newBytes());
      expect([answer.status, answer.headers.get('content-type')]).toEqual([200, INDEX]);
      expect(answer.json()).toEqual({ schemaVersion: 2, mediaType: INDEX, manifests: [] });
      await pushBlob(registry, repository, newBytes());
    }
  });

  test('carry type, size, artifact type and annotations, and PUT names the subject', async () => {
    const repository = newRepository();
    const subject = await pushImage(registry, repository, 'v1');
    const annotations = { 'org.example.a': '1', b: '2' };
    const sbom = await pushReferrer(repository, subject, { artifactType: SBOM, annotations });
    const image = await pushReferrer(repository, subject, {});
    await pushReferrer(repository, newBytes(), {});
    expect(sbom.answer.headers.get('oci-subject')).toBe(digestOf(subject));
    const listed: object[] = (await referrers(repository, subject)).json().manifests;
    expect(listed).toHaveLength(2);
    expect(listed).toContainEqual({ ...sbom.listed, artifactType: SBOM, annotations });
    // Without an artifact type the media type of the config stands in.
    expect(listed).toContainEqual({ ...image.listed, artifactType: CONFIG });
  });

  test('may be indexes, with or without an artifact type', async () => {
    const repository = newRepository();
    const subject = await pushImage(registry, repository, 'v1');
    const typed = makeIndex([], { subject: descriptor(subject, IMAGE), artifactType: SBOM });
    const plain = makeIndex([], { subject: descriptor(subject, IMAGE) });
    for (const index of [typed, plain]) await putManifest(registry, repository, digestOf(index), index);
    const listed: object[] = (await referrers(repository, subject)).json().manifests;
    expect(listed).toContainEqual({ ...descriptor(typed, INDEX), artifactType: SBOM });
    expect(listed).toContainEqual(descriptor(plain, INDEX));
  });

  test('are filtered by artifact type, and the reply says so', async () => {
    const repository = newRepository();
    const subject = await pushImage(registry, repository, 'v1');
    const sbom = await pushReferrer(repository, subject, { artifactType: SBOM });
    await pushReferrer(repository, subject, { artifactType: SIGNATURE });
    const filtered = await referrers(repository, subject, `?artifactType=${encodeURIComponent(SBOM)}`);
    expect(filtered.headers.get('oci-filters-applied')).toBe('artifactType');
    expect(filtered.json().manifests).toEqual([{ ...sbom.listed, artifactType: SBOM }]);
    expect((await referrers(repository, subject)).headers.get('oci-filters-applied')).toBeNull();
  });

  test('may come before their subject, and stay when it goes', async () => {
    const repository = newRepository();
    const subject = await makeImage(registry, repository);
    const early = await pushReferrer(repository, subject, { artifactType: SBOM });
    expect([early.answer.status, early.answer.headers.get('oci-subject')]).toEqual([201, digestOf(subject)]);
    expect((await referrers(repository, subject)).json().manifests).toHaveLength(1);
    await putManifest(registry, repository, 'v1', subject);
    await send(registry, 'DELETE', `/v2/${repository}/manifests/${digestOf(subject)}`);
    expect((await referrers(repository, subject)).json().manifests).toHaveLength(1);
  });

  test('vanish from the list when they are deleted', async () => {
    const repository = newRepository();
    const subject = await pushImage(registry, repository, 'v1');
    const [first, second] = [await pushReferrer(repository, subject, {}), await pushReferrer(repository, subject, {})];
    await send(registry, 'DELETE', `/v2/${repository}/manifests/${digestOf(first.manifest)}`);
    const listed = (await referrers(repository, subject)).json().manifests;
    expect(listed).toEqual([{ ...second.listed, artifactType: CONFIG }]);
  });

  test('are those of one repository', async () => {
    const [mine, other] = [newRepository(), newRepository()];
    const subject = await pushImage(registry, mine, 'v1');
    await pushReferrer(mine, subject, {});
    expect((await referrers(other, subject)).json().manifests).toEqual([]);
  });

  test('of a malformed digest are refused', async () => {
    const answer = await send(registry, 'GET', `/v2/${newRepository()}/referrers/sha256:baddigeststring`);
    expect([answer.status, answer.codes]).toEqual([400, ['DIGEST_INVALID']]);
  });
});

test('referrers come in pages, filtered or not', async () => {
  await using registry = await startOn('memory', { referrersPageSize: 2 });
  const repository = newRepository();
  const subject = await pushImage(registry, repository, 'v1');
  for (let count = 0; count < 5; count += 1) {
    const fields = { subject: descriptor(subject, IMAGE), artifactType: count === 4 ? SIGNATURE : SBOM };
    await pushImage(registry, repository, `referrer-${count}`, fields);
  }
  const path = `/v2/${repository}/referrers/${digestOf(subject)}`;
  const pages = await allPages(registry, path);
  expect(pages.map((page) => page.manifests.length)).toEqual([2, 2, 1]);
  expect(new Set(pages.flatMap((page) => page.manifests.map((entry) => entry.digest))).size).toBe(5);
  const filtered = await allPages(registry, `${path}?artifactType=${encodeURIComponent(SBOM)}`);
  expect(filtered.map((page) => page.manifests.length)).toEqual([2, 2]);
});

test('a registry without the referrers API answers 404 and never names a subject', async () => {
  await using registry = await startOn('memory', { referrersApi: false });
  const repository = newRepository();
  const subject = await pushImage(registry, repository, 'v1');
  const referrer = encode({ mediaType: INDEX, manifests: [], subject: descriptor(subject, IMAGE) });
  const pushed = await putManifest(registry, repository, digestOf(referrer), referrer);
  expect([pushed.status, pushed.headers.get('oci-subject')]).toEqual([201, null]);
  expect((await send(registry, 'GET', `/v2/${repository}/referrers/${digestOf(subject)}`)).status).toBe(404);
});
