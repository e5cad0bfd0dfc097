// Pruning: only what we wrote, what still names it, and what the rule does not want any more; never much at once, never in doubt.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startRegistry, type RunningRegistry } from '../../../infra/demo/registry.ts';
import type { RegistryOptions } from '../../../infra/demo/registry/options.ts';
import { plantManifest, plantSimpleImage, INDEX } from '../../support/planted-content.ts';
import { memoryJournal, openSweepBed, ruleFor, type SweepBed } from '../../support/sweep-bed.ts';

let source: RunningRegistry;
let target: RunningRegistry;
let bed: SweepBed;
let journal: ReturnType<typeof memoryJournal>;

async function begin(options: RegistryOptions = {}) {
  [source, target] = await Promise.all([startRegistry(), startRegistry(options)]);
  bed = openSweepBed();
  journal = memoryJournal();
}

async function end() {
  await bed[Symbol.asyncDispose]();
  await Promise.all([source.stop(), target.stop()]);
}

beforeEach(() => begin());
afterEach(end);

const rule = () => ({ ...ruleFor(`${source.host}/app`, `${target.host}/app`, { prune: 'apply' }), name: 'app' });
const sourcePlace = () => ({ registry: source, repository: 'app' });
const targetPlace = () => ({ registry: target, repository: 'app' });
const tags = () => [...(target.catalog.get('app')?.tags.keys() ?? [])].toSorted();
const sync = (rules = [rule()]) => bed.sync(rules, { journal });

async function plant(...names: string[]) {
  for (const tag of names) await plantSimpleImage(sourcePlace(), { tag, layers: [tag] });
}

function dropAtSource(...names: string[]) {
  for (const tag of names) source.catalog.get('app')?.tags.delete(tag);
}

test('removes what is gone from the source, and forgets it', async () => {
  await plant('a', 'b', 'c');
  await sync();
  expect(journal.entries.map(({ tag }) => tag).toSorted()).toEqual(['a', 'b', 'c']);
  dropAtSource('b');
  const { pruned } = await sync();
  expect(pruned).toMatchObject([{ repository: `${target.host}/app`, removed: [{ tag: 'b' }], isDone: true }]);
  expect(tags()).toEqual(['a', 'c']);
  expect(journal.entries.map(({ tag }) => tag).toSorted()).toEqual(['a', 'c']);
  expect((await sync()).pruned).toEqual([]);
});

test('removes what the selection does not take any more', async () => {
  await plant('1.0', '2.0');
  await sync();
  await sync([{ ...rule(), tags: [{ deny: ['1.*'] }] }]);
  expect(tags()).toEqual(['2.0']);
});

test('only lists with prune: plan, and does not even look with prune: off', async () => {
  await plant('a', 'b');
  await sync();
  dropAtSource('b');
  const { pruned } = await sync([{ ...rule(), prune: 'plan' }]);
  expect(pruned).toMatchObject([{ removed: [{ tag: 'b' }], isDone: false }]);
  expect((await sync([{ ...rule(), prune: 'off' }])).pruned).toEqual([]);
  expect(tags()).toEqual(['a', 'b']);
});

test('leaves alone what others wrote, moved, or may want', async () => {
  await plant('a', 'b', 'c');
  await plantSimpleImage(targetPlace(), { tag: 'theirs', layers: ['theirs'] });
  await sync();
  dropAtSource('b', 'c');
  await plantSimpleImage(targetPlace(), { tag: 'b', layers: ['moved by hand'] });
  const { pruned } = await sync();
  expect(pruned[0]).toMatchObject({
    removed: [{ tag: 'c' }],
    kept: [{ tag: 'b', reason: 'somebody else moved it since' }],
  });
  expect(tags()).toEqual(['a', 'b', 'theirs']);
  await plant('c');
  await sync();
  dropAtSource('c');
  const second = { ...ruleFor(`${source.host}/else/*`, `${target.host}/{name}`), name: 'second' };
  const { pruned: spared } = await bed.sync([rule()], { journal, allRules: [rule(), second] });
  expect(spared[0]?.kept).toContainEqual({ tag: 'c', reason: 'rule second may want it' });
  expect(tags()).toContain('c');
});

test('what was at the target before us is not ours', async () => {
  await plant('a', 'b');
  await plantSimpleImage(targetPlace(), { tag: 'b', layers: ['b'] });
  await sync();
  dropAtSource('b');
  expect((await sync()).pruned).toEqual([]);
  expect(tags()).toEqual(['a', 'b']);
});

describe('does nothing', () => {
  test('after a listing that failed or was cut', async () => {
    await plant('a', 'b', 'c', 'd');
    await sync();
    dropAtSource('b');
    source.faults.push({ match: { path: /tags\/list/ }, action: { status: 403 } });
    expect((await sync()).pruned).toEqual([]);
    expect(tags()).toEqual(['a', 'b', 'c', 'd']);
  });

  test('when the source is gone as a whole', async () => {
    await plant('a', 'b');
    await sync();
    source.catalog.delete('app');
    const { pruned, compared } = await sync();
    expect([pruned, compared[0]?.diff.problems[0]?.problem.code]).toEqual([[], 'not-found']);
    expect(tags()).toEqual(['a', 'b']);
  });

  test('when tags of the source could not be compared', async () => {
    await plant('a', 'b', 'c', 'd');
    await sync();
    dropAtSource('b');
    source.faults.push({ match: { method: 'HEAD', path: /manifests\/c/ }, action: { status: 403 } });
    expect((await sync()).pruned).toEqual([]);
    expect(tags()).toContain('b');
  });

  test('beyond its cap: ten tags, or a fifth of the repository', async () => {
    const names = Array.from({ length: 30 }, (_none, number) => `t${number}`);
    await plant(...names);
    await sync();
    dropAtSource(...names.slice(0, 11));
    const { pruned } = await sync();
    expect(pruned).toMatchObject([{ removed: [], problem: { code: 'conflict-refused' } }]);
    expect(pruned[0]?.problem?.message).toContain('11 of 30 tags (37 %)');
    expect(tags()).toHaveLength(30);
    await plant('t0');
    await sync();
    expect(tags()).toHaveLength(20);
  });
});

describe('where the registry deletes no single tag', () => {
  beforeEach(async () => {
    await end();
    await begin();
    target.faults.push({
      match: { method: 'DELETE', path: /manifests\/(?!sha256)/ },
      action: { status: 405, body: '{"errors":[{"code":"UNSUPPORTED"}]}' },
    });
  });

  test('the manifest is deleted if no other tag has it', async () => {
    await plant('a', 'b');
    await sync();
    dropAtSource('b');
    expect((await sync()).pruned).toMatchObject([{ removed: [{ tag: 'b' }] }]);
    expect(tags()).toEqual(['a']);
  });

  test('the tag stays if another one has the same content', async () => {
    await plant('a', 'b');
    await plantSimpleImage(sourcePlace(), { tag: 'also-b', layers: ['b'] });
    await sync();
    dropAtSource('b');
    const { pruned } = await sync();
    expect(pruned).toMatchObject([{ removed: [], kept: [{ tag: 'b' }] }]);
    expect(tags()).toEqual(['a', 'also-b', 'b']);
  });

  test('the tag stays if its image is a part of an index', async () => {
    await plant('a');
    const image = await plantSimpleImage(sourcePlace(), { tag: 'part', layers: ['part'] });
    await plantManifest(sourcePlace(), { manifests: [image] }, { mediaType: INDEX, tag: 'all' });
    await sync();
    dropAtSource('part');
    const { pruned } = await sync();
    expect(pruned[0]?.kept).toMatchObject([
      { tag: 'part', reason: expect.stringContaining('all has the same content') },
    ]);
    expect(tags()).toEqual(['a', 'all', 'part']);
  });

  describe('and a server writes to it at the same time', () => {
    const compare = async (fields = {}) => {
      const [compared] = await bed.plan([{ ...rule(), ...fields }]);
      if (compared === undefined) throw new Error('nothing was compared');
      return compared;
    };
    const prune = async (compared: Awaited<ReturnType<typeof compare>>, isBusy = () => Promise.resolve(false)) => {
      const [report] = await bed.prune(compared, { journal, isBusy });
      return { removed: report?.removed.map(({ tag }) => tag), reasons: report?.kept.map(({ reason }) => reason) };
    };
    const whyNot = (what: string) => ({ removed: [], reasons: [expect.stringContaining(what)] });

    /** `rc` was mirrored, and is gone at the source. */
    async function loseCandidate() {
      await plant('rc', 'other');
      await sync();
      dropAtSource('rc');
    }

    test('the manifest stays while its other name is still to be written', async () => {
      await loseCandidate();
      await plantSimpleImage(sourcePlace(), { tag: 'final', layers: ['rc'] });
      expect(await prune(await compare())).toEqual(whyNot('final is still to be written'));
      await sync([{ ...rule(), prune: 'off' }]);
      expect(await prune(await compare())).toEqual(whyNot('final has the same content'));
      expect(tags()).toEqual(['final', 'other', 'rc']);
    });

    test('the manifest stays where its other name was written while the tags were looked at', async () => {
      await loseCandidate();
      const compared = await compare();
      target.faults.push({ match: { method: 'HEAD', path: /manifests\/other/ }, action: { delayMs: 200 } });
      const pruning = prune(compared);
      await expect.poll(() => target.requests.filter(({ method }) => method === 'DELETE').length).toBe(1);
      await plantSimpleImage(targetPlace(), { tag: 'final', layers: ['rc'] });
      expect(await pruning).toEqual(whyNot('final has the same content'));
      expect(tags()).toEqual(['final', 'other', 'rc']);
    });

    test('the manifest stays while anything is still to be written: it may be an index that has it as a part', async () => {
      await loseCandidate();
      await plant('next');
      const compared = await compare();
      expect(await prune(compared)).toEqual(whyNot('next is still to be written'));
      await sync([{ ...rule(), prune: 'off' }]);
      expect(await prune(compared)).toEqual({ removed: ['rc'], reasons: [] });
    });

    test('the manifest stays while a job writes there', async () => {
      await loseCandidate();
      expect(await prune(await compare(), () => Promise.resolve(true))).toEqual(whyNot('being written'));
      expect(await prune(await compare())).toEqual({ removed: ['rc'], reasons: [] });
    });

    test('a tag that the conflict policy leaves alone holds nothing up', async () => {
      await loseCandidate();
      await plantSimpleImage(sourcePlace(), { tag: 'other', layers: ['moved'] });
      expect(await prune(await compare({ onConflict: 'refuse' }))).toEqual({ removed: ['rc'], reasons: [] });
    });
  });
});
