// The single-process host: puts store, receivers, API, timers and workers together, keeps them going through changes of the
// configuration, and ends them in order.
//
//   door (requests wait) ─▶ store ─▶ receivers, registries ─▶ API (requests are let in) ─▶ jobs, clock
//   stop: not ready ─▶ no new connections, no new jobs ─▶ jobs at a safe point ─▶ answers out ─▶ registries, store
//
import type { ApiDeps } from '../../functions/http-api/api-deps.ts';
import { createClusterApi } from '../../functions/http-api/create-cluster-api.ts';
import { createHttpApi } from '../../functions/http-api/create-http-api.ts';
import { namespaceIntake } from '../../functions/namespace-created.ts';
import { saveSchedules } from '../../functions/sync-mirrors/sweep-schedules.ts';
import type { Config } from '../../shared/config/config.ts';
import type { LoadedConfig } from '../../shared/config/load.ts';
import { issuedCredentials } from '../../shared/credentials/issued-credentials.ts';
import { systemClock } from '../../shared/jobs/clock.ts';
import { probeRegistry } from '../../shared/registries/probe-registry.ts';
import type { Logger } from '../../shared/telemetry/logger.ts';
import type { Connections } from '../host/connections.ts';
import { jsonFetcher } from '../host/fetch-json.ts';
import { adminSocketPath } from './http/admin-socket.ts';
import { secretSources } from '../host/secret-sources.ts';
import { prometheusMetrics } from './prometheus-metrics.ts';
import { describeStart } from './serve/describe-start.ts';
import type { Distribution } from './serve/distribution.ts';
import type { Door } from './serve/door.ts';
import { jobNews } from './serve/job-news.ts';
import { startListening, type ListenOptions } from './serve/listen.ts';
import { openStore } from './serve/open-store.ts';
import { prepare, type Prepared } from './serve/prepare.ts';
import { refreshGauges } from '../host/refresh-gauges.ts';
import { reloading } from './serve/reload.ts';
import { registryTeller, type RegistryNote } from '../host/tell-registry.ts';
import { swapped } from '../host/swapped.ts';
import { within } from './serve/within.ts';

export type ServeOptions = {
  loaded: LoadedConfig;
  /** What listens at `api.listen`; closed by whoever opened it when this fails. */
  door: Door;
  /** Reads the configuration anew. @throws TransshipError invalid-config */
  load: () => Promise<LoadedConfig>;
  /** `hear` is told of what registries make us notice. */
  openConnections: (config: Config, hear: (note: RegistryNote) => void) => Promise<Connections>;
  /** PEM certificates trusted beside the system's. */
  certificateAuthorities: readonly string[];
  env: NodeJS.ProcessEnv;
  cwd: string;
  logger: Logger;
  version: string;
};

export type Server = {
  /** `http://127.0.0.1:8080` */
  url: string;
  /** Loads the configuration anew, also where it seems unchanged. */
  reload(): Promise<void>;
  /** Ends everything in order, within ten seconds. */
  stop(): Promise<void>;
};

/** Jobs get eight seconds for their safe point and have to be written down then. */
const JOBS_MS = 9000;
/** Who is still being answered gets what the jobs leave of this. */
const ALL_MS = 9500;
/** Loading takes a moment in which nothing else happens; somebody who asks for metrics is not kept waiting so long. */
const METRICS_AFTER_MS = 2000;

/** Resolves when requests are answered. @throws TransshipError store-locked, store-unavailable, invalid-config */
export async function startServer(options: ServeOptions): Promise<Server> {
  const { logger, env, version } = options;
  const clock = systemClock;
  const onTrouble = (error: unknown): void => logger.warn('something could not be closed', { err: error });
  const stopping = new AbortController();
  await using opened = new AsyncDisposableStack();

  const news = jobNews();
  const store = await openStore(options.loaded.config.dataDir, news.tell);
  opened.defer(store.close);
  const sources = secretSources(env, `transship/${version}`);
  const first = await prepare(options.loaded, sources);
  const metrics = prometheusMetrics((gauges) => refreshGauges(gauges, store, clock.now()));
  const hear = registryTeller(logger, metrics);
  const openConnections = (config: Config) => options.openConnections(config, hear);
  const connections = swapped(await openConnections(first.config), onTrouble);
  opened.defer(connections.close);
  const live: { prepared: Prepared; distribution?: Distribution } = { prepared: first };

  const { jobs, grants } = store;
  const intake = { clock, logger, metrics, jobs, grants, config: () => live.prepared.config };
  const deps: ApiDeps = {
    ...intake,
    pushes: store.pushes,
    journal: store.journal,
    apiTokens: store.apiTokens,
    registries: () => connections.current().registries,
    clusters: () => connections.current().clusters,
    grantBackends: () => connections.current().grantBackends,
    issuers: () => connections.current().issuers,
    probePull: () => connections.current().probePull,
    credentials: issuedCredentials(),
    receivers: () => live.prepared.receivers,
    clusterSenders: () => live.prepared.senders,
    acceptNamespaces: namespaceIntake(intake),
    grantsChanged: async () => live.distribution?.grantsChanged(),
    namespaceLabels: (cluster, namespace) => live.distribution?.labelsOf(cluster, namespace),
    tokenKeys: () => live.prepared.tokenKeys,
    version,
    readiness: () => (stopping.signal.aborted ? 'the server is stopping' : store.unreadyReason()),
    brokenReason: store.brokenReason,
    metricsText: metrics.text,
    fetchJson: jsonFetcher({
      env,
      certificateAuthorities: options.certificateAuthorities,
      config: () => live.prepared.config,
      userAgent: `transship/${version}`,
    }),
    async probeRegistry(host) {
      const { value, giveBack } = connections.borrow();
      return probeRegistry(value.registries.client(host)).finally(giveBack);
    },
    borrowRegistries() {
      const { value, giveBack } = connections.borrow();
      return { value: value.registries, giveBack };
    },
    borrowGrantBackends() {
      const { value, giveBack } = connections.borrow();
      return { value: value.grantBackends, giveBack };
    },
    borrowPullMeans: connections.borrow,
    onJobChange: news.listen,
    stopping: stopping.signal,
  };
  await saveSchedules(store.jobs, first.config.rules, clock);
  const { fetch } = createHttpApi(deps);
  const socketPath = adminSocketPath(first.config.dataDir, env);
  const listening = await startListening({
    fetch,
    door: options.door,
    socketPath,
    dataDir: first.config.dataDir,
    admission: admissionOf(first, deps),
  });
  opened.defer(async () => {
    listening.cut();
    await listening.drain();
  });
  describeStart(logger, first.loaded, { url: listening.url, socketPath, admissionPort: listening.admissionPort });

  // what is not needed to answer is loaded when the server answers
  const [{ startWork }, { startDistribution }] = await Promise.all([
    import('./serve/work.ts'),
    import('./serve/distribution.ts'),
  ]);
  const work = startWork({ deps, borrow: () => connections.borrow().giveBack, signal: stopping.signal });
  news.listen(work.changed);
  const distribution = startDistribution({ deps, acceptNamespaces: deps.acceptNamespaces, signal: stopping.signal });
  live.distribution = distribution;
  // what fails from here on ends them, too
  opened.defer(async () => stopping.abort());
  const reloads = await reloading({
    ...options,
    sources,
    openConnections,
    clock,
    store,
    live,
    connections,
    listening,
    adoptDistribution: distribution.adopt,
  });
  opened.defer(() => Promise.resolve(reloads.close()));
  await reloads.adopted;
  metrics.set('transship_build_info', { version }, 1);
  const callOffMetrics = clock.after(METRICS_AFTER_MS, () => {
    metrics.load().catch((error: unknown) => logger.error('there are no metrics', { err: error }));
  });
  opened.defer(() => Promise.resolve(callOffMetrics()));
  const rest = opened.move();

  return {
    url: listening.url,
    reload: reloads.reload,
    async stop() {
      logger.info('stopping');
      stopping.abort();
      const drained = listening.drain();
      const startedAt = performance.now();
      await within(JOBS_MS, work.ended);
      // a login to a cluster that hangs keeps nobody
      await within(ALL_MS - (performance.now() - startedAt), Promise.all([drained, distribution.ended()]));
      await rest.disposeAsync();
      logger.info('stopped');
    },
  };
}

/** The address for API servers, where there is one. */
function admissionOf({ config: { api }, admissionTls }: Prepared, deps: ApiDeps): ListenOptions['admission'] {
  if (api.admission === undefined) return undefined;
  return { fetch: createClusterApi(deps).fetch, listen: api.admission.listen, tls: admissionTls };
}
