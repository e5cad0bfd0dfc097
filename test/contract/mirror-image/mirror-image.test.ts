// Mirror jobs from acceptance to their end: what is written where, what is told, and what is tried again.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startRegistry, type RunningRegistry } from '../../../infra/demo/registry.ts';
import { mirrorJob } from '../../../functions/job-kinds/mirror-job.ts';
import type { JobHandler } from '../../../shared/jobs/handler.ts';
import { countsAt, writesAt } from '../../support/copy-bed.ts';
import { openMirrorBed, type MirrorBed } from '../../support/mirror-bed.ts';
import { contentAt, plantBlob, plantSimpleImage } from '../../support/planted-content.ts';
import { plantIndex } from '../../support/planted-image.ts';

let source: RunningRegistry;
let one: RunningRegistry;
let two: RunningRegistry;
let bed: MirrorBed;

beforeEach(async () => {
  [source, one, two] = await Promise.all([startRegistry(), startRegistry(), startRegistry()]);
  bed = await openMirrorBed();
});
afterEach(async () => {
  await bed[Symbol.asyncDispose]();
  await Promise.all([source.stop(), one.stop(), two.stop()]);
});

const plant = (layer: string, tag = 'v1') =>
  plantSimpleImage({ registry: source, repository: 'app' }, { tag, layers: [layer, 'shared'] });
const tagAt = (registry: RunningRegistry, tag = 'v1') => registry.catalog.get('app')?.tags.get(tag);
const tagWrites = (registry: RunningRegistry) =>
  writesAt(registry).filter((write) => write.startsWith('PUT') && write.endsWith('/manifests/v1'));
const both = () => [`${one.host}/app:v1`, `${two.host}/app:v1`];
const ask = (targets = both(), fields = {}) => bed.ask(`${source.host}/app:v1`, targets, fields);

describe('a mirror job', () => {
  test('brings the image to all targets from one read, and keeps the report', async () => {
    const { digest } = await plant('a');
    const job = await bed.reaches(await ask(), 'DONE');
    for (const registry of [one, two]) expect(tagAt(registry)).toBe(digest);
    await contentAt({ registry: one, repository: 'app' }, 'v1');
    expect(job.result).toMatchObject({
      state: 'done',
      report: {
        source: { digest },
        targets: [
          { state: 'copied', digest },
          { state: 'copied', digest },
        ],
      },
    });
    expect(countsAt(source)['GET blob']).toBe(3);
  });

  test('tells how far it is', async () => {
    await plant('a');
    const id = await ask();
    await bed.reaches(id, 'DONE');
    const progress = (await bed.history(id)).filter(({ type }) => type === 'progress');
    expect(progress[0]?.data).toMatchObject({ targets: 2, progress: [{ target: 0 }, { target: 1 }] });
  });

  test('writes nothing where all is there', async () => {
    await plant('a');
    await bed.reaches(await ask(), 'DONE');
    one.requests.length = 0;
    expect((await bed.reaches(await ask(), 'DONE')).result).toMatchObject({
      report: { targets: [{ state: 'unchanged' }, {}] },
    });
    expect(writesAt(one)).toEqual([]);
  });

  test('sends a blob once to a registry that several jobs bring it to', async () => {
    await plant('a');
    const ids = await Promise.all(['x', 'y', 'z'].map((name) => ask([`${one.host}/${name}:v1`])));
    for (const id of ids) await bed.reaches(id, 'DONE');
    expect(countsAt(one)['PUT upload']).toBe(3);
    for (const name of ['x', 'y', 'z']) await contentAt({ registry: one, repository: name }, 'v1');
  });

  test('journals the tags that a rule wrote, and only those', async () => {
    const { digest } = await plant('a');
    await bed.reaches(await ask([`${one.host}/app:v1`], { rule: 'base' }), 'DONE');
    await bed.reaches(await ask([`${two.host}/app:v1`], { trigger: 'api' }), 'DONE');
    expect(await bed.journal(one.host, 'app')).toMatchObject([
      { tag: 'v1', digest, rule: 'base', source: `${source.host}/app:v1` },
    ]);
    expect(await bed.journal(two.host, 'app')).toEqual([]);
    await bed.reaches(await ask(both(), { rule: 'base' }), 'DONE');
    expect(await bed.journal(two.host, 'app')).toEqual([]);
  });

  test('keeps what the conflict policy refuses as it is, and is done', async () => {
    await plantSimpleImage({ registry: one, repository: 'app' }, { tag: 'v1', layers: ['old'] });
    await plant('a');
    const job = await bed.reaches(await ask(both(), { onConflict: 'refuse' }), 'DONE');
    expect(job.result).toMatchObject({ report: { targets: [{ state: 'refused' }, { state: 'copied' }] } });
    expect(writesAt(one)).toEqual([]);
  });

  test('onto its own source is given up at once', async () => {
    await plant('a');
    const job = await bed.reaches(await ask([`${one.host}/app:v1`, `${source.host}/app:v1`]), 'DEAD');
    expect(job.problem).toMatchObject({ code: 'invalid-job' });
    expect(writesAt(one)).toEqual([]);
  });

  test('that makes no sense is given up at once', async () => {
    const { id } = await bed.store.accept({ kind: 'mirror', payload: { source: 7 } });
    expect((await bed.reaches(id, 'DEAD')).problem).toMatchObject({
      code: 'invalid-job',
      message: expect.stringContaining('"source"'),
    });
  });
});

describe('a source tag', () => {
  test('that moves during the copy is copied as it is then, and the old digest is never written', async () => {
    await plant('a');
    one.faults.push({ match: { method: 'PUT', path: /uploads/, times: 1 }, action: { stallMs: 300 } });
    const id = await ask();
    await bed.until(() => one.requests.some(({ method }) => method === 'POST'));
    const { digest } = await plant('b');
    await bed.reaches(id, 'DONE');
    for (const registry of [one, two]) {
      expect(tagAt(registry)).toBe(digest);
      expect(tagWrites(registry)).toHaveLength(1);
    }
  });

  test('that moves without end does not keep the job for ever', async () => {
    let count = 0;
    await plant('a');
    const move = setInterval(() => void plant(`moved ${(count += 1)}`), 1);
    one.faults.push({ match: { method: 'PUT', path: /uploads/ }, action: { delayMs: 20 } });
    const id = await ask([`${one.host}/app:v1`]);
    await bed.until(async () => (await bed.history(id)).some(({ type }) => type === 'retrying'));
    clearInterval(move);
    expect(tagWrites(one)).toEqual([]);
    await bed.reaches(id, 'DONE', 'DEAD');
  });

  test('that is gone leaves a rule nothing to do', async () => {
    await plant('a', 'other');
    expect((await bed.reaches(await ask(both(), { trigger: 'sweep' }), 'DONE')).result).toEqual({
      state: 'source-gone',
      source: `${source.host}/app:v1`,
    });
  });

  test('that a push told of is looked for again when it is not there yet, and copied then', async () => {
    source.faults.push({ match: { path: /manifests\/v1/, times: 2 }, action: { status: 404 } });
    const { digest } = await plant('a');
    const job = await bed.reaches(await ask(), 'DONE');
    expect(job.attempts).toBeGreaterThan(1);
    for (const registry of [one, two]) expect(tagAt(registry)).toBe(digest);
  });

  test('that a push told of and that never comes leaves nothing to do', async () => {
    const { id } = await bed.store.accept({
      ...mirrorJob({
        source: `${source.host}/app:v1`,
        targets: both(),
        trigger: 'push',
        referrers: false,
        onConflict: 'overwrite',
      }),
      maxAttempts: 2,
    });
    const job = await bed.reaches(id, 'DONE');
    expect(job).toMatchObject({ attempts: 2, result: { state: 'source-gone' } });
  });

  test('that moved before the old image was cleaned up is copied as it is now, whatever of the old one is missing', async () => {
    const layer = (await plantBlob({ registry: source, repository: 'app' }, 'a')).digest;
    await plant('a');
    source.faults.push({ match: { method: 'GET', path: new RegExp(`blobs/${layer}`) }, action: { delayMs: 300 } });
    source.faults.push({ match: { method: 'GET', path: new RegExp(`blobs/${layer}`) }, action: { status: 404 } });
    const id = await ask();
    await bed.until(() => source.requests.some(({ method, path }) => method === 'GET' && path.includes(layer)));
    const { digest } = await plant('b');
    const job = await bed.reaches(id, 'DONE', 'DEAD');
    expect([job.state, job.attempts]).toEqual(['DONE', 1]);
    for (const registry of [one, two]) expect(tagAt(registry)).toBe(digest);
  });

  test('that moved before an image of the old index was cleaned up is copied as it is now', async () => {
    const { amd64 } = await plantIndex(source, 'app', 'v1');
    source.faults.push({ match: { method: 'GET', path: new RegExp(`manifests/${amd64}`) }, action: { delayMs: 300 } });
    source.faults.push({ match: { method: 'GET', path: new RegExp(`manifests/${amd64}`) }, action: { status: 404 } });
    const id = await ask();
    await bed.until(() => source.requests.some(({ method, path }) => method === 'GET' && path.includes(amd64)));
    const { digest } = await plant('b');
    const job = await bed.reaches(id, 'DONE', 'DEAD');
    expect([job.state, job.attempts]).toEqual(['DONE', 1]);
    for (const registry of [one, two]) expect(tagAt(registry)).toBe(digest);
  });

  test('that moves between two targets moves on at the first one, too, where other content is refused', async () => {
    await plant('a');
    // The first target has its tag when the second one is still asked for the last time what its tag names.
    two.faults.push({ match: { method: 'HEAD', path: /manifests\/v1/, nth: 2 }, action: { delayMs: 300 } });
    const id = await ask(both(), { onConflict: 'refuse' });
    await bed.until(() => tagAt(one) !== undefined);
    const { digest } = await plant('b');
    const { result } = await bed.reaches(id, 'DONE');
    expect(result).toMatchObject({
      report: {
        targets: [
          { state: 'copied', digest },
          { state: 'copied', digest },
        ],
      },
    });
    for (const registry of [one, two]) expect(tagAt(registry)).toBe(digest);
  });

  test('that is gone is an error for somebody who asked for it', async () => {
    const job = await bed.reaches(await ask(both(), { trigger: 'api' }), 'DEAD');
    expect(job.problem).toMatchObject({ code: 'not-found' });
  });

  test('whose image is not whole is an error, and no tag is written', async () => {
    const { digest } = await plant('a');
    const { layers } = JSON.parse(Buffer.from((await source.bytesOf(digest)) ?? []).toString());
    source.faults.push({ match: { path: new RegExp(layers[0].digest) }, action: { status: 404 } });
    const job = await bed.reaches(await ask(), 'DEAD');
    expect(job.problem).toMatchObject({ code: 'not-found' });
    for (const registry of [one, two]) expect(tagWrites(registry)).toEqual([]);
  });
});

describe('a target', () => {
  test('that is down for a while is tried again, and the other one is not written twice', async () => {
    const { digest } = await plant('a');
    two.faults.push({ match: { times: 5 }, action: { status: 503 } });
    const id = await ask();
    const job = await bed.reaches(id, 'DONE');
    for (const registry of [one, two]) expect(tagAt(registry)).toBe(digest);
    expect(job.attempts).toBeGreaterThan(1);
    expect(tagWrites(one)).toHaveLength(1);
    const retry = (await bed.history(id)).find(({ type }) => type === 'retrying');
    expect(JSON.stringify(retry?.data)).toContain('1 of 2 targets failed');
  });

  test('that can never succeed does not keep another from being tried again; then the job is given up', async () => {
    const { digest } = await plant('a');
    one.faults.push({ match: { method: 'POST' }, action: { status: 403 } });
    two.faults.push({ match: { times: 5 }, action: { status: 503 } });
    const job = await bed.reaches(await ask(), 'DEAD');
    expect(tagAt(two)).toBe(digest);
    expect(job.problem).toMatchObject({ code: 'denied', message: expect.stringContaining('1 of 2 targets failed') });
  });

  test('that says when to come back is not asked before', async () => {
    await plant('a');
    one.faults.push({ match: { times: 1 }, action: { status: 429, headers: { 'retry-after': '600' } } });
    const id = await ask([`${one.host}/app:v1`]);
    await bed.until(async () => (await bed.history(id)).some(({ type }) => type === 'retrying'));
    const job = await bed.reaches(id, 'READY');
    expect(job.runAt.getTime() - Date.now()).toBeGreaterThan(590_000);
  });
});

const LEASE_MS = 300;

describe('a job that must end', () => {
  test('gives itself back with nothing half done, and the next worker finishes it', async () => {
    const { digest } = await plant('a');
    one.faults.push({ match: { method: 'PUT', path: /uploads/, times: 1 }, action: { stallMs: 60_000 } });
    const id = await ask();
    await bed.until(() => one.requests.some(({ method }) => method === 'POST'));
    await bed.stop();
    expect(await bed.store.get(id)).toMatchObject({ state: 'READY', problem: undefined });
    expect(tagAt(one)).toBeUndefined();
    bed.start();
    await bed.reaches(id, 'DONE');
    for (const registry of [one, two]) expect(tagAt(registry)).toBe(digest);
  });

  test('writes no tag after somebody else took it', async () => {
    const { digest } = await plant('a');
    await bed[Symbol.asyncDispose]();
    bed = await openMirrorBed({ leaseMs: LEASE_MS });
    await bed.stop();
    const refused: unknown[] = [];
    const overtaken =
      (handler: JobHandler): JobHandler =>
      (context) => {
        const assertHeld = async (): Promise<void> => {
          if (context.job.fence === 1) await loseLease(context.job.id);
          await context.assertHeld().catch((error: unknown) => {
            refused.push(error);
            throw error;
          });
        };
        return handler({ ...context, assertHeld });
      };
    const id = await ask([`${one.host}/app:v1`]);
    bed.start(overtaken);
    expect(await bed.reaches(id, 'DONE')).toMatchObject({ fence: 2 });
    expect(refused).toMatchObject([{ code: 'fence-lost' }]);
    expect(tagWrites(one)).toHaveLength(1);
    expect(tagAt(one)).toBe(digest);
  });

  /** As if the process had been held still for so long that its lease ran out. */
  async function loseLease(id: string): Promise<void> {
    await bed.store.sweep(new Date(Date.now() + LEASE_MS), 10);
    await bed.until(async () => ((await bed.store.get(id))?.fence ?? 0) > 1);
  }
});

describe('a push that was told of before its tag was there', () => {
  const untagged = (layer: string) =>
    plantSimpleImage({ registry: source, repository: 'app' }, { layers: [layer, 'shared'] });
  const moveTag = (digest: string) => source.catalog.get('app')?.tags.set('v1', digest);
  const asked = () => source.requests.filter(({ path }) => path.endsWith('/manifests/v1')).length;

  test('is mirrored when the tag appears', async () => {
    const { digest } = await untagged('a');
    const id = await ask(both(), { announced: digest });
    await bed.until(() => asked() > 0);
    moveTag(digest);
    const job = await bed.reaches(id, 'DONE');
    expect(job.attempts).toBe(1);
    for (const registry of [one, two]) expect(tagAt(registry)).toBe(digest);
  });

  test('is mirrored when the tag moves', async () => {
    await plant('a');
    const { digest } = await untagged('b');
    const id = await ask(both(), { announced: digest });
    await bed.until(() => asked() > 1);
    moveTag(digest);
    await bed.reaches(id, 'DONE');
    for (const registry of [one, two]) expect(tagAt(registry)).toBe(digest);
  });

  test('does not wait for what a newer push replaced: that is copied at once', async () => {
    const { digest } = await plant('newer');
    const id = await ask(both(), { announced: `sha256:${'0'.repeat(64)}` });
    await bed.until(() => tagAt(one) === digest && tagAt(two) === digest);
    expect((await bed.reaches(id, 'DONE')).attempts).toBe(1);
  });

  test('is looked for again when there is none for seconds', async () => {
    const id = await ask(both(), { announced: `sha256:${'0'.repeat(64)}` });
    const waiting = await bed.reaches(id, 'READY');
    await bed.until(async () => ((await bed.store.get(id))?.problem?.code ?? '') === 'not-found');
    expect(waiting.state).toBe('READY');
  });
});
