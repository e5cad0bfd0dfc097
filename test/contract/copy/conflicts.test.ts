// A target tag that names something already: replaced, refused, kept under another tag, or not to be changed at all.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startRegistry, type RunningRegistry } from '../../../infra/demo/registry.ts';
import type { RegistryOptions } from '../../../infra/demo/registry/options.ts';
import type { Descriptor } from '../../../shared/oci/descriptor.ts';
import { countsAt, openCopyBed, writesAt, type CopyBed } from '../../support/copy-bed.ts';
import { contentAt, plantSimpleImage } from '../../support/planted-content.ts';

let source: RunningRegistry;
let target: RunningRegistry;
let bed: CopyBed;
let wanted: Descriptor;
let old: Descriptor;

beforeEach(() => begin({}));
afterEach(end);

async function begin(options: RegistryOptions) {
  [source, target] = await Promise.all([startRegistry(), startRegistry(options)]);
  bed = openCopyBed();
  wanted = await plantSimpleImage({ registry: source, repository: 'app' }, { tag: 'v1', layers: ['new', 'shared'] });
  old = await plantSimpleImage({ registry: target, repository: 'app' }, { tag: 'v1', layers: ['old', 'shared'] });
}

async function end() {
  await bed[Symbol.asyncDispose]();
  await Promise.all([source.stop(), target.stop()]);
}

async function beginAgain(options: RegistryOptions) {
  await end();
  await begin(options);
}

const copy = (onConflict: 'overwrite' | 'refuse' | 'backup', tag = 'v1') =>
  bed.copy(`${source.host}/app:v1`, `${target.host}/app:${tag}`, { onConflict });
const tags = () => Object.fromEntries(target.catalog.get('app')?.tags ?? []);

describe('another digest', () => {
  test('is replaced', async () => {
    expect((await copy('overwrite')).only).toMatchObject({ state: 'copied', digest: wanted.digest });
    expect(tags()).toEqual({ v1: wanted.digest });
  });

  test('is left alone, with what it names in the report', async () => {
    const { only } = await copy('refuse');
    expect(only).toMatchObject({
      state: 'refused',
      digest: old.digest,
      error: { code: 'conflict-refused', registry: target.host, repository: 'app' },
    });
    expect(writesAt(target)).toEqual([]);
  });

  test('is kept under a backup tag before the tag moves', async () => {
    expect((await copy('backup')).only.state).toBe('copied');
    const backup = `v1-backup-${old.digest.slice('sha256:'.length, 'sha256:'.length + 12)}`;
    expect(tags()).toEqual({ v1: wanted.digest, [backup]: old.digest });
    await contentAt({ registry: target, repository: 'app' }, backup);
    const puts = writesAt(target).filter((write) => write.startsWith('PUT') && write.includes('manifests'));
    expect(puts).toEqual([`PUT /v2/app/manifests/${backup}`, 'PUT /v2/app/manifests/v1']);
  });

  test('stays where its backup fails', async () => {
    target.faults.push({ match: { method: 'PUT', path: /-backup-/ }, action: { status: 403 } });
    expect((await copy('backup')).only).toMatchObject({ state: 'failed', error: { code: 'denied' } });
    expect(tags()).toEqual({ v1: old.digest });
  });

  test('is not touched where the target names another digest than the source has', async () => {
    const other = `sha256:${'a'.repeat(64)}`;
    const { only } = await bed.copy(`${source.host}/app:v1`, `${target.host}/app:v1@${other}`);
    expect(only).toMatchObject({ state: 'refused', error: { code: 'conflict-refused' } });
    expect(target.requests.every(({ method }) => method === 'HEAD')).toBe(true);
  });

  test('that appears while the copy runs is not replaced by a copy that refuses', async () => {
    target.catalog.get('app')?.tags.delete('v1');
    target.faults.push({ match: { method: 'HEAD', path: /manifests\/v1/, nth: 2 }, action: { delayMs: 50 } });
    const copying = copy('refuse');
    await expect.poll(() => countsAt(target)['PUT upload']).toBeGreaterThan(0);
    target.catalog.get('app')?.tags.set('v1', old.digest);
    expect((await copying).only).toMatchObject({ state: 'refused', error: { code: 'conflict-refused' } });
    expect(tags()).toEqual({ v1: old.digest });
  });
});

describe('no conflict', () => {
  test.each(['overwrite', 'refuse', 'backup'] as const)('%s writes a new tag', async (policy) => {
    expect((await copy(policy, 'v2')).only.state).toBe('copied');
    expect(tags()).toEqual({ v1: old.digest, v2: wanted.digest });
  });

  test.each(['overwrite', 'refuse', 'backup'] as const)('%s leaves the same digest as it is', async (policy) => {
    await copy(policy, 'v2');
    target.requests.length = 0;
    expect((await copy(policy, 'v2')).only).toMatchObject({ state: 'unchanged', digest: wanted.digest });
    expect(writesAt(target)).toEqual([]);
  });
});

describe.each<[name: string, options: RegistryOptions]>([
  ['400 TAG_INVALID', { immutableTags: true }],
  ['412', { immutableTags: { status: 412, code: 'PRECONDITION', refuseSameDigest: true } }],
  ['ECR', { immutableTags: { status: 400, code: 'ImageTagAlreadyExistsException', refuseSameDigest: true } }],
])('a repository with immutable tags, %s', (_name, options) => {
  test('refuses another digest, and keeps the tag', async () => {
    await beginAgain(options);
    const { only } = await copy('overwrite');
    expect(only).toMatchObject({ state: 'refused', error: { code: 'tag-immutable', registry: target.host } });
    expect(tags()).toEqual({ v1: old.digest });
  });

  test('that got the same digest from somebody else meanwhile has what was wanted', async () => {
    await beginAgain(options);
    target.catalog.get('app')?.tags.delete('v1');
    const copying = copy('overwrite');
    await expect.poll(() => countsAt(target)['PUT upload']).toBeGreaterThan(0);
    target.catalog.get('app')?.tags.set('v1', wanted.digest);
    target.catalog.get('app')?.manifests.set(wanted.digest, { ...wanted, sizeBytes: wanted.size });
    expect((await copying).only.state).toBe('copied');
  });
});
