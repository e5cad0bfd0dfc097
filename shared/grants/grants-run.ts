// What a run over the grants works with, and how long it waits for whom.
import type { Config } from '../config/config.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { GrantBackend } from './backend.ts';
import type { GrantStore } from './grant-store.ts';
import type { Site } from './site.ts';

/** Opens at the first use, and gives the same one ever after. @throws TransshipError as the way there does */
export type BackendFor = (site: Site) => Promise<GrantBackend>;

/** Time, as jobs have it. */
export type GrantsClock = {
  now(): Date;
  /** Calls back once after the time; the result calls it off. */
  after(ms: number, callback: () => void): () => void;
};

export type GrantsRun = {
  config: Pick<Config, 'grants' | 'instance' | 'registries' | 'clusters'>;
  store: GrantStore;
  backendFor: BackendFor;
  clock: GrantsClock;
  logger: Logger;
  /** On whose behalf: `timer`, `api token ci`, a user of this machine. It stands in the journal. */
  actor: string;
  /** Unique among all runs: two of them never write at one target at the same time. */
  holder: string;
  /** Only the sites of these grants are looked at, and only they are changed; absent: all. */
  only?: readonly string[];
  /**
   * Something happened to this Namespace: beside it, `only` these grants are looked at where they want something else than the journal
   * knows as applied. What somebody changed there is the business of the next run over all.
   */
  touched?: { cluster: string; namespace: string };
  /** What has our mark and is not known to the journal is removed: somebody says that nobody else of this `instance` needs it. */
  pruneUnknown?: boolean;
  /** Deleted principals in entries of others that keep a target from being written go: somebody says so. */
  pruneDead?: boolean;
  /** When this process last had an entry verified, by `entryKey`: it outlives the runs. */
  verifiedAt?: Map<string, Date>;
  /** When sites in trouble are looked at again: it outlives the runs. Absent: soon. */
  waits?: SiteWaits;
  limits?: Partial<RunLimits>;
  /** Aborted: no further target is begun. */
  signal?: AbortSignal;
};

/** By `siteKey`, as jobs have it. */
type SiteWaits = {
  failed(site: string, troubles: Iterable<string>, at: Date): Date;
  passed(site: string): void;
};

/** All in milliseconds. */
export type RunLimits = {
  /** For reading: a site as a whole, or one of its targets. */
  readMs: number;
  writeMs: number;
  /** Caches of whoever decides take their time; what is not proven by then is looked at again. */
  verifyMs: number;
  /** After which an entry that nobody changed is verified again. */
  verifyEveryMs: number;
};

export const RUN_LIMITS: RunLimits = {
  readMs: 30_000,
  // a new role of AWS is waited for two minutes of it
  writeMs: 150_000,
  verifyMs: 30_000,
  verifyEveryMs: 24 * 3_600_000,
};
