// The worker of sweep jobs on a real store and registries: it asks for a mirror job for each difference, prunes, and goes on where a slice ended.
import { rm } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Deps } from '../../../functions/deps.ts';
import { mirrorImage } from '../../../functions/mirror-image.ts';
import { MIRROR, mirrorPayload } from '../../../functions/job-kinds/mirror-job.ts';
import { SWEEP, sweepJob, type SweepPayload } from '../../../functions/job-kinds/sweep-job.ts';
import { syncMirrors } from '../../../functions/sync-mirrors.ts';
import { withoutClusters } from '../../../functions/without-clusters.ts';
import { startRegistry, type RunningRegistry } from '../../../infra/demo/registry.ts';
import { openSqliteStore, type SqliteStore } from '../../../infra/node/sqlite-store.ts';
import { readConfig } from '../../../shared/config/load.ts';
import { systemClock } from '../../../shared/jobs/clock.ts';
import type { JobContext, JobOutcome } from '../../../shared/jobs/handler.ts';
import type { Json } from '../../../shared/jobs/json.ts';
import { startWorker } from '../../../shared/jobs/worker.ts';
import type { MirrorRule } from '../../../shared/mirror/rule.ts';
import { anonymous } from '../../../shared/oci/auth/credential.ts';
import { openRegistries, type Registries } from '../../../shared/registries/registries.ts';
import { silentLogger } from '../../../shared/telemetry/logger.ts';
import { noMetrics } from '../../../shared/telemetry/metrics.ts';
import { newFolder } from '../../support/jobs/sqlite-subject.ts';
import { plantReferrer, plantSimpleImage } from '../../support/planted-content.ts';
import { ruleFor } from '../../support/sweep-bed.ts';

let source: RunningRegistry;
let other: RunningRegistry;
let target: RunningRegistry;
let dataDir: string;
let store: SqliteStore;
let registries: Registries;
let rules: MirrorRule[];

beforeEach(async () => {
  [source, other, target] = await Promise.all([startRegistry(), startRegistry(), startRegistry()]);
  dataDir = await newFolder();
  store = await openSqliteStore({ dataDir, ballastBytes: 4096 });
  const retries = { tries: 2, firstDelayMs: 1, longestDelayMs: 5 };
  registries = openRegistries({ credentials: () => Promise.resolve(anonymous), env: {}, retries });
});

afterEach(async () => {
  await store.close();
  await registries.close();
  await rm(dataDir, { recursive: true });
  await Promise.all([source, other, target].map((registry) => registry.stop()));
});

function deps(): Deps {
  const { config } = readConfig([{ file: 't.yaml', text: 'version: 1' }], { env: {}, homeDir: '/', cwd: '/' });
  return {
    clock: systemClock,
    logger: silentLogger,
    metrics: noMetrics,
    jobs: store.jobs,
    pushes: store.pushes,
    journal: store.journal,
    grants: store.grants,
    config: () => ({ ...config, rules }),
    registries: () => registries,
    ...withoutClusters(),
  };
}

type Run = { outcome: JobOutcome; checkpoints: Json[] };

/** Runs one slice of a sweep as the worker would: of a new job, or of the one that was accepted with the key before. */
async function sweep(
  payload: Partial<SweepPayload> = {},
  options: { key?: string; checkpoint?: Json; ending?: AbortController; onCheckpoint?: () => void } = {},
): Promise<Run> {
  const checkpoints: Json[] = [];
  const { id } = await store.jobs.accept(sweepJob({ rule: 'app', trigger: 'api', ...payload }), options.key);
  const job = await store.jobs.get(id);
  if (job === undefined) throw new Error('it was just accepted');
  const context: JobContext = {
    job: { ...job, checkpoint: options.checkpoint },
    ending: (options.ending ?? new AbortController()).signal,
    signal: new AbortController().signal,
    assertHeld: async () => undefined,
    checkpoint: async (state) => {
      checkpoints.push(state);
      options.onCheckpoint?.();
    },
    progress: () => undefined,
  };
  return { outcome: await syncMirrors(deps())(context), checkpoints };
}

const plant = (repository: string, tag: string, registry = source) =>
  plantSimpleImage({ registry, repository }, { tag, layers: [`${repository} ${tag}`] });
const rule = (from = `${source.host}/app`, to: string | string[] = `${target.host}/app`, fields = {}) => ({
  ...ruleFor(from, to, { platforms: { include: ['linux/amd64'], mode: 'keep' as const }, ...fields }),
  name: 'app',
});

async function asked() {
  const { jobs } = await store.jobs.list({ kind: MIRROR }, 1000);
  return jobs.map(({ payload, priority, targets }) => ({ ...mirrorPayload.parse(payload), priority, on: targets }));
}

test('asks for a mirror of each tag that differs, with all that the rule says', async () => {
  for (const tag of ['a', 'b', 'c']) await plant('app', tag);
  await plantSimpleImage({ registry: target, repository: 'app' }, { tag: 'b', layers: ['app b'] });
  rules = [rule(undefined, undefined, { priority: 7, onConflict: 'backup', referrers: true })];
  const { outcome } = await sweep();
  expect(outcome).toMatchObject({
    result: { state: 'done', repositories: 1, tags: 3, unchanged: 1, jobs: 2, failed: 0, problems: [] },
  });
  const jobs = await asked();
  expect(jobs.map(({ source: from }) => from).toSorted()).toEqual([`${source.host}/app:a`, `${source.host}/app:c`]);
  expect(jobs[0]).toMatchObject({
    rule: 'app',
    trigger: 'sweep',
    priority: 7,
    onConflict: 'backup',
    referrers: true,
    platforms: { include: ['linux/amd64'], mode: 'keep' },
  });
});

test('twice in a row leaves one waiting job for each difference, and it is the one that a push would make', async () => {
  await plant('app', 'a');
  await plantSimpleImage({ registry: target, repository: 'one' }, { tag: 'a', layers: ['app a'] });
  rules = [rule(undefined, [`${target.host}/one`, `${target.host}/two`])];
  await sweep();
  await sweep();
  const waiting = (await store.jobs.list({ kind: MIRROR, state: 'READY' }, 10)).jobs;
  expect(waiting.map(({ targets }) => targets)).toEqual([[`${target.host}/one:a`, `${target.host}/two:a`]]);
});

test('of one repository alone needs no catalog', async () => {
  await plant('team/a', '1');
  await plant('team/b', '1');
  source.faults.push({ match: { path: /_catalog/ }, action: { status: 404 } });
  rules = [rule(`${source.host}/team/*`, `${target.host}/{repository}`)];
  await sweep({ repository: 'team/b' });
  expect((await asked()).map(({ source: from }) => from)).toEqual([`${source.host}/team/b:1`]);
});

test('what the policy refuses is told and asks for no job, at no sweep', async () => {
  for (const tag of ['a', 'b', 'c']) await plant('app', tag);
  await plantSimpleImage({ registry: target, repository: 'app' }, { tag: 'a', layers: ['mine'] });
  await plantSimpleImage({ registry: target, repository: 'app' }, { tag: 'b', layers: ['app b'] });
  rules = [rule(undefined, undefined, { onConflict: 'refuse' })];
  const { outcome } = await sweep();
  expect(outcome).toMatchObject({
    result: { state: 'done', tags: 3, unchanged: 1, jobs: 1, refused: 1, problems: [{ code: 'conflict-refused' }] },
  });
  await sweep();
  const sources = (await asked()).map(({ source: from }) => from);
  expect([...new Set(sources)]).toEqual([`${source.host}/app:c`]);
});

test('a rule that is gone is no work', async () => {
  rules = [];
  expect((await sweep()).outcome).toEqual({ result: { state: 'rule-gone', rule: 'app' } });
});

test('two sources onto one target are refused before any job is asked for', async () => {
  await plant('x/y', '1');
  await plantSimpleImage({ registry: other, repository: 'x/y' }, { tag: '1', layers: ['another'] });
  await plant('x/z', '1');
  rules = [
    rule(`${source.host}/x/*`, `${target.host}/shared/{name}`),
    { ...rule(`${other.host}/x/*`, `${target.host}/shared/{name}`), name: 'second' },
  ];
  for (const name of ['app', 'second']) {
    const { outcome } = await sweep({ rule: name });
    expect(outcome).toMatchObject({ result: { refused: 1, problems: [{ code: 'conflict-refused' }] } });
  }
  expect((await asked()).map(({ source: from }) => from)).toEqual([`${source.host}/x/z:1`]);
});

test('prunes what the journal says that the rule wrote', async () => {
  for (const tag of ['a', 'b']) await plant('app', tag);
  rules = [rule(undefined, undefined, { prune: 'apply' })];
  const digest = (await plantSimpleImage({ registry: target, repository: 'app' }, { tag: 'old', layers: ['x'] }))
    .digest;
  const place = { registry: target.host, repository: 'app' };
  const from = `${source.host}/app:old`;
  await store.journal.wrote([{ ...place, tag: 'old', digest, rule: 'app', source: from, writtenAt: new Date() }]);
  expect((await sweep()).outcome).toMatchObject({ result: { removed: 1 } });
  expect(target.catalog.get('app')?.tags.has('old')).toBe(false);
  expect(await store.journal.written(target.host, 'app')).toEqual([]);
});

/** Has a worker do a sweep until it ends; with the checkpoint of an earlier job that waited for the same targets. */
async function worked({ id }: { id: string }, checkpoints: readonly Json[] = []) {
  const handler = syncMirrors(deps());
  const last = checkpoints.at(-1);
  const stopping = new AbortController();
  const { ended } = startWorker({
    store: store.jobs,
    kinds: {
      [SWEEP]: {
        handler: (context) =>
          handler(last === undefined ? context : { ...context, job: { ...context.job, checkpoint: last } }),
        concurrency: 1,
      },
    },
    clock: systemClock,
    signal: stopping.signal,
    pollMs: 5,
    random: () => 0,
  });
  await expect.poll(async () => (await store.jobs.get(id))?.state, { timeout: 10_000 }).toMatch(/DONE|DEAD/);
  stopping.abort();
  await ended;
  return store.jobs.get(id);
}

describe('what fails', () => {
  test('may pass, is compared again; the others are not', async () => {
    for (const name of ['a', 'b', 'c']) await plant(`team/${name}`, '1');
    rules = [rule(`${source.host}/team/*`, `${target.host}/{repository}`)];
    source.faults.push({ match: { path: /team\/b\/tags/, times: 2 }, action: { status: 503 } });
    const job = await worked(await store.jobs.accept(sweepJob({ rule: 'app', trigger: 'api' })));
    expect(job).toMatchObject({ state: 'DONE', result: { repositories: 3, tags: 3, failed: 0 } });
    const lists = source.requests
      .filter(({ path }) => path.includes('/tags/list'))
      .map(({ path }) => path.split('?')[0]);
    expect(Map.groupBy(lists, (path) => path).get('/v2/team/b/tags/list')).toHaveLength(3);
    expect(lists).toHaveLength(5);
  });

  test('as a whole is tried again', async () => {
    rules = [rule()];
    expect((await sweep()).outcome).toMatchObject({
      error: { code: 'copy-failed', retryable: true },
      result: { state: 'failed', failed: 1, problems: [{ code: 'not-found' }] },
    });
  });

  test('in part is told in the result', async () => {
    await plant('app', 'a');
    rules = [rule(`${source.host}/{app,missing}`, `${target.host}/{name}`)];
    expect((await sweep()).outcome).toMatchObject({
      result: { repositories: 2, jobs: 1, failed: 1, problems: [{ code: 'not-found' }] },
    });
  });
});

describe('slices', () => {
  test('go on behind the last repository before which all are done', async () => {
    const names = ['a', 'b', 'c', 'd', 'e'];
    for (const name of names) await plant(`team/${name}`, '1');
    rules = [rule(`${source.host}/team/*`, `${target.host}/{repository}`)];
    const ending = new AbortController();
    const first: Run = { outcome: 'yield', checkpoints: [] };
    const onCheckpoint = () => ending.abort(new Error('the slice is over'));
    await sweep({}, { key: 'one', ending, onCheckpoint }).then(
      (run) => Object.assign(first, run),
      () => undefined,
    );
    const { outcome } = await sweep({}, { key: 'one', checkpoint: first.checkpoints.at(-1) ?? null });
    // What was done behind one that was not is asked for again; the store knows that it is the same.
    const sources = new Set((await asked()).map(({ source: from }) => from));
    expect([...sources].toSorted()).toEqual(names.map((name) => `${source.host}/team/${name}:1`));
    expect(outcome).toMatchObject({ result: { repositories: 5, tags: 5 } });
  });

  test('of a newer sweep begin where the one it replaces stopped, and leave nothing out', async () => {
    for (const name of ['a', 'b', 'c']) await plant(`team/${name}`, '1');
    rules = [rule(`${source.host}/team/*`, `${target.host}/{repository}`)];
    const { checkpoints } = await sweep();
    source.requests.length = 0;
    const job = await worked(await store.jobs.accept(sweepJob({ rule: 'app', trigger: 'schedule' })), checkpoints);
    expect(job?.result).toMatchObject({ state: 'done', repositories: 3, tags: 3, jobs: 3 });
    expect(source.requests.filter(({ path }) => path.includes('/tags/list'))).toHaveLength(3);
  });
});

describe('a push whose sweep meets a registry that fails for a moment', () => {
  beforeEach(async () => {
    for (const tag of ['1.0.0', '1.0.1']) await plant('app', tag);
    rules = [rule(undefined, undefined, { tags: [{ latest: 1 }] })];
  });

  const push = () => store.jobs.accept(sweepJob({ rule: 'app', repository: 'app', trigger: 'push' }));

  test.each([
    ['source', () => source, /tags\/list/],
    ['target', () => target, /manifests/],
  ])('at the %s is compared again, and the tag is asked for', async (_side, registry, path) => {
    registry().faults.push({ match: { path, times: 2 }, action: { status: 503 } });
    const job = await worked(await push());
    expect(job).toMatchObject({ state: 'DONE', result: { tags: 1, jobs: 1, failed: 0, problems: [] } });
    expect((await asked()).map(({ source: from }) => from)).toEqual([`${source.host}/app:1.0.1`]);
    expect((await store.jobs.log(job?.id ?? '', 0, 20)).map(({ type }) => type)).toContain('retrying');
  });
});

test('by the clock looks for new signatures of a digest once a day, on demand at once', async () => {
  const image = await plant('app', 'a');
  await plantSimpleImage({ registry: target, repository: 'app' }, { tag: 'a', layers: ['app a'] });
  await plantReferrer({ registry: source, repository: 'app' }, image, 'signature');
  rules = [rule(undefined, undefined, { referrers: true, schedule: { everyMs: 1 } })];
  expect((await sweep({ trigger: 'schedule' })).outcome).toMatchObject({ result: { jobs: 0 } });
  expect((await sweep()).outcome).toMatchObject({ result: { jobs: 1 } });
});

test('a sweep and its mirror jobs bring everything there', async () => {
  const digests = new Map<string, string>();
  for (const tag of ['a', 'b', 'c', 'd']) digests.set(tag, (await plant('app', tag)).digest);
  rules = [rule()];
  const stopping = new AbortController();
  const { ended } = startWorker({
    store: store.jobs,
    kinds: {
      [SWEEP]: { handler: syncMirrors(deps()), concurrency: 1 },
      [MIRROR]: { handler: mirrorImage(deps()), concurrency: 4 },
    },
    clock: systemClock,
    signal: stopping.signal,
    pollMs: 5,
  });
  await store.jobs.accept(sweepJob({ rule: 'app', trigger: 'api' }));
  await expect.poll(() => target.catalog.get('app')?.tags.size, { timeout: 10_000 }).toBe(4);
  await expect.poll(async () => (await store.jobs.counts()).states.DONE, { timeout: 10_000 }).toBe(5);
  stopping.abort();
  await ended;
  expect(new Map(target.catalog.get('app')?.tags)).toEqual(digests);
  expect((await store.journal.written(target.host, 'app')).map(({ tag }) => tag)).toEqual(['a', 'b', 'c', 'd']);
});
