// Signatures that come after their image was mirrored: also those of the images of an index, which no tag names.
import { rm } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Deps } from '../../../functions/deps.ts';
import { MIRROR } from '../../../functions/job-kinds/mirror-job.ts';
import { SWEEP, sweepJob } from '../../../functions/job-kinds/sweep-job.ts';
import { mirrorImage } from '../../../functions/mirror-image.ts';
import { acceptPushes } from '../../../functions/registry-push.ts';
import { syncMirrors } from '../../../functions/sync-mirrors.ts';
import { withoutClusters } from '../../../functions/without-clusters.ts';
import { startRegistry, type RunningRegistry } from '../../../infra/demo/registry.ts';
import { openSqliteStore, type SqliteStore } from '../../../infra/node/sqlite-store.ts';
import { readConfig } from '../../../shared/config/load.ts';
import { systemClock } from '../../../shared/jobs/clock.ts';
import { startWorker } from '../../../shared/jobs/worker.ts';
import type { MirrorRule } from '../../../shared/mirror/rule.ts';
import { anonymous } from '../../../shared/oci/auth/credential.ts';
import { cosignTags, fallbackTag } from '../../../shared/oci/fallback-tag.ts';
import { openRegistries, type Registries } from '../../../shared/registries/registries.ts';
import { silentLogger } from '../../../shared/telemetry/logger.ts';
import { noMetrics } from '../../../shared/telemetry/metrics.ts';
import { newFolder } from '../../support/jobs/sqlite-subject.ts';
import { plantReferrer, plantSimpleImage } from '../../support/planted-content.ts';
import { plantIndex, type PlantedIndex } from '../../support/planted-image.ts';
import { pushEvent } from '../../support/push-event.ts';
import { ruleFor } from '../../support/sweep-bed.ts';

const LATER = { timeout: 10_000 };

let source: RunningRegistry;
let target: RunningRegistry;
let dataDir: string;
let store: SqliteStore;
let registries: Registries;
let rules: MirrorRule[];
let index: PlantedIndex;
let stop: () => Promise<void>;

beforeEach(async () => {
  [source, target] = await Promise.all([startRegistry(), startRegistry()]);
  dataDir = await newFolder();
  store = await openSqliteStore({ dataDir, ballastBytes: 4096 });
  registries = openRegistries({ credentials: () => Promise.resolve(anonymous), env: {} });
  index = await plantIndex(source, 'app', '1');
  rules = [ruleOf()];
  stop = work();
  await done(sweepJob({ rule: 'app', trigger: 'api' }));
  await settled();
});

afterEach(async () => {
  await stop();
  await store.close();
  await registries.close();
  await rm(dataDir, { recursive: true });
  await Promise.all([source, target].map((registry) => registry.stop()));
});

const ruleOf = (fields = {}) => ({
  ...ruleFor(`${source.host}/app`, `${target.host}/app`, { referrers: true, ...fields }),
  name: 'app',
});

function work(): () => Promise<void> {
  const stopping = new AbortController();
  const kinds = {
    [SWEEP]: { handler: syncMirrors(deps()), concurrency: 2 },
    [MIRROR]: { handler: mirrorImage(deps()), concurrency: 4 },
  };
  const options = { store: store.jobs, kinds, clock: systemClock, pollMs: 5, random: () => 0 };
  const { ended } = startWorker({ ...options, signal: stopping.signal });
  return async () => {
    stopping.abort();
    await ended;
  };
}

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

async function done(job: ReturnType<typeof sweepJob>) {
  const { id } = await store.jobs.accept(job);
  await expect.poll(async () => (await store.jobs.get(id))?.state, LATER).toBe('DONE');
  return store.jobs.get(id);
}

async function settled(): Promise<void> {
  const open = async () => {
    const { states } = await store.jobs.counts();
    return states.LEASED + states.READY;
  };
  await expect.poll(open, LATER).toBe(0);
}

/** As a registry tells of it. */
async function pushed(tag: string): Promise<void> {
  const place = { registry: source.host, registryHost: source.host, repository: 'app' };
  const event = pushEvent({ receiverId: 'r', source: 'distribution', ...place, tag, dedupeKey: tag });
  await acceptPushes([event], deps());
}

const sign = (digest: string) => {
  const [tag = ''] = cosignTags(digest);
  return plantSimpleImage({ registry: source, repository: 'app' }, { tag, layers: [`signature of ${digest}`] }).then(
    () => tag,
  );
};
const tagsThere = () => [...(target.catalog.get('app')?.tags.keys() ?? [])];

describe('a signature of one image of an index', () => {
  test('is mirrored when its push is told, without a comparison of the repository', async () => {
    const tag = await sign(index.arm64);
    source.requests.length = 0;
    await pushed(tag);
    await expect.poll(tagsThere, LATER).toContain(tag);
    await settled();
    expect(source.requests.filter(({ path }) => path.endsWith('/manifests/1'))).toEqual([]);
  });

  test('is found by a sweep', async () => {
    const tag = await sign(index.arm64);
    expect(await done(sweepJob({ rule: 'app', trigger: 'api' }))).toMatchObject({ result: { jobs: 1, unchanged: 0 } });
    await settled();
    expect(tagsThere()).toContain(tag);
    expect(await done(sweepJob({ rule: 'app', trigger: 'api' }))).toMatchObject({ result: { jobs: 0, unchanged: 1 } });
  });

  test('is found by the daily look of a rule with a schedule', async () => {
    rules = [ruleOf({ schedule: { everyMs: 2 * 86_400_000 } })];
    await store.jobs.purge(new Date(Date.now() + 1000), 100);
    const tag = await sign(index.amd64);
    await done(sweepJob({ rule: 'app', trigger: 'schedule' }));
    await settled();
    expect(tagsThere()).toContain(tag);
  });

  test('that is a referrer is found by a sweep', async () => {
    const subject = source.catalog.get('app')?.manifests.get(index.amd64);
    if (subject === undefined) throw new Error('it was planted');
    const place = { registry: source, repository: 'app' };
    const described = { digest: index.amd64, mediaType: subject.mediaType, size: subject.sizeBytes };
    const referrer = await plantReferrer(place, described, 'signature');
    await done(sweepJob({ rule: 'app', trigger: 'api' }));
    await settled();
    expect(target.catalog.get('app')?.manifests.has(referrer.digest)).toBe(true);
  });
});

test('what is pushed for a digest that is not at the target asks for a comparison of the repository', async () => {
  const image = await plantSimpleImage({ registry: source, repository: 'app' }, { tag: '2', layers: ['two'] });
  const tag = await sign(image.digest);
  await pushed(tag);
  await expect.poll(tagsThere, LATER).toEqual(expect.arrayContaining(['2', tag]));
  await settled();
});

test('a list of referrers names its image, too', async () => {
  expect(fallbackTag(index.digest)).toMatch(/^sha256-/);
  source.requests.length = 0;
  await pushed(fallbackTag(index.digest));
  await expect
    .poll(() => source.requests.some(({ path }) => path.includes(`/referrers/${index.digest}`)), LATER)
    .toBe(true);
  await settled();
  expect(source.requests.filter(({ path }) => path.endsWith('/manifests/1'))).toEqual([]);
});
