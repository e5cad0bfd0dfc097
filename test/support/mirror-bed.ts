// Mirror jobs as a server does them: a real store, the worker loop and the handler, with waits that cost no time.
import { rm } from 'node:fs/promises';
import { openSqliteStore } from '../../infra/node/sqlite-store.ts';
import type { Deps } from '../../functions/deps.ts';
import { jobFunctions } from '../../functions/index.ts';
import { MIRROR, mirrorJob, type MirrorPayload } from '../../functions/job-kinds/mirror-job.ts';
import { withoutClusters } from '../../functions/without-clusters.ts';
import type { Config } from '../../shared/config/config.ts';
import { systemClock } from '../../shared/jobs/clock.ts';
import type { JobHandler } from '../../shared/jobs/handler.ts';
import type { Job, JobEvent } from '../../shared/jobs/job.ts';
import type { JobStore } from '../../shared/jobs/job-store.ts';
import { startWorker } from '../../shared/jobs/worker.ts';
import type { WrittenTag } from '../../shared/mirror/tag-journal.ts';
import { anonymous } from '../../shared/oci/auth/credential.ts';
import { openRegistries, type RegistriesOptions } from '../../shared/registries/registries.ts';
import { silentLogger } from '../../shared/telemetry/logger.ts';
import { noMetrics } from '../../shared/telemetry/metrics.ts';
import { newFolder } from './jobs/sqlite-subject.ts';

export type MirrorBed = {
  store: JobStore;
  ask(source: string, targets: readonly string[], fields?: Partial<MirrorPayload>): Promise<string>;
  /** Resolves with the job as soon as it is in one of the states. */
  reaches(id: string, ...states: Job['state'][]): Promise<Job>;
  /** Resolves when the condition holds; looked at after each change of a job, and often. */
  until(condition: () => boolean | Promise<boolean>): Promise<void>;
  history(id: string): Promise<JobEvent[]>;
  journal(registry: string, repository: string): Promise<WrittenTag[]>;
  /** Starts a worker; the first one runs from the beginning. */
  start(change?: (handler: JobHandler) => JobHandler): void;
  /** Stops the worker as a shutdown does. */
  stop(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
};

const QUICK: Partial<RegistriesOptions> = { retries: { tries: 2, firstDelayMs: 1, longestDelayMs: 5 } };
const DEADLINE_MS = 20_000;

export async function openMirrorBed(
  options: {
    registries?: Partial<RegistriesOptions>;
    change?: (handler: JobHandler) => JobHandler;
    sliceMs?: number;
    leaseMs?: number;
    config?: Config;
  } = {},
): Promise<MirrorBed> {
  const dataDir = await newFolder();
  const store = await openSqliteStore({ dataDir, ballastBytes: 4096 });
  const registries = openRegistries({
    credentials: () => Promise.resolve(anonymous),
    env: {},
    ...QUICK,
    ...options.registries,
  });
  const deps: Deps = {
    clock: systemClock,
    logger: silentLogger,
    metrics: noMetrics,
    jobs: store.jobs,
    pushes: store.pushes,
    journal: store.journal,
    grants: store.grants,
    config: () => {
      if (options.config !== undefined) return options.config;
      throw new Error('a mirror job has all it needs in its payload');
    },
    registries: () => registries,
    ...withoutClusters(),
  };
  let stopping = new AbortController();
  let ended = Promise.resolve();

  function start(change = options.change ?? ((handler: JobHandler) => handler)): void {
    stopping = new AbortController();
    const { sliceMs, leaseMs } = options;
    const mirrors = jobFunctions(deps).filter(({ kind }) => kind === MIRROR);
    ({ ended } = startWorker({
      store: store.jobs,
      kinds: Object.fromEntries(mirrors.map((one) => [one.kind, { ...one, handler: change(one.handler) }])),
      clock: systemClock,
      signal: stopping.signal,
      random: () => 0,
      pollMs: 5,
      times: { graceMs: 200, ...(sliceMs === undefined ? {} : { sliceMs }) },
      ...(leaseMs === undefined ? {} : { leaseMs }),
    }));
  }

  async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
    const deadline = Date.now() + DEADLINE_MS;
    while (!(await condition())) {
      if (Date.now() > deadline) throw new Error(`not within ${DEADLINE_MS} ms`);
      await new Promise((resolve) => void setTimeout(resolve, 2));
    }
  }

  async function stop(): Promise<void> {
    stopping.abort();
    await ended;
  }

  start();
  return {
    store: store.jobs,
    start,
    stop,
    until,
    async ask(source, targets, fields = {}) {
      const payload = {
        source,
        targets: [...targets],
        trigger: 'push',
        referrers: false,
        onConflict: 'overwrite',
      } as const;
      return (await store.jobs.accept(mirrorJob({ ...payload, targets: [...targets], ...fields }))).id;
    },
    async reaches(id, ...states) {
      let job: Job | undefined;
      await until(async () => {
        job = await store.jobs.get(id);
        return job !== undefined && states.includes(job.state);
      });
      if (job === undefined) throw new Error(`no job ${id}`);
      return job;
    },
    history: (id) => store.jobs.log(id, 0, 1000),
    journal: (registry, repository) => store.journal.written(registry, repository),
    async [Symbol.asyncDispose]() {
      await stop();
      await store.close();
      await registries.close();
      await rm(dataDir, { recursive: true });
    },
  };
}
