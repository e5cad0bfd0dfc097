// Prunes the targets of one source repository after it was compared: asks the journal, looks at the tags in question, and removes
// them or only tells. Costs no request where the journal has nothing that is not wanted any more.
import { isTransshipError, TransshipError } from '../../errors.ts';
import { headManifest } from '../../oci/manifests.ts';
import { parseReference } from '../../oci/reference.ts';
import type { Repository } from '../../oci/repository.ts';
import type { Problem } from '../copy-types.ts';
import { openRepository } from '../open-target.ts';
import { problemOf } from '../report.ts';
import { targetPatterns, patternsMeet } from '../rule-conflicts.ts';
import type { MirrorRule } from '../rule.ts';
import type { CopySession } from '../session.ts';
import { renderTarget } from '../target-template.ts';
import type { Compared } from '../sweep/compare.ts';
import { inParallel } from '../sweep/in-parallel.ts';
import type { TagJournal, WrittenTag } from '../tag-journal.ts';
import { candidatesOf, planPrune, type KeptTag, type PrunePlan } from './plan-prune.ts';
import { removeTag, tagNames, type ManifestUsers } from './remove-tag.ts';

export type PruneDeps = {
  session: CopySession;
  journal: TagJournal;
  /** All rules of the configuration: what another one may want is left alone. */
  rules: readonly MirrorRule[];
  /** Only tell, whatever the rule says. */
  dryRun: boolean;
  /** Asked right before each effect. */
  assertHeld?: () => Promise<void>;
  /** Whether somebody writes to a target repository right now, as far as that is known. */
  isBusy?: (registry: string, repository: string) => Promise<boolean>;
  signal?: AbortSignal;
};

/** What became of one target repository; plain data. */
export type PruneReport = {
  rule: string;
  /** registry/repository of the target. */
  repository: string;
  /** Tags that were removed, or would be. */
  removed: { tag: string; digest: string }[];
  isDone: boolean;
  kept: KeptTag[];
  problem?: Problem;
  requests: number;
};

const QUESTIONS_AT_ONCE = 16;

/** One report for each target repository that holds something unwanted; a failed comparison prunes nothing. */
export async function pruneTargets(compared: Compared, deps: PruneDeps): Promise<PruneReport[]> {
  const { rule, diff, isComplete } = compared;
  if (rule.prune === 'off' || !isComplete || diff.problems.some(({ state }) => state === 'failed')) return [];
  const places = placesOf(compared);
  const reports: PruneReport[] = [];
  for (const [place, tags] of places) {
    const report = await prunePlace(place, tags, compared, deps);
    if (report !== undefined) reports.push(report);
  }
  return reports;
}

/** The target repositories with the tags that are wanted there; none at all is possible, too. */
function placesOf({ rule, repository, wanted }: Compared): Map<string, Set<string>> {
  const places = new Map<string, Set<string>>();
  for (const template of rule.to) {
    const target = renderTarget(template, { ...repository, tag: 'latest' });
    places.set(`${target.registry}/${target.repository}`, new Set());
  }
  for (const { target } of wanted) {
    const { registry, repository: path, tag = '' } = parseReference(target);
    places.get(`${registry}/${path}`)?.add(tag);
  }
  return places;
}

async function prunePlace(
  place: string,
  wanted: ReadonlySet<string>,
  compared: Compared,
  deps: PruneDeps,
): Promise<PruneReport | undefined> {
  const { rule, diff } = compared;
  const { registry, repository } = parseReference(place);
  const written = await deps.journal.written(registry, repository);
  const known = { rule: rule.name, source: diff.source, written, wanted };
  const candidates = candidatesOf(known);
  if (candidates.length === 0) return undefined;
  const meter = { requests: 0 };
  const target = openRepository({ registry, repository }, deps.session, meter, deps.signal);
  const isDone = rule.prune === 'apply' && !deps.dryRun;
  const report: PruneReport = { rule: rule.name, repository: place, removed: [], isDone, kept: [], requests: 0 };
  try {
    const names = await tagNames(target);
    const present = await presentOf(target, candidates, names);
    const otherRules = deps.rules.filter((other) => other.name !== rule.name && mayWrite(other, place));
    const plan = planPrune({ ...known, present, total: names.size, otherRules: otherRules.map(({ name }) => name) });
    report.kept.push(...plan.keep);
    if (plan.refused !== undefined) report.problem = problemOf(tooMany(place, plan));
    else if (isDone) await apply(plan, target, usersAt(place, compared, deps), deps, report);
    else report.removed.push(...plan.remove.map(({ tag, digest }) => ({ tag, digest })));
  } catch (error) {
    deps.signal?.throwIfAborted();
    if (!isTransshipError(error) || error.code === 'fence-lost') throw error;
    report.problem = problemOf(error);
  }
  return { ...report, requests: meter.requests };
}

async function apply(
  plan: PrunePlan,
  target: Repository,
  users: ManifestUsers,
  { journal, assertHeld }: PruneDeps,
  report: PruneReport,
): Promise<void> {
  const forgotten: WrittenTag[] = [...plan.gone];
  try {
    for (const entry of plan.remove) {
      await assertHeld?.();
      const removal = await removeTag(target, entry, users);
      if (typeof removal === 'object') {
        report.kept.push({ tag: entry.tag, reason: removal.kept });
        continue;
      }
      forgotten.push(entry);
      if (removal === 'removed') report.removed.push({ tag: entry.tag, digest: entry.digest });
    }
  } finally {
    if (forgotten.length > 0) await journal.forget(forgotten);
  }
}

/** What the comparison found to be missing there may be written at any time, or have been written since. */
function usersAt(place: string, { rule, diff }: Compared, { isBusy }: PruneDeps): ManifestUsers {
  const { registry, repository } = parseReference(place);
  const due = new Map<string, string | undefined>();
  for (const { digest, targets } of diff.changes) {
    for (const { reference, state } of targets) {
      const { tag = '', ...target } = parseReference(reference);
      const stays = state === 'moved' && rule.onConflict === 'refuse';
      if (stays || target.registry !== registry || target.repository !== repository) continue;
      // Of a rewritten index the digest is known only when it is written.
      due.set(tag, rule.platforms?.mode === 'rewrite' ? undefined : digest);
    }
  }
  return { due, ...(isBusy === undefined ? {} : { isBusy: () => isBusy(registry, repository) }) };
}

async function presentOf(
  target: Repository,
  candidates: readonly WrittenTag[],
  names: ReadonlySet<string>,
): Promise<Map<string, string>> {
  const present = new Map<string, string>();
  const there = candidates.filter(({ tag }) => names.has(tag));
  await inParallel(there, QUESTIONS_AT_ONCE, async ({ tag }) => {
    const head = await headManifest(target, tag);
    if (head !== undefined) present.set(tag, head.digest);
  });
  return present;
}

function mayWrite(rule: MirrorRule, place: string): boolean {
  return targetPatterns(rule).some((pattern) => patternsMeet(pattern, place));
}

function tooMany(place: string, { refused = '', remove }: PrunePlan): TransshipError {
  const shown = remove.slice(0, 5).map(({ tag }) => tag);
  const more = remove.length > shown.length ? ', …' : '';
  return new TransshipError('conflict-refused', `${place}: nothing was removed: ${refused}`, {
    hint: `look at what the source lists and at tags: of the rule; to remove these all the same, delete them yourself: ${shown.join(', ')}${more}`,
  });
}
