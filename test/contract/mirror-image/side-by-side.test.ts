// Waiting jobs with one target but different sources, and what a job that was given up tells of each target.
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startRegistry, type RunningRegistry } from '../../../infra/demo/registry.ts';
import { configOf } from '../../support/config-of.ts';
import { openMirrorBed } from '../../support/mirror-bed.ts';
import { plantSimpleImage } from '../../support/planted-content.ts';

let first: RunningRegistry;
let second: RunningRegistry;
let target: RunningRegistry;
beforeEach(async () => {
  [first, second, target] = await Promise.all([startRegistry(), startRegistry(), startRegistry()]);
});
afterEach(() => Promise.all([first, second, target].map((registry) => registry.stop())));

const plant = (registry: RunningRegistry, layer: string) =>
  plantSimpleImage({ registry, repository: 'team/app' }, { tag: 'v1', layers: [layer] });

test('a waiting push is not lost to one of a rival source, nor to an old digest that somebody asks for', async () => {
  const rule = (name: string, { host }: RunningRegistry) =>
    `  - { name: ${name}, from: "${host}/team/*", to: ["${target.host}/mirror/{name}"] }\n`;
  await using bed = await openMirrorBed({
    config: configOf(`mirrors:\n${rule('first', first)}${rule('second', second)}`),
  });
  const to = [`${target.host}/mirror/app:v1`];
  const old = await plant(first, 'a');
  await plant(second, 'b');
  await bed.reaches(await bed.ask(`${first.host}/team/app:v1`, to, { rule: 'first' }), 'DONE');

  await bed.stop();
  const { digest } = await plant(first, 'c');
  const pinned = await bed.ask(`${first.host}/team/app:v1@${old.digest}`, to, { trigger: 'api' });
  const push = await bed.ask(`${first.host}/team/app:v1`, to, { rule: 'first' });
  const rival = await bed.ask(`${second.host}/team/app:v1`, to, { rule: 'second' });
  bed.start();
  expect((await bed.reaches(rival, 'DONE')).result).toMatchObject({
    report: { targets: [{ state: 'refused', error: { code: 'conflict-refused' } }] },
  });
  for (const id of [pinned, push]) await bed.reaches(id, 'DONE');
  expect(target.catalog.get('mirror/app')?.tags.get('v1')).toBe(digest);
});

test('a job that was given up tells what became of each target', async () => {
  const { digest } = await plant(first, 'a');
  second.faults.push({ match: { method: 'POST' }, action: { status: 403 } });
  await using bed = await openMirrorBed();
  const targets = [`${second.host}/app:v1`, `${target.host}/app:v1`];
  const job = await bed.reaches(await bed.ask(`${first.host}/team/app:v1`, targets), 'DEAD');
  expect(job.result).toMatchObject({
    state: 'failed',
    report: {
      targets: [
        { reference: targets[0], state: 'failed', error: { code: 'denied' } },
        { reference: targets[1], state: 'copied', digest },
      ],
    },
  });
});
