// Credentials jobs on a real store and a cluster, one at a time as a worker would run them, with providers in this process.
import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import type { Deps } from '../../../functions/deps.ts';
import { CREDENTIALS, credentialsJob, type CredentialsPayload } from '../../../functions/job-kinds/credentials-job.ts';
import { withoutClusters } from '../../../functions/without-clusters.ts';
import { refreshCredentials } from '../../../functions/refresh-credentials.ts';
import { openSqliteStore } from '../../../infra/node/sqlite-store.ts';
import type { Cluster } from '../../../shared/cluster/cluster.ts';
import type { CredentialRule } from '../../../shared/credentials/credential-rule.ts';
import { issuedCredentials } from '../../../shared/credentials/issued-credentials.ts';
import type { ProbePull } from '../../../shared/credentials/verified-credentials.ts';
import { TransshipError } from '../../../shared/errors.ts';
import { systemClock } from '../../../shared/jobs/clock.ts';
import type { JobContext, JobOutcome } from '../../../shared/jobs/handler.ts';
import type { Job } from '../../../shared/jobs/job.ts';
import type { Json } from '../../../shared/jobs/json.ts';
import { anonymous } from '../../../shared/oci/auth/credential.ts';
import { openRegistries } from '../../../shared/registries/registries.ts';
import type { LogFields, Logger } from '../../../shared/telemetry/logger.ts';
import type { Metrics } from '../../../shared/telemetry/metrics.ts';
import { configOf } from '../config-of.ts';
import { newFolder } from '../jobs/sqlite-subject.ts';
import type { TestProvider } from './test-provider.ts';

export type BedOptions = {
  cluster: Cluster;
  providers: readonly TestProvider[];
  rules: readonly CredentialRule[];
  probe?: ProbePull;
  instance?: string;
};

type RunOptions = {
  payload?: Partial<CredentialsPayload>;
  /** In place of the bed's. */
  cluster?: Cluster;
  checkpoint?: Json;
  ending?: AbortSignal;
  signal?: AbortSignal;
  /** As if it were the same job again. */
  jobId?: string;
  attempts?: number;
};

export type BedRun = { outcome: JobOutcome; checkpoints: Json[]; jobId: string };

export function ruleOf(fields: Partial<CredentialRule> = {}): CredentialRule {
  return {
    name: 'pull',
    clusters: ['test'],
    namespaces: { all: true, exclude: ['kube-*', 'default'] },
    registries: ['r1.test'],
    secret: { name: 'registry-pull', layout: 'merged' },
    serviceAccounts: { names: ['default'] },
    verify: false,
    prune: false,
    adopt: false,
    ...fields,
  };
}

export async function openCredentialsBed(options: BedOptions) {
  const dataDir = await newFolder();
  const store = await openSqliteStore({ dataDir, ballastBytes: 4096 });
  const registries = openRegistries({ credentials: () => Promise.resolve(anonymous), env: {} });
  const byName = new Map(options.providers.flatMap((one) => one.hosts.map((host) => [host, one])));
  const live = { rules: options.rules, cluster: options.cluster };
  const lines: { level: string; message: string; fields: LogFields }[] = [];
  const gauges = new Map<string, number>();
  const config = configOf(`instance: ${options.instance ?? 'transship'}`);

  /** A new process: what was issued is forgotten, what stands in the store and the cluster is not. */
  function start() {
    const deps: Deps = {
      clock: systemClock,
      logger: recordingLogger(lines),
      metrics: recordingMetrics(gauges),
      jobs: store.jobs,
      pushes: store.pushes,
      journal: store.journal,
      grants: store.grants,
      config: () => ({ ...config, credentials: live.rules }),
      registries: () => registries,
      clusters: () => ({ names: ['test'], get: () => Promise.resolve(live.cluster) }),
      grantBackends: withoutClusters().grantBackends,
      issuers: () => ({
        of(registry) {
          const provider = byName.get(registry);
          if (provider !== undefined) return provider;
          throw new TransshipError('invalid-config', `nobody issues a credential of ${registry}`, { hint: 'add one' });
        },
      }),
      probePull: () => options.probe ?? (() => Promise.resolve({ state: 'ok', checked: 'pull' })),
      credentials: issuedCredentials(),
    };
    return { deps, handler: refreshCredentials(deps) };
  }
  let running = start();

  return {
    lines,
    gauges,
    store,
    dataDir,
    live,
    get deps(): Deps {
      return running.deps;
    },
    /** The process dies, and another one takes over. */
    restart(): void {
      running = start();
    },
    /** @throws what the handler throws */
    async run({
      payload = {},
      cluster,
      checkpoint,
      ending,
      signal,
      jobId,
      attempts = 1,
    }: RunOptions = {}): Promise<BedRun> {
      const asked = credentialsJob({ cluster: 'test', trigger: 'api', ...payload });
      const id = jobId ?? randomUUID();
      const { id: stored } = await store.jobs.accept(asked);
      const job = await store.jobs.get(stored);
      if (job === undefined) throw new Error('it was just accepted');
      await store.jobs.cancel(stored);
      const checkpoints: Json[] = [];
      const context: JobContext = {
        job: { ...job, id, checkpoint, attempts },
        ending: ending ?? new AbortController().signal,
        signal: signal ?? new AbortController().signal,
        assertHeld: async () => undefined,
        checkpoint: async (state) => void checkpoints.push(state),
        progress: () => undefined,
      };
      const before = live.cluster;
      live.cluster = cluster ?? before;
      try {
        return { outcome: await running.handler(context), checkpoints, jobId: id };
      } finally {
        live.cluster = before;
      }
    },
    /** What waits to be run, the next due first. */
    async waiting(): Promise<Job[]> {
      const { jobs } = await store.jobs.list({ kind: CREDENTIALS, state: 'READY' }, 100);
      return jobs.toSorted((one, other) => one.runAt.getTime() - other.runAt.getTime());
    },
    async [Symbol.asyncDispose]() {
      await store.close();
      await registries.close();
      await rm(dataDir, { recursive: true });
    },
  };
}

function recordingLogger(lines: { level: string; message: string; fields: LogFields }[], base: LogFields = {}): Logger {
  const at =
    (level: string) =>
    (message: string, fields: LogFields = {}) =>
      void lines.push({ level, message, fields: { ...base, ...fields } });
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    with: (fields) => recordingLogger(lines, { ...base, ...fields }),
  };
}

function recordingMetrics(gauges: Map<string, number>): Metrics {
  const keyOf = (name: string, labels: object): string => `${name}${JSON.stringify(labels)}`;
  return {
    count: (name, labels, by = 1) => {
      const key = keyOf(name, labels);
      gauges.set(key, (gauges.get(key) ?? 0) + by);
    },
    set: (name, labels, value) => void gauges.set(keyOf(name, labels), value),
    observe: () => undefined,
  };
}
