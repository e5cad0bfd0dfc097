// Two rules whose patterns meet on one target: the second source is refused there before anything of it is sent, and goes elsewhere all the same.
import { afterEach, expect, test } from 'vitest';
import { startRegistry, type RunningRegistry } from '../../../infra/demo/registry.ts';
import { readConfig } from '../../../shared/config/load.ts';
import { openMirrorBed, type MirrorBed } from '../../support/mirror-bed.ts';
import { plantSimpleImage } from '../../support/planted-content.ts';

const opened: { stop(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one.stop();
});

type Scene = { bed: MirrorBed; first: RunningRegistry; second: RunningRegistry; target: RunningRegistry };

/** Both registries have `team/app:v1`, which two rules want at `mirror/app:v1` of the target. */
async function scene({ rules = ['first', 'second'], layers = ['a', 'b'] } = {}): Promise<Scene> {
  const [first, second, target] = await Promise.all([startRegistry(), startRegistry(), startRegistry()]);
  opened.push(first, second, target);
  for (const [index, registry] of [first, second].entries()) {
    await plantSimpleImage({ registry, repository: 'team/app' }, { tag: 'v1', layers: [layers[index] ?? ''] });
  }
  const hosts: Record<string, string> = { first: first.host, second: second.host };
  const text = [
    'version: 1',
    'mirrors:',
    ...rules.map(
      (name) => `  - { name: ${name}, from: "${hosts[name]}/team/*", to: ["${target.host}/mirror/{name}"] }`,
    ),
  ].join('\n');
  const { config } = readConfig([{ file: 'transship.yaml', text }], { env: {}, homeDir: '/', cwd: '/' });
  const bed = await openMirrorBed({ config });
  opened.push({ stop: () => bed[Symbol.asyncDispose]() });
  return { bed, first, second, target };
}

const mirror = ({ bed, target }: Scene, source: RunningRegistry, rule: string) =>
  bed.ask(`${source.host}/team/app:v1`, [`${target.host}/mirror/app:v1`], { rule });

test('refuses another source for a tag before anything is sent, and names both', async () => {
  const it = await scene();
  await it.bed.reaches(await mirror(it, it.first, 'first'), 'DONE');
  it.target.requests.length = 0;
  const job = await it.bed.reaches(await mirror(it, it.second, 'second'), 'DONE');
  expect(job.result).toMatchObject({
    report: { targets: [{ state: 'refused', error: { code: 'conflict-refused' }, requests: 0, bytesMoved: 0 }] },
  });
  const told = JSON.stringify(job.result);
  expect(told).toContain(`${it.first.host}/team/app:v1 (rule first)`);
  expect(told).toContain(`${it.second.host}/team/app:v1 (rule second)`);
  expect(it.target.requests).toEqual([]);
});

test('brings the image to the other targets of the rule', async () => {
  const it = await scene();
  await it.bed.reaches(await mirror(it, it.first, 'first'), 'DONE');
  const before = it.target.catalog.get('mirror/app')?.tags.get('v1');
  const targets = ['before', 'mirror', 'after'].map((path) => `${it.target.host}/${path}/app:v1`);
  const id = await it.bed.ask(`${it.second.host}/team/app:v1`, targets, { rule: 'second' });
  const { result } = await it.bed.reaches(id, 'DONE');
  expect(result).toMatchObject({
    report: { targets: ['copied', 'refused', 'copied'].map((state, index) => ({ state, reference: targets[index] })) },
  });
  expect(it.target.catalog.get('mirror/app')?.tags.get('v1')).toBe(before);
  for (const path of ['before', 'after']) {
    expect(it.target.catalog.get(`${path}/app`)?.tags.get('v1')).toBe(
      it.second.catalog.get('team/app')?.tags.get('v1'),
    );
    expect(await it.bed.journal(it.target.host, `${path}/app`)).toMatchObject([{ rule: 'second' }]);
  }
});

test('says so at once for a push that is late with its tag, too', async () => {
  const it = await scene();
  await it.bed.reaches(await mirror(it, it.first, 'first'), 'DONE');
  const announced = `sha256:${'0'.repeat(64)}`;
  const id = await it.bed.ask(`${it.second.host}/team/app:v1`, [`${it.target.host}/mirror/app:v1`], {
    rule: 'second',
    announced,
  });
  const { result } = await it.bed.reaches(id, 'DONE');
  expect(result).toMatchObject({ report: { targets: [{ state: 'refused' }] } });
});

test('lets the first source move its tag on', async () => {
  const it = await scene();
  await it.bed.reaches(await mirror(it, it.first, 'first'), 'DONE');
  const moved = await plantSimpleImage({ registry: it.first, repository: 'team/app' }, { tag: 'v1', layers: ['c'] });
  await it.bed.reaches(await mirror(it, it.first, 'first'), 'DONE');
  expect(it.target.catalog.get('mirror/app')?.tags.get('v1')).toBe(moved.digest);
});

test('takes the same content from either source', async () => {
  const it = await scene({ layers: ['same', 'same'] });
  await it.bed.reaches(await mirror(it, it.first, 'first'), 'DONE');
  const { result } = await it.bed.reaches(await mirror(it, it.second, 'second'), 'DONE');
  expect(result).toMatchObject({ report: { targets: [{ state: 'unchanged' }] } });
});

test('lets a new source take over when no rule wants the old one any more', async () => {
  const it = await scene({ rules: ['second'] });
  await it.bed.reaches(await mirror(it, it.first, 'first'), 'DONE');
  const { result } = await it.bed.reaches(await mirror(it, it.second, 'second'), 'DONE');
  expect(result).toMatchObject({ report: { targets: [{ state: 'copied' }] } });
});
