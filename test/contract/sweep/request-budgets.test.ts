// How many requests a run over rules may cost, as a contract: counted in the registries' own logs.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startRegistry, type RunningRegistry } from '../../../infra/demo/registry.ts';
import { countsAt } from '../../support/copy-bed.ts';
import { contentAt, plantReferrer, plantSimpleImage } from '../../support/planted-content.ts';
import { plantIndex } from '../../support/planted-image.ts';
import { openSweepBed, ruleFor, type SweepBed } from '../../support/sweep-bed.ts';
import type { TagDigestLister } from '../../../shared/registries/vendor.ts';

let source: RunningRegistry;
let target: RunningRegistry;
let bed: SweepBed;

beforeEach(async () => {
  [source, target] = await Promise.all([startRegistry(), startRegistry()]);
  bed = openSweepBed();
});

afterEach(async () => {
  await bed[Symbol.asyncDispose]();
  await Promise.all([source.stop(), target.stop()]);
});

const range = (count: number) => Array.from({ length: count }, (_none, number) => number);
const total = () => source.requests.length + target.requests.length;

function forget() {
  source.requests.length = 0;
  target.requests.length = 0;
}

async function plantTags(count: number, layers: (tag: number) => string[]) {
  for (const tag of range(count)) {
    await plantSimpleImage({ registry: source, repository: 'many/app' }, { tag: `t${tag}`, layers: layers(tag) });
  }
}

const many = (fields = {}) => ruleFor(`${source.host}/many/app`, `${target.host}/{repository}`, fields);

test('repositories that share layers: each unique blob is read and written once, and six requests a repository come on top', async () => {
  const base = range(5).map((layer) => `base ${layer}`);
  for (const number of range(20)) {
    const layers = [...base, `${number} a`, `${number} b`];
    const place = { registry: source, repository: `team/app${number}` };
    await plantSimpleImage(place, { tag: 'v1', layers, config: { author: String(number) } });
  }
  const rules = range(20).map((number) =>
    ruleFor(`${source.host}/team/app${number}`, `${target.host}/{repository}`, { referrers: true }),
  );
  const { states } = await bed.sync(rules);
  expect(states).toEqual(rules.map(() => 'copied'));
  expect(countsAt(source)['GET blob']).toBe(65);
  expect(countsAt(target)['PUT upload']).toBe(65);
  // A read, a session and a PUT for each of 65 blobs, a mount for each of 19 times 5, and six for each repository.
  expect(total()).toBeLessThanOrEqual(65 * 3 + 19 * 5 + 20 * 6);
  for (const number of range(20)) await contentAt({ registry: target, repository: `team/app${number}` }, 'v1');
});

test('many tags of one digest: its content once, then at most three requests a tag', async () => {
  await plantTags(100, () => ['a', 'b', 'c']);
  const { states } = await bed.sync([many({ referrers: true })]);
  expect(states).toEqual(range(100).map(() => 'copied'));
  expect(countsAt(source)).toEqual({
    'GET tags': 1,
    'HEAD manifest': 100,
    'GET manifest': 1,
    'GET blob': 4,
    'GET referrers': 1,
  });
  expect(countsAt(target)).toEqual({
    'GET tags': 1,
    'POST upload': 4,
    'PUT upload': 4,
    'PUT manifest': 100,
    'HEAD manifest': 100,
  });
});

test('many tags of many digests: a HEAD and a GET a digest at the source', async () => {
  await plantTags(30, (tag) => ['base', `layer ${tag}`]);
  await bed.sync([many()]);
  const counts = countsAt(source);
  expect([counts['HEAD manifest'], counts['GET manifest'], counts['GET blob']]).toEqual([30, 30, 32]);
  expect(countsAt(target)['PUT manifest']).toBe(30);
});

describe('nothing changed', () => {
  test('costs one listing and one HEAD per tag and side, and no manifest', async () => {
    await plantTags(50, (tag) => [`layer ${tag % 5}`]);
    await bed.sync([many()]);
    forget();
    const { compared, reports } = await bed.sync([many()]);
    expect(reports).toEqual([]);
    expect(compared.map(({ diff }) => diff.unchanged)).toEqual([50]);
    expect(countsAt(source)).toEqual({ 'GET tags': 1, 'HEAD manifest': 50 });
    expect(countsAt(target)).toEqual({ 'GET tags': 1, 'HEAD manifest': 50 });
    expect(compared.map(({ requests }) => requests)).toEqual([102]);
  });

  test('costs a registry that compares ETags no reading of manifests', async () => {
    await plantTags(50, () => ['a']);
    await bed.sync([many()]);
    forget();
    await bed.sync([many()]);
    const compared = (registry: RunningRegistry) =>
      registry.requests.filter(({ method, status }) => method === 'HEAD' && status === 304).length;
    expect(compared(source)).toBe(50);
    // Those that are under way before the first answer have nothing to compare with.
    expect(compared(target)).toBeGreaterThan(0);
  });

  test('with referrers costs one listing of them per digest, and none at the target', async () => {
    await plantTags(20, () => ['a']);
    await bed.sync([many({ referrers: true })]);
    forget();
    await bed.sync([many({ referrers: true })]);
    expect(countsAt(source)).toEqual({ 'GET tags': 1, 'HEAD manifest': 20, 'GET referrers': 1 });
    expect(countsAt(target)).toEqual({ 'GET tags': 1, 'HEAD manifest': 20 });
    forget();
    await bed.sync([many({ referrers: true })], { looksAtReferrers: () => false });
    expect(countsAt(source)['GET referrers']).toBeUndefined();
  });

  test('of an index with referrers costs a read of it at the target, and a listing for each of its images', async () => {
    await plantIndex(source, 'many/app', 't0');
    await bed.sync([many({ referrers: true })]);
    forget();
    const { compared } = await bed.sync([many({ referrers: true })]);
    expect(compared.map(({ diff }) => diff.unchanged)).toEqual([1]);
    const { 'GET referrers': listings, 'HEAD manifest': heads, ...others } = countsAt(source);
    expect([listings, others]).toEqual([4, { 'GET tags': 1 }]);
    // Its tag, and that of a signature.
    expect(heads).toBe(2);
    expect(countsAt(target)['GET manifest']).toBe(1);
  });

  test('costs nothing beside the listings where both sides list digests', async () => {
    await plantTags(10, (tag) => [`layer ${tag}`]);
    await bed.sync([many()]);
    forget();
    const listers = { [source.host]: listerAt(source), [target.host]: listerAt(target) };
    const { compared, reports } = await bed.sync([many()], { listers });
    expect(compared.map(({ diff }) => diff.unchanged)).toEqual([10]);
    expect([reports.length, total()]).toEqual([0, 0]);
  });

  test('of one tag costs a HEAD at the target instead of a list', async () => {
    await plantTags(1, () => ['a']);
    await bed.sync([many()]);
    forget();
    await bed.sync([many()]);
    expect(countsAt(source)).toEqual({ 'GET tags': 1, 'HEAD manifest': 1 });
    expect(countsAt(target)).toEqual({ 'HEAD manifest': 1 });
  });
});

test('tags that the rule names in full are not listed', async () => {
  await plantTags(10, (tag) => [`layer ${tag}`]);
  const { states } = await bed.sync([many({ tags: [{ allow: ['t3', 't7'] }] })]);
  expect(states).toEqual(['copied', 'copied']);
  expect(countsAt(source)['GET tags']).toBeUndefined();
});

test('a bulk listing at the source spares its HEADs also the first time', async () => {
  await plantTags(10, () => ['a']);
  await bed.sync([many()], { listers: { [source.host]: listerAt(source) } });
  expect(countsAt(source)).toEqual({ 'GET manifest': 1, 'GET blob': 2 });
});

test('one tag of many that moved costs its copy alone', async () => {
  await plantTags(20, (tag) => [`layer ${tag}`]);
  await bed.sync([many()]);
  const place = { registry: source, repository: 'many/app' };
  await plantSimpleImage(place, { tag: 't5', layers: ['new'] });
  forget();
  const { states } = await bed.sync([many()]);
  expect(states).toEqual(['copied']);
  expect(countsAt(source)).toEqual({ 'GET tags': 1, 'HEAD manifest': 20, 'GET manifest': 1, 'GET blob': 1 });
  await contentAt({ registry: target, repository: 'many/app' }, 't5');
});

test('a signature of a digest with many tags is copied once', async () => {
  await plantTags(5, () => ['a']);
  const place = { registry: source, repository: 'many/app' };
  const image = await plantSimpleImage(place, { tag: 't0', layers: ['a'] });
  const signature = await plantReferrer(place, image, 'signature');
  await bed.sync([many({ referrers: true })]);
  await contentAt({ registry: target, repository: 'many/app' }, signature.digest);
  expect(countsAt(target)['GET referrers']).toBe(1);
  expect(countsAt(target)['PUT manifest']).toBe(6);
});

/** What a vendor's bulk listing would give. */
function listerAt(registry: RunningRegistry): TagDigestLister {
  return async function* list(_port, repository) {
    for (const [tag, digest] of registry.catalog.get(repository)?.tags ?? []) yield { tag, digest };
  };
}
