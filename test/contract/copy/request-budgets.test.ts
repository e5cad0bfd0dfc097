// How many requests a copy may cost, as a contract: counted in the registries' own logs. Logging in is counted apart.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startRegistry, type RunningRegistry } from '../../../infra/demo/registry.ts';
import type { RegistryOptions } from '../../../infra/demo/registry/options.ts';
import type { CredentialSource } from '../../../shared/oci/auth/credential.ts';
import { Secret } from '../../../shared/telemetry/secret.ts';
import { countsAt, kindsAt, openCopyBed, type CopyBed } from '../../support/copy-bed.ts';
import { contentAt, IMAGE, INDEX, plantManifest, plantSimpleImage } from '../../support/planted-content.ts';

let source: RunningRegistry;
let target: RunningRegistry;
let bed: CopyBed;

beforeEach(() => begin());
afterEach(end);

async function begin(options: RegistryOptions = {}, credentials?: CredentialSource) {
  [source, target] = await Promise.all([startRegistry(options), startRegistry(options)]);
  bed = openCopyBed(credentials === undefined ? {} : { credentials });
}

async function end() {
  await bed[Symbol.asyncDispose]();
  await Promise.all([source.stop(), target.stop()]);
}

const QUIETLY = { referrers: false };
const layers = (count: number, name = 'layer') => Array.from({ length: count }, (_none, number) => `${name} ${number}`);
const plant = (tag: string, count: number, repository = 'app', registry = source) =>
  plantSimpleImage({ registry, repository }, { tag, layers: layers(count) });

function forget(...registries: RunningRegistry[]) {
  for (const { requests } of registries) requests.length = 0;
}

/** Blob content that crossed, in either direction. */
function transfersAt(registry: RunningRegistry): string[] {
  return kindsAt(registry).filter((kind) => kind === 'GET blob' || kind === 'PUT upload' || kind === 'PATCH upload');
}

describe('a first copy', () => {
  test.each([0, 1, 5, 20, 60])('of %i layers costs at most 3(N+1)+4 requests', async (count) => {
    await plant('v1', count);
    const { only, report } = await bed.copy(`${source.host}/app:v1`, `${target.host}/app:v1`, QUIETLY);
    expect(only.state).toBe('copied');
    expect(source.requests.length + target.requests.length).toBeLessThanOrEqual(3 * (count + 1) + 4);
    expect({ source: report.source.requests, target: only.requests }).toEqual({
      source: source.requests.length,
      target: target.requests.length,
    });
  });

  test('of an index costs a GET and a PUT more for each image', async () => {
    const images = await Promise.all([3, 4, 5].map((count) => plant(`of-${count}`, count)));
    const manifests = images.map((image) => ({ ...image, mediaType: IMAGE }));
    await plantManifest({ registry: source, repository: 'app' }, { manifests }, { mediaType: INDEX, tag: 'v1' });
    forget(source);
    await bed.copy(`${source.host}/app:v1`, `${target.host}/app:v1`, QUIETLY);
    // One configuration and five layers are all that the three images have.
    expect(source.requests.length + target.requests.length).toBeLessThanOrEqual(3 * 6 + 4 + 2 * images.length);
  });

  test('to three targets reads each blob and manifest of the source once', async () => {
    const others = await Promise.all([startRegistry(), startRegistry()]);
    await plant('v1', 10);
    const hosts = [target, ...others].map(({ host }) => `${host}/app:v1`);
    const { targets } = await bed.copy(`${source.host}/app:v1`, hosts, QUIETLY);
    expect(targets.map(({ state }) => state)).toEqual(['copied', 'copied', 'copied']);
    expect(countsAt(source)).toEqual({ 'GET manifest': 1, 'GET blob': 11 });
    const paths = source.requests.map(({ path }) => path);
    expect(new Set(paths).size).toBe(paths.length);
    await Promise.all(others.map((registry) => registry.stop()));
  });

  test('looks for what belongs to an image with one listing of referrers and one of tags', async () => {
    await plant('v1', 2);
    await bed.copy(`${source.host}/app:v1`, `${target.host}/app:v1`);
    expect(countsAt(source)).toEqual({ 'GET manifest': 1, 'GET blob': 3, 'GET referrers': 1, 'GET tags': 1 });
    expect(countsAt(target)['GET referrers']).toBeUndefined();
  });
});

describe('an unchanged tag', () => {
  test('costs one HEAD on each side and no GET', async () => {
    await plant('v1', 5);
    await bed.copy(`${source.host}/app:v1`, `${target.host}/app:v1`, QUIETLY);
    forget(source, target);
    expect((await bed.copy(`${source.host}/app:v1`, `${target.host}/app:v1`, QUIETLY)).only.state).toBe('unchanged');
    expect(kindsAt(source)).toEqual(['HEAD manifest']);
    expect(kindsAt(target)).toEqual(['HEAD manifest']);
  });

  test('at several targets costs one HEAD on the source in all', async () => {
    await plant('v1', 1);
    const hosts = ['a', 'b', 'c'].map((name) => `${target.host}/${name}:v1`);
    await bed.copy(`${source.host}/app:v1`, hosts, QUIETLY);
    forget(source, target);
    await bed.copy(`${source.host}/app:v1`, hosts, QUIETLY);
    expect(kindsAt(source)).toEqual(['HEAD manifest']);
    expect(countsAt(target)).toEqual({ 'HEAD manifest': 3 });
  });

  test('named by its digest costs the source nothing', async () => {
    const { digest } = await plant('v1', 1);
    await bed.copy(`${source.host}/app:v1`, `${target.host}/app:v1`, QUIETLY);
    forget(source, target);
    await bed.copy(`${source.host}/app@${digest}`, `${target.host}/app:v1`, QUIETLY);
    expect(kindsAt(source)).toEqual([]);
    expect(kindsAt(target)).toEqual(['HEAD manifest']);
  });

  test('with referrers costs one listing of referrers and one of tags more, on the source only', async () => {
    await plant('v1', 1);
    await bed.copy(`${source.host}/app:v1`, `${target.host}/app:v1`);
    forget(source, target);
    await bed.copy(`${source.host}/app:v1`, `${target.host}/app:v1`);
    expect(countsAt(source)).toEqual({ 'HEAD manifest': 1, 'GET referrers': 1, 'GET tags': 1 });
    expect(kindsAt(target)).toEqual(['HEAD manifest']);
  });
});

describe('within one registry', () => {
  test('a new tag in the same repository asks for no blob', async () => {
    await plant('v1', 8);
    const { only } = await bed.copy(`${source.host}/app:v1`, `${source.host}/app:v2`, QUIETLY);
    expect(only).toMatchObject({ state: 'copied', bytesMoved: 0 });
    expect(countsAt(source)).toEqual({ 'HEAD manifest': 2, 'GET manifest': 1, 'PUT manifest': 1 });
  });

  test('a new tag of an index in the same repository costs no PUT of its images', async () => {
    const images = await Promise.all([1, 2, 3].map((count) => plant(`of-${count}`, count)));
    await plantManifest(
      { registry: source, repository: 'app' },
      { manifests: images },
      { mediaType: INDEX, tag: 'v1' },
    );
    await bed.copy(`${source.host}/app:v1`, `${source.host}/app:v2`, QUIETLY);
    expect(countsAt(source)['PUT manifest']).toBe(1);
    expect(transfersAt(source)).toEqual([]);
  });

  test('another repository gets everything by mounts', async () => {
    await plant('v1', 8);
    const { only } = await bed.copy(`${source.host}/app:v1`, `${source.host}/other/app:v1`, QUIETLY);
    expect(only).toMatchObject({ state: 'copied', bytesMoved: 0, blobs: { copied: 0, mounted: 9 } });
    expect(transfersAt(source)).toEqual([]);
    expect(countsAt(source)['POST upload']).toBe(9);
    await contentAt({ registry: source, repository: 'other/app' }, 'v1');
  });
});

describe('what the target has already', () => {
  test('is neither read nor sent: a new version costs its own layers', async () => {
    const base = layers(6, 'base');
    const at = { registry: source, repository: 'app' };
    await plantSimpleImage(at, { tag: 'v1', layers: [...base, 'first'] });
    await plantSimpleImage(at, { tag: 'v2', layers: [...base, 'second'] });
    await bed.copy(`${source.host}/app:v1`, `${target.host}/app:v1`, QUIETLY);
    forget(source, target);
    const { only } = await bed.copy(`${source.host}/app:v2`, `${target.host}/app:v2`, QUIETLY);
    expect(only.blobs).toEqual({ copied: 1, mounted: 0, existing: 7 });
    expect(transfersAt(source)).toEqual(['GET blob']);
    expect(transfersAt(target)).toEqual(['PUT upload']);
  });

  test('of a moved tag of an index, its unchanged images cost one HEAD each', async () => {
    const at = { registry: source, repository: 'app' };
    const same = await Promise.all([5, 6].map((count) => plant(`of-${count}`, count)));
    const [before, after] = await Promise.all(['old', 'new'].map((name) => plantSimpleImage(at, { layers: [name] })));
    await plantManifest(at, { manifests: [...same, before] }, { mediaType: INDEX, tag: 'v1' });
    await bed.copy(`${source.host}/app:v1`, `${target.host}/app:v1`, QUIETLY);
    await plantManifest(at, { manifests: [...same, after] }, { mediaType: INDEX, tag: 'v1' });
    forget(source, target);
    await bed.copy(`${source.host}/app:v1`, `${target.host}/app:v1`, QUIETLY);
    expect(transfersAt(source)).toEqual(['GET blob']);
    // The tag before and after, and each of the three images; the image that is new, and its two blobs.
    expect(countsAt(target)).toEqual({ 'HEAD manifest': 5, 'POST upload': 2, 'PUT upload': 1, 'PUT manifest': 2 });
  });
});

test('20 images that share base layers, into one registry: each unique blob crosses once', async () => {
  const base = layers(5, 'base');
  const names = Array.from({ length: 20 }, (_none, number) => `image-${number}`);
  for (const name of names) {
    await plantSimpleImage(
      { registry: source, repository: name },
      { tag: 'v1', layers: [...base, `${name} a`, `${name} b`], config: { author: name } },
    );
  }
  const copies = names.map((name) => [`${source.host}/${name}:v1`, `${target.host}/mirror/${name}:v1`] as const);
  for (const { only } of await bed.together(copies, QUIETLY)) expect(only.state).toBe('copied');
  const unique = base.length + names.length * 3;
  expect(countsAt(target)['PUT upload']).toBe(unique);
  expect(countsAt(source)['GET blob']).toBe(unique);
  for (const name of names) await contentAt({ registry: target, repository: `mirror/${name}` }, 'v1');
});

describe('logging in', () => {
  const users = { alice: 'correct horse' };
  const alice: CredentialSource = () =>
    Promise.resolve({ kind: 'basic', username: 'alice', password: new Secret('correct horse') });
  const tokenRequests = (registry: RunningRegistry) => kindsAt(registry).filter((kind) => kind.endsWith(' token'));
  const refusals = (registry: RunningRegistry) => registry.requests.filter(({ status }) => status === 401);

  test('costs a token for each registry and set of scopes, not for each request', async () => {
    await end();
    await begin({ auth: { kind: 'token', users } }, alice);
    await plant('v1', 20);
    expect((await bed.copy(`${source.host}/app:v1`, `${target.host}/app:v1`)).only.state).toBe('copied');
    expect(tokenRequests(source)).toHaveLength(1);
    // Looking at the tag needs less than pushing.
    expect(tokenRequests(target).length).toBeLessThanOrEqual(2);
    for (const registry of [source, target]) expect(refusals(registry).length).toBeLessThanOrEqual(2);
  });

  test('costs nothing more for the next copies of the process', async () => {
    await end();
    await begin({ auth: { kind: 'token', users } }, alice);
    for (const tag of ['v1', 'v2', 'v3']) await plant(tag, 2);
    await bed.copy(`${source.host}/app:v1`, `${target.host}/app:v1`);
    forget(source, target);
    for (const tag of ['v2', 'v3']) {
      const { only } = await bed.copy(`${source.host}/app:${tag}`, `${target.host}/app:${tag}`);
      expect(only.state).toBe('copied');
    }
    for (const registry of [source, target]) expect([...tokenRequests(registry), ...refusals(registry)]).toEqual([]);
  });

  test('with a password costs one refusal for each registry', async () => {
    await end();
    await begin({ auth: { kind: 'basic', users } }, alice);
    await plant('v1', 20);
    expect((await bed.copy(`${source.host}/app:v1`, `${target.host}/app:v1`)).only.state).toBe('copied');
    for (const registry of [source, target]) expect(refusals(registry)).toHaveLength(1);
  });

  test('costs requests that the report does not count', async () => {
    await end();
    await begin({ auth: { kind: 'token', users } }, alice);
    await plant('v1', 3);
    const { only } = await bed.copy(`${source.host}/app:v1`, `${target.host}/app:v1`, QUIETLY);
    const refused = target.requests.filter(({ status }) => status === 401);
    expect(refused.length).toBeGreaterThan(0);
    expect(only.requests).toBe(target.requests.length - tokenRequests(target).length - refused.length);
  });
});
