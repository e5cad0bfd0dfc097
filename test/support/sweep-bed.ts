// Sweeps over real connections to in-process registries, as `transship sync` does them, with everything they found out kept.
import type { CopyReport } from '../../shared/mirror/copy-types.ts';
import { pruneTargets, type PruneDeps, type PruneReport } from '../../shared/mirror/prune/prune.ts';
import type { MirrorRule } from '../../shared/mirror/rule.ts';
import { createCopySession } from '../../shared/mirror/session.ts';
import { parseSourcePattern } from '../../shared/mirror/source-pattern.ts';
import type { Compared } from '../../shared/mirror/sweep/compare.ts';
import { sweep, type SweepDeps } from '../../shared/mirror/sweep/sweep.ts';
import { syncRules } from '../../shared/mirror/sweep/sync-rules.ts';
import type { TagJournal, WrittenTag } from '../../shared/mirror/tag-journal.ts';
import { parseTargetTemplate } from '../../shared/mirror/target-template.ts';
import { listRepositories } from '../../shared/oci/catalog.ts';
import { anonymous } from '../../shared/oci/auth/credential.ts';
import { openRegistries, type RegistriesOptions } from '../../shared/registries/registries.ts';
import type { TagDigestLister } from '../../shared/registries/vendor.ts';

type RuleFields = Partial<Omit<MirrorRule, 'from' | 'to'>>;

type Synced = { compared: Compared[]; reports: CopyReport[]; pruned: PruneReport[]; states: string[] };

export type SweepBed = {
  /** A run that copies. */
  sync(rules: readonly MirrorRule[], options?: SweepOptions): Promise<Synced>;
  /** A run that only compares. */
  plan(rules: readonly MirrorRule[], options?: SweepOptions): Promise<Compared[]>;
  /** Prunes after a comparison, with the copies still to be made, as a server does. */
  prune(compared: Compared, options: Pick<PruneDeps, 'journal' | 'isBusy'>): Promise<PruneReport[]>;
  [Symbol.asyncDispose](): Promise<void>;
};

type SweepOptions = {
  journal?: TagJournal;
  allRules?: readonly MirrorRule[];
  /** Bulk listings by host. */
  listers?: Readonly<Record<string, TagDigestLister>>;
  looksAtReferrers?: (digest: string) => boolean;
};

let names = 0;

/** A rule as the configuration gives it, without referrers and schedule unless told. */
export function ruleFor(from: string, to: string | readonly string[], fields: RuleFields = {}): MirrorRule {
  names += 1;
  return {
    name: `rule-${names}`,
    from: parseSourcePattern(from),
    to: [to].flat().map(parseTargetTemplate),
    tags: [{}],
    referrers: false,
    onConflict: 'overwrite',
    onPush: true,
    prune: 'off',
    priority: 0,
    ...fields,
  };
}

/** Waits of milliseconds where users have seconds, so that retries cost no time. */
const QUICK: Partial<RegistriesOptions> = { retries: { tries: 2, firstDelayMs: 1, longestDelayMs: 5 } };

export function openSweepBed(options: Partial<RegistriesOptions> = {}): SweepBed {
  const registries = openRegistries({ credentials: () => Promise.resolve(anonymous), env: {}, ...QUICK, ...options });
  const depsFor = ({ listers = {}, looksAtReferrers = () => true }: SweepOptions): Omit<SweepDeps, 'everyDigest'> => ({
    session: createCopySession(registries),
    listTagDigests: (host) => listers[host],
    listRepositories: (host) => listRepositories(registries.client(host)),
    looksAtReferrers,
    looksBelow: true,
  });

  return {
    async sync(rules, given = {}) {
      const result: Synced = { compared: [], reports: [], pruned: [], states: [] };
      const deps = depsFor(given);
      const { journal } = given;
      await syncRules(rules, {
        ...deps,
        everyDigest: false,
        newLane: () => deps.session,
        allRules: given.allRules ?? rules,
        ...(journal === undefined ? {} : { journal }),
        onCompared: (compared) => void result.compared.push(compared),
        onReport(report) {
          result.reports.push(report);
          result.states.push(...report.targets.map(({ state, error }) => error?.code ?? state));
        },
        onPruned: (report) => void result.pruned.push(report),
      });
      return result;
    },
    async plan(rules, given = {}) {
      const all: Compared[] = [];
      await sweep(rules, { ...depsFor(given), everyDigest: true }, async (compared) => void all.push(compared));
      return all;
    },
    prune: (compared, options) =>
      pruneTargets(compared, {
        session: createCopySession(registries),
        rules: [compared.rule],
        dryRun: false,
        ...options,
      }),
    [Symbol.asyncDispose]: () => registries.close(),
  };
}

/** A journal in memory. */
export function memoryJournal(): TagJournal & { entries: WrittenTag[] } {
  let entries: WrittenTag[] = [];
  const isSame = (one: Pick<WrittenTag, 'registry' | 'repository' | 'tag'>, other: typeof one) =>
    one.registry === other.registry && one.repository === other.repository && one.tag === other.tag;
  return {
    get entries() {
      return entries;
    },
    async wrote(tags) {
      entries = [...entries.filter((one) => !tags.some((tag) => isSame(one, tag))), ...tags];
    },
    find: async (registry, repository, tag) => entries.find((one) => isSame(one, { registry, repository, tag })),
    written: async (registry, repository) =>
      entries.filter((one) => one.registry === registry && one.repository === repository),
    repositoriesOf: async (rule) => entries.filter((one) => one.rule === rule),
    async forget(tags) {
      entries = entries.filter((one) => !tags.some((tag) => isSame(one, tag)));
    },
  };
}
