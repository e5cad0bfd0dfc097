// A sweep that prunes where a mirror job of the same server writes, at a registry that deletes manifests with all of their tags.
import { rm } from 'node:fs/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { mirrorJob, MIRROR } from '../../../functions/job-kinds/mirror-job.ts';
import { SWEEP, sweepJob } from '../../../functions/job-kinds/sweep-job.ts';
import { syncMirrors } from '../../../functions/sync-mirrors.ts';
import { withoutClusters } from '../../../functions/without-clusters.ts';
import { startRegistry, type RunningRegistry } from '../../../infra/demo/registry.ts';
import { openSqliteStore, type SqliteStore } from '../../../infra/node/sqlite-store.ts';
import { readConfig } from '../../../shared/config/load.ts';
import { systemClock } from '../../../shared/jobs/clock.ts';
import { startWorker } from '../../../shared/jobs/worker.ts';
import { anonymous } from '../../../shared/oci/auth/credential.ts';
import { openRegistries, type Registries } from '../../../shared/registries/registries.ts';
import { silentLogger } from '../../../shared/telemetry/logger.ts';
import { noMetrics } from '../../../shared/telemetry/metrics.ts';
import { newFolder } from '../../support/jobs/sqlite-subject.ts';
import { plantSimpleImage } from '../../support/planted-content.ts';
import { ruleFor } from '../../support/sweep-bed.ts';

let source: RunningRegistry;
let target: RunningRegistry;
let dataDir: string;
let store: SqliteStore;
let registries: Registries;

beforeEach(async () => {
  [source, target] = await Promise.all([startRegistry(), startRegistry()]);
  dataDir = await newFolder();
  store = await openSqliteStore({ dataDir, ballastBytes: 4096 });
  registries = openRegistries({ credentials: () => Promise.resolve(anonymous), env: {} });
  target.faults.push({ match: { method: 'DELETE', path: /manifests\/(?!sha256)/ }, action: { status: 405 } });
});
afterEach(async () => {
  await store.close();
  await registries.close();
  await rm(dataDir, { recursive: true });
  await Promise.all([source.stop(), target.stop()]);
});

/** Runs a sweep to its end and gives what came of it. */
async function sweep() {
  const { config } = readConfig([{ file: 't.yaml', text: 'version: 1' }], { env: {}, homeDir: '/', cwd: '/' });
  const rule = { ...ruleFor(`${source.host}/app`, `${target.host}/app`, { prune: 'apply' }), name: 'app' };
  const handler = syncMirrors({
    clock: systemClock,
    logger: silentLogger,
    metrics: noMetrics,
    jobs: store.jobs,
    pushes: store.pushes,
    journal: store.journal,
    grants: store.grants,
    config: () => ({ ...config, rules: [rule] }),
    registries: () => registries,
    ...withoutClusters(),
  });
  const { id } = await store.jobs.accept(sweepJob({ rule: 'app', trigger: 'api' }));
  const stopping = new AbortController();
  const { ended } = startWorker({
    store: store.jobs,
    kinds: { [SWEEP]: { handler, concurrency: 1 } },
    clock: systemClock,
    signal: stopping.signal,
    pollMs: 5,
    random: () => 0,
  });
  await expect.poll(async () => (await store.jobs.get(id))?.state, { timeout: 10_000 }).toBe('DONE');
  stopping.abort();
  await ended;
  return (await store.jobs.get(id))?.result;
}

const ask = (repository: string) =>
  store.jobs.accept(
    mirrorJob({
      source: `${source.host}/app:other`,
      targets: [`${target.host}/${repository}:other`],
      trigger: 'api',
      referrers: false,
      onConflict: 'overwrite',
    }),
  );

test('deletes no manifest there until the job has ended, whoever asked for it', async () => {
  for (const tag of ['keep', 'old']) {
    for (const registry of [source, target]) {
      await plantSimpleImage({ registry, repository: 'app' }, { tag, layers: [tag] });
    }
  }
  const place = { registry: target.host, repository: 'app', tag: 'old', source: `${source.host}/app:old` };
  const digest = target.catalog.get('app')?.tags.get('old') ?? '';
  await store.journal.wrote([{ ...place, digest, rule: 'app', writtenAt: new Date() }]);
  source.catalog.get('app')?.tags.delete('old');
  await ask('app');
  const [running] = await store.jobs.claim(MIRROR, 1, 60_000);
  if (running === undefined) throw new Error('it waits');
  expect(await sweep()).toMatchObject({ removed: 0, failed: 0 });
  expect(target.catalog.get('app')?.tags.has('old')).toBe(true);
  await store.jobs.complete(running.lease);
  // One that waits, and one that writes somewhere else.
  await ask('elsewhere');
  await store.jobs.claim(MIRROR, 1, 60_000);
  await ask('app');
  expect(await sweep()).toMatchObject({ removed: 1 });
  expect(target.catalog.get('app')?.tags.has('old')).toBe(false);
});
