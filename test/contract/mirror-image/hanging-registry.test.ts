// One registry that does not answer, or answers nonsense, and the mirrors of all others.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startRegistry, type RunningRegistry } from '../../../infra/demo/registry.ts';
import { plantSimpleImage } from '../../support/planted-content.ts';
import { openMirrorBed } from '../../support/mirror-bed.ts';

const HANGING_JOBS = 18;

let source: RunningRegistry;
let bad: RunningRegistry;
let target: RunningRegistry;
beforeEach(async () => {
  [source, bad, target] = await Promise.all([startRegistry(), startRegistry(), startRegistry()]);
});
afterEach(() => Promise.all([source, bad, target].map((registry) => registry.stop())));

const plant = (registry: RunningRegistry) =>
  plantSimpleImage({ registry, repository: 'app' }, { tag: '1', layers: ['one'] });
const numbers = Array.from({ length: HANGING_JOBS }, (_, index) => index);

describe('a registry that hangs', () => {
  beforeEach(() => void bad.faults.push({ match: {}, action: { delayMs: 60_000 } }));

  it('as a target leaves room for the other targets of the same source', async () => {
    await plant(source);
    await using bed = await openMirrorBed();
    for (const number of numbers) await bed.ask(`${source.host}/app:1`, [`${bad.host}/app:${number}`]);
    await bed.until(() => bad.requests.length > 0);
    const startedAt = Date.now();
    const id = await bed.ask(`${source.host}/app:1`, [`${target.host}/app:1`]);
    await bed.reaches(id, 'DONE');
    expect(Date.now() - startedAt).toBeLessThan(3000);
    expect((await bed.store.counts()).states.LEASED).toBeGreaterThan(0);
  });

  it('as a source leaves room for the other sources of the same target', async () => {
    await plant(source);
    await using bed = await openMirrorBed();
    for (const number of numbers) await bed.ask(`${bad.host}/app:${number}`, [`${target.host}/app:${number}`]);
    await bed.until(() => bad.requests.length > 0);
    const startedAt = Date.now();
    const id = await bed.ask(`${source.host}/app:1`, [`${target.host}/other:1`]);
    await bed.reaches(id, 'DONE');
    expect(Date.now() - startedAt).toBeLessThan(3000);
    expect((await bed.store.counts()).states.LEASED).toBeGreaterThan(0);
  });
});

it('that wants to be left alone beyond all dates is asked again after a day, and harms nobody', async () => {
  await plant(source);
  const action = { status: 429, headers: { 'retry-after': '9999999999999' } };
  bad.faults.push({ match: {}, action });
  await using bed = await openMirrorBed();
  const busy = await bed.ask(`${source.host}/app:1`, [`${bad.host}/app:1`]);
  const good = await bed.ask(`${source.host}/app:1`, [`${target.host}/app:1`]);
  await bed.reaches(good, 'DONE');
  await bed.until(async () => (await bed.store.get(busy))?.problem !== undefined);
  const job = await bed.store.get(busy);
  const dayMs = 24 * 3_600_000;
  expect(job).toMatchObject({ state: 'READY', attempts: 1, problem: { code: 'too-many-requests' } });
  expect(Math.abs((job?.runAt.getTime() ?? 0) - Date.now() - dayMs)).toBeLessThan(60_000);
});
