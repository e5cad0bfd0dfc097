// Several targets at once: each ends in its own way, and none waits for another.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startRegistry, type RunningRegistry } from '../../../infra/demo/registry.ts';
import type { FaultRule } from '../../../infra/demo/registry/faults.ts';
import type { Descriptor } from '../../../shared/oci/descriptor.ts';
import { countsAt, kindsAt, openCopyBed, writesAt, type CopyBed } from '../../support/copy-bed.ts';
import { contentAt, digestOf, plantSimpleImage } from '../../support/planted-content.ts';

const LARGE = Buffer.alloc(1_500_000, 'large layer ');
const UPLOAD = { method: 'PUT', path: /blobs\/uploads/ };

let source: RunningRegistry;
let targets: RunningRegistry[];
let bed: CopyBed;
let image: Descriptor;

beforeEach(async () => {
  source = await startRegistry();
  targets = await Promise.all([startRegistry(), startRegistry(), startRegistry()]);
  bed = openCopyBed();
  image = await plantSimpleImage(
    { registry: source, repository: 'app' },
    { tag: 'v1', layers: [LARGE, 'a', 'b', 'c'] },
  );
});

afterEach(async () => {
  await bed[Symbol.asyncDispose]();
  await Promise.all([source, ...targets].map((registry) => registry.stop()));
});

const last = () => targets[2] ?? source;
const copyToAll = () =>
  bed.copy(
    `${source.host}/app:v1`,
    targets.map(({ host }) => `${host}/app:v1`),
  );
const tagAt = (registry: RunningRegistry) => registry.catalog.get('app')?.tags.get('v1');
const states = (reports: readonly { state: string }[]) => reports.map(({ state }) => state);

test('all get the same bytes from one read of the source', async () => {
  source.requests.length = 0;
  const { targets: reports } = await copyToAll();
  expect(states(reports)).toEqual(['copied', 'copied', 'copied']);
  const expected = await contentAt({ registry: source, repository: 'app' }, 'v1');
  for (const registry of targets) expect(await contentAt({ registry, repository: 'app' }, 'v1')).toEqual(expected);
  expect(countsAt(source)['GET blob']).toBe(5);
  expect(countsAt(source)['GET manifest']).toBe(1);
});

describe('one that fails', () => {
  test.each<[why: string, rule: FaultRule, code: string]>([
    ['when its tag is looked up', { match: { method: 'HEAD', path: /manifests/ }, action: { status: 403 } }, 'denied'],
    ['when a session is opened', { match: { method: 'POST' }, action: { status: 403 } }, 'denied'],
    ['when a blob is sent', { match: UPLOAD, action: { status: 403 } }, 'denied'],
    ['when its disk is full', { match: UPLOAD, action: { status: 500 } }, 'registry-unavailable'],
    ['when its connection is cut in each upload', { match: UPLOAD, action: { cutAfterBytes: 1 } }, 'connection-failed'],
    [
      'when its manifest is refused',
      { match: { method: 'PUT', path: /manifests/ }, action: { status: 403 } },
      'denied',
    ],
  ])('%s leaves the others alone', async (_why, rule, code) => {
    last().faults.push(rule);
    const { targets: reports } = await copyToAll();
    expect(states(reports)).toEqual(['copied', 'copied', 'failed']);
    expect(reports[2]?.error).toMatchObject({ code, registry: last().host, repository: 'app' });
    expect(tagAt(last())).toBeUndefined();
    for (const registry of targets.slice(0, 2)) await contentAt({ registry, repository: 'app' }, 'v1');
  });

  test('for a moment gets what it missed by itself', async () => {
    last().faults.push({ match: { ...UPLOAD, nth: 1, times: 2 }, action: { cutAfterBytes: 1 } });
    const { targets: reports } = await copyToAll();
    expect(states(reports)).toEqual(['copied', 'copied', 'copied']);
    await contentAt({ registry: last(), repository: 'app' }, 'v1');
    for (const registry of targets.slice(0, 2)) expect(countsAt(registry)['PUT upload']).toBe(5);
  });

  test('does not make the copy throw, even if all do', async () => {
    for (const { faults } of targets) faults.push({ match: { method: 'POST' }, action: { status: 403 } });
    const { targets: reports, report } = await copyToAll();
    expect(states(reports)).toEqual(['failed', 'failed', 'failed']);
    expect(report.source.digest).toBe(image.digest);
  });

  test('at the first question, with all others, spares the source', async () => {
    for (const { faults } of targets) faults.push({ match: { method: 'HEAD' }, action: { status: 403 } });
    source.requests.length = 0;
    const { targets: reports, report } = await copyToAll();
    expect(states(reports)).toEqual(['failed', 'failed', 'failed']);
    expect(report.source.digest).toBeUndefined();
    expect(source.requests).toEqual([]);
  });
});

describe('one that is slow', () => {
  test.each<[why: string, rule: FaultRule]>([
    ['to look its tag up', { match: { method: 'HEAD', path: /manifests/, nth: 1 }, action: { delayMs: 300 } }],
    ['to take a blob', { match: { ...UPLOAD, nth: 1 }, action: { stallMs: 300, afterBytes: 0 } }],
    ['to commit a blob', { match: { ...UPLOAD, nth: 1 }, action: { stallMs: 300, afterBytes: 0, of: 'response' } }],
    ['to open a session', { match: { method: 'POST', nth: 1 }, action: { delayMs: 300 } }],
  ])('%s gets everything', async (_why, rule) => {
    last().faults.push(rule);
    const { targets: reports } = await copyToAll();
    expect(states(reports)).toEqual(['copied', 'copied', 'copied']);
  });

  test.each<[why: string, rule: FaultRule]>([
    [
      'to take a large blob',
      {
        match: { ...UPLOAD, path: new RegExp(encodeURIComponent(digestOf(LARGE))) },
        action: { stallMs: 2_000, afterBytes: 1_000_000 },
      },
    ],
    ['to commit a blob', { match: UPLOAD, action: { delayMs: 2_000 } }],
    ['to open a session', { match: { method: 'POST' }, action: { delayMs: 2_000 } }],
  ])(
    '%s does not hold the tags of the others back',
    async (_why, rule) => {
      last().faults.push(rule);
      await bed[Symbol.asyncDispose]();
      bed = openCopyBed({ patienceMs: 50 });
      const copying = copyToAll();
      await expect.poll(() => targets.slice(0, 2).map(tagAt), { timeout: 1_700 }).toEqual([image.digest, image.digest]);
      expect(tagAt(last())).toBeUndefined();
      expect(states((await copying).targets)).toEqual(['copied', 'copied', 'copied']);
    },
    10_000,
  );
});

test('two in one registry: each blob is uploaded once and mounted in the other repository', async () => {
  const registry = last();
  const { host } = registry;
  const { targets: reports } = await bed.copy(`${source.host}/app:v1`, [
    `${host}/one:v1`,
    `${host}/two:v1`,
    `${host}/one:v2`,
  ]);
  expect(states(reports)).toEqual(['copied', 'copied', 'copied']);
  expect(countsAt(registry)['PUT upload']).toBe(5);
  for (const repository of ['one', 'two']) await contentAt({ registry, repository }, 'v1');
  const sizes = [...(source.catalog.get('app')?.blobs ?? [])].map(
    async (digest) => (await source.bytesOf(digest))?.length,
  );
  const whole = (await Promise.all(sizes)).reduce<number>((sum, size) => sum + (size ?? 0), 0);
  expect(reports.reduce((sum, { bytesMoved }) => sum + bytesMoved, 0)).toBe(whole);
});

test('no tag is written before its content, at any target', async () => {
  await copyToAll();
  for (const registry of targets) {
    const kinds = kindsAt(registry);
    expect(kinds.lastIndexOf('PUT upload')).toBeLessThan(kinds.indexOf('PUT manifest'));
    const manifests = writesAt(registry).filter((write) => write.includes('/manifests/'));
    expect(manifests).toEqual(['PUT /v2/app/manifests/v1']);
  }
});

test('a registry that has lost a blob that it said it had gets it again', async () => {
  const registry = last();
  // Between blobs and manifest the registry collects its garbage.
  registry.faults.push({ match: { method: 'PUT', path: /manifests/, nth: 1 }, action: { delayMs: 100 } });
  const copying = bed.copy(`${source.host}/app:v1`, `${registry.host}/app:v1`);
  await expect.poll(() => kindsAt(registry)).toContain('PUT manifest');
  registry.catalog.get('app')?.blobs.delete(digestOf(Buffer.from('b')));
  expect((await copying).only).toMatchObject({ state: 'copied', digest: image.digest });
  expect(kindsAt(registry).filter((kind) => kind === 'PUT manifest')).toHaveLength(2);
  await contentAt({ registry, repository: 'app' }, 'v1');
});

test('a tag that somebody moves right after the copy is not reported as copied', async () => {
  const registry = last();
  const other = await plantSimpleImage({ registry, repository: 'app' }, { layers: ['other'] });
  registry.faults.push({ match: { method: 'HEAD', path: /manifests\/v1/, nth: 2 }, action: { delayMs: 100 } });
  const copying = bed.copy(`${source.host}/app:v1`, `${registry.host}/app:v1`, { referrers: false });
  await expect.poll(() => tagAt(registry)).toBe(image.digest);
  registry.catalog.get('app')?.tags.set('v1', other.digest);
  expect((await copying).only).toMatchObject({ state: 'failed', digest: other.digest, error: { code: 'copy-failed' } });
});
