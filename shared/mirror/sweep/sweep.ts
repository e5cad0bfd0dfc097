// Goes through rules: finds their source repositories, compares each, and hands over what was found as soon as it is safe to act on
// it. A registry that hangs keeps only those waiting that need it.
import { isTransshipError } from '../../errors.ts';
import { problemOf } from '../report.ts';
import type { MirrorRule } from '../rule.ts';
import { createSlots, type Slots } from '../slots.ts';
import { matchesSource } from '../source-pattern.ts';
import { compareRepository, type CompareDeps, type Compared, type SourceRepository } from './compare.ts';
import { refuseRivals } from './rivals.ts';
import { groupRules, type RuleGroup } from './rule-groups.ts';

export type SweepDeps = CompareDeps & {
  /** Only these, where they are known before; the rules take them. */
  sources?: readonly SourceRepository[];
  /** Hears the repositories of a rule in the order in which they are compared, and gives those that are to be. */
  choose?: (rule: MirrorRule, repositories: readonly SourceRepository[]) => readonly SourceRepository[];
  /** The repositories of a registry, all of them. @throws TransshipError unsupported where it has no catalog */
  listRepositories: (registry: string) => Promise<readonly string[]>;
};

/** Repositories of one registry that are compared at the same time. */
const REPOSITORIES_AT_ONCE = 16;

/** @param found hears of each source repository; what it returns is waited for @throws TransshipError interrupted, and what `found` throws */
export async function sweep(
  rules: readonly MirrorRule[],
  deps: SweepDeps,
  found: (compared: Compared) => Promise<void>,
): Promise<void> {
  const lanes = new Map<string, Slots>();
  const compare = (rule: MirrorRule, repository: SourceRepository, everyDigest: boolean) => {
    const lane = lanes.get(repository.registry) ?? createSlots(REPOSITORIES_AT_ONCE);
    lanes.set(repository.registry, lane);
    return lane.run(1, () => {
      deps.signal?.throwIfAborted();
      return compareRepository(rule, repository, { ...deps, everyDigest: everyDigest || deps.everyDigest });
    });
  };
  await allSettled(
    groupRules(rules).map((group) =>
      group.mayCollide ? sweepTogether(group, deps, compare, found) : sweepEach(group, deps, compare, found),
    ),
  );
}

type Compare = (rule: MirrorRule, repository: SourceRepository, everyDigest: boolean) => Promise<Compared>;
type Found = (compared: Compared) => Promise<void>;

/** Nothing is handed over before all is known: which sources meet at one target shows only then. */
async function sweepTogether({ rules }: RuleGroup, deps: SweepDeps, compare: Compare, found: Found): Promise<void> {
  const all = await Promise.all(
    rules.map(async (rule) => {
      const sources = await sourcesOf(rule, deps);
      if ('diff' in sources) return [sources];
      return Promise.all(sources.map((repository) => compare(rule, repository, true)));
    }),
  );
  const compared = all.flat();
  refuseRivals(compared);
  await allSettled(compared.map(found));
}

async function sweepEach({ rules }: RuleGroup, deps: SweepDeps, compare: Compare, found: Found): Promise<void> {
  await allSettled(
    rules.map(async (rule) => {
      const sources = await sourcesOf(rule, deps);
      if ('diff' in sources) return found(sources);
      await allSettled(sources.map(async (repository) => found(await compare(rule, repository, false))));
    }),
  );
}

/** The repositories of a rule, or the problem that keeps them from being known. */
async function sourcesOf(
  rule: MirrorRule,
  { listRepositories, signal, sources, choose = (_rule, all) => all }: SweepDeps,
): Promise<readonly SourceRepository[] | Compared> {
  if (sources !== undefined) return choose(rule, sources);
  const { registry, repositories, wildcards } = rule.from;
  const named = repositories.map(({ repository }) => ({ registry, repository }));
  if (wildcards.length === 0) return choose(rule, named);
  try {
    const listed = (await listRepositories(registry)).map((repository) => ({ registry, repository }));
    const known = new Set(named.map(({ repository }) => repository));
    const matching = listed.filter((one) => !known.has(one.repository) && matchesSource(rule.from, one));
    return choose(rule, [...named, ...matching]);
  } catch (error) {
    signal?.throwIfAborted();
    if (!isTransshipError(error)) throw error;
    return unlisted(rule, error);
  }
}

function unlisted(rule: MirrorRule, error: unknown): Compared {
  const repository = { registry: rule.from.registry, repository: rule.from.wildcards[0] ?? '' };
  const place = `${repository.registry}/${repository.repository}`;
  return {
    rule,
    repository,
    diff: {
      rule: rule.name,
      source: place,
      selected: 0,
      unchanged: 0,
      changes: [],
      problems: [{ place, state: 'failed', tags: 0, problem: problemOf(error) }],
      missing: [],
    },
    wanted: [],
    isComplete: false,
    requests: 0,
  };
}

/** Waits for all, then fails with the first failure: what is under way is never left behind. */
async function allSettled(work: readonly Promise<void>[]): Promise<void> {
  for (const end of await Promise.allSettled(work)) if (end.status === 'rejected') throw end.reason;
}
