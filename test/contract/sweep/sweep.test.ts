// What sweeps find and what they do about it: differences, wildcards, platforms, signatures, two sources onto one target, registries that fail.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startRegistry, type RunningRegistry } from '../../../infra/demo/registry.ts';
import { planHash } from '../../../shared/mirror/sweep/plan-hash.ts';
import { cosignTags, fallbackTag } from '../../../shared/oci/fallback-tag.ts';
import { countsAt, writesAt } from '../../support/copy-bed.ts';
import { contentAt, plantManifest, plantReferrer, plantSimpleImage, INDEX } from '../../support/planted-content.ts';
import { plantIndex } from '../../support/planted-image.ts';
import { openSweepBed, ruleFor, type SweepBed } from '../../support/sweep-bed.ts';

let source: RunningRegistry;
let other: RunningRegistry;
let target: RunningRegistry;
let bed: SweepBed;

beforeEach(async () => {
  [source, other, target] = await Promise.all([startRegistry(), startRegistry(), startRegistry()]);
  bed = openSweepBed();
});

afterEach(async () => {
  await bed[Symbol.asyncDispose]();
  await Promise.all([source, other, target].map((registry) => registry.stop()));
});

const at = (registry: RunningRegistry, repository: string) => ({ registry, repository });
const tagsAt = (repository: string, registry = target) =>
  Object.fromEntries(registry.catalog.get(repository)?.tags ?? []);

describe('comparing', () => {
  test('tells what is absent, what moved and what is right, and writes nothing', async () => {
    for (const tag of ['a', 'b', 'c']) await plantSimpleImage(at(source, 'app'), { tag, layers: [tag] });
    const same = await plantSimpleImage(at(target, 'app'), { tag: 'b', layers: ['b'] });
    const old = await plantSimpleImage(at(target, 'app'), { tag: 'c', layers: ['old'] });
    const [compared] = await bed.plan([ruleFor(`${source.host}/app`, `${target.host}/app`)]);
    expect(compared?.diff).toMatchObject({ selected: 3, unchanged: 1, problems: [] });
    const changes = compared?.diff.changes.map(({ source: from, digest, targets }) => ({ from, digest, targets }));
    const reference = (tag: string) => `${target.host}/app:${tag}`;
    expect(changes).toMatchObject([
      { from: `${source.host}/app:a`, targets: [{ reference: reference('a'), state: 'absent' }] },
      { from: `${source.host}/app:c`, targets: [{ reference: reference('c'), state: 'moved', digest: old.digest }] },
    ]);
    expect(tagsAt('app')).toEqual({ b: same.digest, c: old.digest });
    expect(writesAt(target)).toEqual([]);
  });

  test('gives the same hash for the same differences, and another for others', async () => {
    for (const tag of ['a', 'b', 'c', 'd']) await plantSimpleImage(at(source, 'app'), { tag, layers: [tag] });
    const rule = ruleFor(`${source.host}/app`, `${target.host}/app`);
    const hash = async () =>
      planHash(
        (await bed.plan([rule])).map(({ diff }) => diff),
        [],
      );
    const before = await hash();
    expect(await hash()).toBe(before);
    await plantSimpleImage(at(source, 'app'), { tag: 'b', layers: ['other'] });
    expect(await hash()).not.toBe(before);
  });

  test('renders targets, and takes only selected tags', async () => {
    for (const tag of ['1.0', '1.1', '2.0-rc1', 'latest']) await plantSimpleImage(at(source, 'team/app'), { tag });
    const tags = [{ semver: '>=1.0', latest: 1, always: ['latest'] }];
    const rule = ruleFor(`${source.host}/team/app`, `${target.host}/mirror/{name}:{tag}-eu`, { tags });
    await bed.sync([rule]);
    expect(Object.keys(tagsAt('mirror/app')).toSorted()).toEqual(['1.1-eu', 'latest-eu']);
  });

  test('leaves tags that stand for a digest to the images they belong to', async () => {
    const image = await plantSimpleImage(at(source, 'app'), { tag: 'v1' });
    const [signature = ''] = cosignTags(image.digest);
    await plantSimpleImage(at(source, 'app'), { tag: signature, layers: ['signature'] });
    await plantManifest(at(source, 'app'), { manifests: [] }, { mediaType: INDEX, tag: fallbackTag(image.digest) });
    const { compared } = await bed.sync([ruleFor(`${source.host}/app`, `${target.host}/app`)]);
    expect(compared[0]?.diff.selected).toBe(1);
    expect(Object.keys(tagsAt('app'))).toEqual(['v1']);
    await bed.sync([ruleFor(`${source.host}/app`, `${target.host}/app`, { referrers: true })]);
    expect(Object.keys(tagsAt('app')).toSorted()).toEqual([signature, 'v1'].toSorted());
  });

  test('a tag that a rule names and the source lacks is no failure, as long as others are there', async () => {
    await plantSimpleImage(at(source, 'app'), { tag: 'a' });
    const rule = (...allow: string[]) => ruleFor(`${source.host}/app`, `${target.host}/app`, { tags: [{ allow }] });
    const some = await bed.sync([rule('a', 'z')]);
    expect(some.states).toEqual(['copied']);
    expect(some.compared[0]?.diff).toMatchObject({ selected: 1, missing: ['z'], problems: [] });
    const [none] = await bed.plan([rule('y', 'z')]);
    expect(none?.diff.problems).toMatchObject([{ state: 'failed', problem: { code: 'not-found' } }]);
  });
});

test('wildcards take the repositories that the catalog has', async () => {
  for (const repository of ['team/a', 'team/b', 'team/deep/c', 'else/d'])
    await plantSimpleImage(at(source, repository), { tag: 'v1', layers: [repository] });
  await bed.sync([ruleFor(`${source.host}/team/*`, `${target.host}/one/{repository}`)]);
  expect([...target.catalog.keys()].toSorted()).toEqual(['one/team/a', 'one/team/b']);
  await bed.sync([ruleFor(`${source.host}/team/**`, `${target.host}/all/{repository}`)]);
  expect([...target.catalog.keys()].filter((name) => name.startsWith('all/')).toSorted()).toEqual([
    'all/team/a',
    'all/team/b',
    'all/team/deep/c',
  ]);
});

describe('what is not the same digest and still right', () => {
  test('a smaller index is known by the index that it was made from', async () => {
    await plantIndex(source, 'app', '1.0');
    const platforms = { include: ['linux/amd64'], mode: 'rewrite' } as const;
    const rule = ruleFor(`${source.host}/app`, `${target.host}/app`, { platforms });
    expect((await bed.sync([rule])).states).toEqual(['copied']);
    source.requests.length = 0;
    const { compared, states } = await bed.sync([rule]);
    expect([states, compared[0]?.diff.unchanged]).toEqual([[], 1]);
    expect(countsAt(source)).toEqual({ 'GET tags': 1, 'HEAD manifest': 1 });
    const wider = { include: ['linux/amd64', 'linux/arm64'], mode: 'rewrite' } as const;
    expect((await bed.sync([{ ...rule, platforms: wider }])).states).toEqual(['copied']);
    const absent = { include: ['linux/amd64', 'linux/arm64', 'linux/s390x'], mode: 'rewrite' } as const;
    expect((await bed.sync([{ ...rule, platforms: absent }])).states).toEqual([]);
  });

  test('a sparse index is completed when its platforms grow', async () => {
    const index = await plantIndex(source, 'app', '1.0');
    const rule = ruleFor(`${source.host}/app`, `${target.host}/app`);
    const sparse = (...include: string[]) => ({ ...rule, platforms: { include, mode: 'sparse' as const } });
    await bed.sync([sparse('linux/amd64')]);
    expect((await bed.sync([sparse('linux/amd64')])).states).toEqual([]);
    expect((await bed.sync([sparse('linux/amd64', 'linux/arm64')])).states).toEqual(['copied']);
    await contentAt(at(target, 'app'), index.arm64);
  });
});

describe('signatures that come later', () => {
  test('are found although the tag did not change', async () => {
    const image = await plantSimpleImage(at(source, 'app'), { tag: 'v1' });
    const rule = ruleFor(`${source.host}/app`, `${target.host}/app`, { referrers: true });
    await bed.sync([rule]);
    const signature = await plantReferrer(at(source, 'app'), image, 'signature');
    const [compared] = await bed.plan([rule]);
    expect(compared?.diff.changes).toMatchObject([{ targets: [{ state: 'incomplete' }] }]);
    expect((await bed.sync([rule])).states).toEqual(['copied']);
    await contentAt(at(target, 'app'), signature.digest);
    expect((await bed.sync([rule])).states).toEqual([]);
  });

  test('under a tag of cosign as well, also when they grow', async () => {
    const image = await plantSimpleImage(at(source, 'app'), { tag: 'v1' });
    const [tag = ''] = cosignTags(image.digest);
    const rule = ruleFor(`${source.host}/app`, `${target.host}/app`, { referrers: true });
    await bed.sync([rule]);
    for (const content of ['one', 'two']) {
      const signature = await plantSimpleImage(at(source, 'app'), { tag, layers: [content] });
      expect((await bed.sync([rule])).states).toEqual(['copied']);
      expect(tagsAt('app')[tag]).toBe(signature.digest);
    }
  });
});

describe('two sources onto one target', () => {
  const both = () => [
    ruleFor(`${source.host}/x/*`, `${target.host}/shared/{name}`),
    ruleFor(`${other.host}/x/*`, `${target.host}/shared/{name}`),
  ];

  test('with different digests are refused before anything is sent, and both are named', async () => {
    const one = await plantSimpleImage(at(source, 'x/y'), { tag: '1', layers: ['one'] });
    const two = await plantSimpleImage(at(other, 'x/y'), { tag: '1', layers: ['two'] });
    await plantSimpleImage(at(other, 'x/z'), { tag: '1', layers: ['two'] });
    const { compared, states } = await bed.sync(both());
    expect(states).toEqual(['copied']);
    expect([...target.catalog.keys()]).toEqual(['shared/z']);
    const problems = compared.flatMap(({ diff }) => diff.problems);
    expect(problems.map(({ state }) => state)).toEqual(['refused', 'refused']);
    expect(problems[0]?.problem.message).toBe(
      `${target.host}/shared/y:1 is wanted from ${source.host}/x/y:1 (${one.digest}) and from ${other.host}/x/y:1 (${two.digest})`,
    );
  });

  test('are refused too when one of them was there first', async () => {
    await plantSimpleImage(at(source, 'x/y'), { tag: '1', layers: ['one'] });
    await bed.sync(both());
    const before = tagsAt('shared/y');
    await plantSimpleImage(at(other, 'x/y'), { tag: '1', layers: ['two'] });
    const { states } = await bed.sync(both());
    expect([states, tagsAt('shared/y')]).toEqual([[], before]);
  });

  test('with the same digest are one copy', async () => {
    for (const registry of [source, other]) await plantSimpleImage(at(registry, 'x/y'), { tag: '1', layers: ['same'] });
    expect((await bed.sync(both())).states).toEqual(['copied']);
    expect((await bed.sync(both())).states).toEqual([]);
  });

  test('within one rule, where a wildcard does not show in the target', async () => {
    await plantSimpleImage(at(source, 'a/app'), { tag: '1', layers: ['one'] });
    await plantSimpleImage(at(source, 'b/app'), { tag: '1', layers: ['two'] });
    const { compared } = await bed.sync([ruleFor(`${source.host}/*/app`, `${target.host}/{name}`)]);
    expect(compared.flatMap(({ diff }) => diff.problems.map(({ state }) => state))).toEqual(['refused', 'refused']);
    expect(writesAt(target)).toEqual([]);
  });
});

describe('what fails', () => {
  test('a source that does not answer stops no other rule', async () => {
    await plantSimpleImage(at(source, 'app'), { tag: 'v1' });
    await other.stop();
    const rules = [
      ruleFor(`${other.host}/app`, `${target.host}/lost`),
      ruleFor(`${other.host}/**`, `${target.host}/lost/{repository}`),
      ruleFor(`${source.host}/app`, `${target.host}/app`),
    ];
    const { states, compared } = await bed.sync(rules);
    expect(states).toEqual(['copied']);
    const codes = compared.flatMap(({ diff }) => diff.problems.map(({ problem }) => problem.code));
    expect(codes).toEqual(['connection-failed', 'connection-failed']);
  });

  test('a target that does not answer stops no other target, and is told once', async () => {
    for (const tag of ['a', 'b', 'c', 'd']) await plantSimpleImage(at(source, 'app'), { tag, layers: [tag] });
    await other.stop();
    const rule = ruleFor(`${source.host}/app`, [`${other.host}/app`, `${target.host}/app`]);
    const { states, compared } = await bed.sync([rule]);
    expect(states).toEqual(['copied', 'copied', 'copied', 'copied']);
    expect(compared[0]?.diff.problems).toMatchObject([{ place: `${other.host}/app`, tags: 4, state: 'failed' }]);
  });

  test('a registry that fails for every tag is given up soon', async () => {
    for (let tag = 0; tag < 60; tag += 1) await plantSimpleImage(at(source, 'app'), { tag: `t${tag}` });
    await bed.sync([ruleFor(`${source.host}/app`, `${target.host}/app`)]);
    target.requests.length = 0;
    target.faults.push({ match: { method: 'HEAD' }, action: { status: 403 } });
    const [compared] = await bed.plan([ruleFor(`${source.host}/app`, `${target.host}/app`)]);
    expect(compared?.diff.problems).toMatchObject([{ tags: 60, problem: { code: 'denied' } }]);
    expect(countsAt(target)['HEAD manifest']).toBeLessThan(50);
  });

  test('a tag that cannot be read fails alone', async () => {
    for (const tag of ['a', 'b', 'c', 'd']) await plantSimpleImage(at(source, 'app'), { tag, layers: [tag] });
    const broken = source.catalog.get('app')?.tags.get('b') ?? '';
    source.faults.push({ match: { method: 'GET', path: new RegExp(broken) }, action: { status: 403 } });
    const { states } = await bed.sync([ruleFor(`${source.host}/app`, `${target.host}/app`)]);
    expect(states.toSorted()).toEqual(['copied', 'copied', 'copied', 'denied']);
  });

  test('a registry without a catalog is told so', async () => {
    source.faults.push({ match: { path: /_catalog/ }, action: { status: 404 } });
    const [compared] = await bed.plan([ruleFor(`${source.host}/**`, `${target.host}/{repository}`)]);
    expect(compared?.diff.problems[0]?.problem).toMatchObject({
      code: 'unsupported',
      message: `${source.host} does not tell which repositories it has`,
    });
  });

  test('a target whose list may not be read is looked at tag by tag', async () => {
    for (const tag of ['a', 'b', 'c', 'd']) await plantSimpleImage(at(source, 'app'), { tag, layers: [tag] });
    target.faults.push({ match: { path: /tags\/list/ }, action: { status: 403 } });
    expect((await bed.sync([ruleFor(`${source.host}/app`, `${target.host}/app`)])).states).toHaveLength(4);
    expect((await bed.sync([ruleFor(`${source.host}/app`, `${target.host}/app`)])).states).toEqual([]);
  });

  test('a tag that must not move is refused', async () => {
    await plantSimpleImage(at(source, 'app'), { tag: 'v1', layers: ['new'] });
    const old = await plantSimpleImage(at(target, 'app'), { tag: 'v1', layers: ['old'] });
    const rule = ruleFor(`${source.host}/app`, `${target.host}/app`, { onConflict: 'refuse' });
    expect((await bed.sync([rule])).states).toEqual(['conflict-refused']);
    expect(tagsAt('app')).toEqual({ v1: old.digest });
  });
});
