// Takes over a changed configuration while the server runs: everything is read and checked first, then swapped at once. One that is
// wrong changes nothing.
import { saveSchedules } from '../../../functions/sync-mirrors/sweep-schedules.ts';
import type { Config } from '../../../shared/config/config.ts';
import type { LoadedConfig } from '../../../shared/config/load.ts';
import type { SecretSources } from '../../../shared/config/secrets.ts';
import type { Clock } from '../../../shared/jobs/clock.ts';
import type { Logger } from '../../../shared/telemetry/logger.ts';
import type { Connections } from '../../host/connections.ts';
import { tellConfigProblems, tellConfigWarnings } from '../../host/tell-config.ts';
import { watchFiles } from '../watch-files.ts';
import type { RemoteStore } from '../store-thread/remote-store.ts';
import type { Listening } from './listen.ts';
import { needsRestart } from './needs-restart.ts';
import { prepare, type Prepared } from './prepare.ts';
import { referencedFiles } from './referenced-files.ts';
import type { Swapped } from '../../host/swapped.ts';

export type ReloadOptions = {
  load: () => Promise<LoadedConfig>;
  openConnections: (config: Config) => Promise<Connections>;
  sources: SecretSources;
  cwd: string;
  logger: Logger;
  clock: Clock;
  store: RemoteStore;
  /** What holds now; replaced as a whole. */
  live: { prepared: Prepared };
  connections: Swapped<Connections>;
  listening: Pick<Listening, 'useCertificate' | 'useAdmissionCertificate'>;
  /** Takes over what clusters are to get, and by which connections. */
  adoptDistribution: (connectionsMark: string) => Promise<void>;
};

export type Reloads = {
  /** When the distribution has taken over what holds at the start. @throws TransshipError store-unavailable */
  adopted: Promise<void>;
  reload: () => Promise<void>;
  close: () => void;
};

const REFUSED = 'the configuration was not loaded: the one before still holds';

/** Watches the files of the configuration from now on; what changes meanwhile is taken over after what holds now. */
export async function reloading(options: ReloadOptions): Promise<Reloads> {
  const { live, cwd, logger } = options;
  const adopted = options.adoptDistribution(live.prepared.connectionsMark);
  let last = adopted.catch(() => undefined);
  const watched = watchFiles(() => void reload());

  /** One after the other: the last one read is the one that holds. */
  function reload(): Promise<void> {
    last = last.then(takeOver).catch((error: unknown) => tellConfigProblems(logger, REFUSED, error));
    return last;
  }

  async function takeOver(): Promise<void> {
    const loaded = await options.load();
    // also for a configuration that is refused now: it is mended where it is wrong
    await watched.follow(referencedFiles(loaded, cwd));
    await adopt(options, await prepare(withoutRestart(loaded, live.prepared.config), options.sources), loaded.config);
  }

  await watched.follow(referencedFiles(live.prepared.loaded, cwd));
  return { adopted, reload, close: watched.close };
}

async function adopt(options: ReloadOptions, next: Prepared, wanted: Config): Promise<void> {
  const { live, logger, connections } = options;
  const before = live.prepared;
  const opened =
    before.connectionsMark === next.connectionsMark ? undefined : await options.openConnections(next.config);
  if (next.tls !== undefined) options.listening.useCertificate(next.tls);
  if (next.admissionTls !== undefined) options.listening.useAdmissionCertificate(next.admissionTls);
  live.prepared = next;
  if (opened !== undefined) connections.swap(opened);
  await saveSchedules(options.store.jobs, next.config.rules, options.clock);
  await options.adoptDistribution(next.connectionsMark);
  const { rules, receivers } = next.config;
  logger.info('configuration loaded', { rules: rules.length, receivers: receivers.length });
  for (const key of needsRestart(before.config, wanted)) logger.warn('this change needs a restart', { key });
  tellConfigWarnings(logger, next.loaded);
}

/** What only a restart brings stays as it is. */
function withoutRestart(loaded: LoadedConfig, { dataDir, instance, api }: Config): LoadedConfig {
  const { tls: _, admission: __, ...wanted } = loaded.config.api;
  const tls = api.tls === undefined ? undefined : (loaded.config.api.tls ?? api.tls);
  const admission = keptAdmission(api.admission, loaded.config.api.admission);
  const kept = {
    ...wanted,
    listen: api.listen,
    trustProxy: api.trustProxy,
    ...(tls === undefined ? {} : { tls }),
    ...(admission === undefined ? {} : { admission }),
  };
  return { ...loaded, config: { ...loaded.config, dataDir, instance, api: kept } };
}

type Admission = Config['api']['admission'];

/** Another certificate is taken over; whether there is one, and of API servers, is not. */
function keptAdmission(before: Admission, wanted: Admission): Admission {
  const [old, next] = [before?.tls, wanted?.tls];
  const isSame =
    old !== undefined && next !== undefined && (old.clientCa === undefined) === (next.clientCa === undefined);
  return before !== undefined && isSame ? { ...before, tls: next } : before;
}
