// Compares one source repository with the targets that a rule has for it, in as few questions as there can be: the source's tags
// are listed once, each target repository once, and what no listing tells costs one HEAD per tag and side.
//
//   source list ─▶ select ─▶ targets rendered ─▶ target lists ─┬─ HEAD target, HEAD source ─▶ same / moved
//                                                              └─ absent there: HEAD source, or nothing if it is the only tag
//
import { isTransshipError } from '../../errors.ts';
import { headDigest } from '../../oci/manifests.ts';
import { formatReference, type Reference } from '../../oci/reference.ts';
import type { Repository } from '../../oci/repository.ts';
import type { TagDigestLister } from '../../registries/vendor.ts';
import { openRepository } from '../open-target.ts';
import type { Named } from '../read-source.ts';
import { problemOf } from '../report.ts';
import type { MirrorRule } from '../rule.ts';
import type { CopySession } from '../session.ts';
import { renderTarget } from '../target-template.ts';
import { changeOf, type RepositoryDiff, type TargetChange, type WantedTag } from './diff.ts';
import { comparePlace } from './in-place.ts';
import { compareBelongings, type InPlace } from './compare-belongings.ts';
import { failureNotes } from './failure-notes.ts';
import { inParallel } from './in-parallel.ts';
import { readSourceTags, type SourceTags } from './source-tags.ts';
import { readTargetTags, type TargetTags } from './target-tags.ts';

export type SourceRepository = Pick<Reference, 'registry' | 'repository'>;

export type CompareDeps = {
  session: CopySession;
  /** The vendor's bulk listing for a registry; undefined where it has none. */
  listTagDigests: (registry: string) => TagDigestLister | undefined;
  /** Whether this sweep looks for new signatures of an unchanged digest. */
  looksAtReferrers: (digest: string) => boolean;
  /** Whether those of an index's images are looked for with its own: costs a read of it at a target, and a question for each. */
  looksBelow: boolean;
  /** Find out the digest of every selected tag, also where a copy would do that by itself. */
  everyDigest: boolean;
  signal?: AbortSignal;
};

export type Compared = {
  rule: MirrorRule;
  repository: SourceRepository;
  diff: RepositoryDiff;
  /** What the rule wants, unchanged pairs included. */
  wanted: WantedTag[];
  /** The list of the source's tags was read to its end, so that what is not in it is not there. */
  isComplete: boolean;
  /** Requests that comparing cost. */
  requests: number;
};

/** Questions about tags of one repository at once; they wait for the client's own limits. */
const TAGS_AT_ONCE = 32;

type RenderedTarget = ReturnType<typeof renderTarget>;
type Pair = { target: RenderedTarget; side: Promise<TargetTags> };
type WantedSource = { tag: string; pairs: Pair[] };
type Run = {
  rule: MirrorRule;
  repository: SourceRepository;
  source: Repository;
  tags: SourceTags;
  deps: CompareDeps;
  diff: RepositoryDiff;
  wanted: WantedTag[];
  notes: ReturnType<typeof failureNotes>;
  /** Pairs that are as they should be, by the source's digest. */
  same: Map<string, InPlace[]>;
  /** As far as they were told. */
  mediaTypes: Map<string, string>;
  nameOf: (tag: string) => string;
  /** What the last tag was found to name: others may name the same. */
  lastDigest: string | undefined;
};

/** A source that cannot be read is a problem in the result, as are targets that cannot. @throws TransshipError interrupted */
export async function compareRepository(
  rule: MirrorRule,
  repository: SourceRepository,
  deps: CompareDeps,
): Promise<Compared> {
  const { session, signal } = deps;
  const meter = { requests: 0 };
  const source = openRepository(repository, session, meter, signal);
  const diff: RepositoryDiff = {
    rule: rule.name,
    source: formatReference(repository),
    selected: 0,
    unchanged: 0,
    changes: [],
    problems: [],
    missing: [],
  };
  const wanted: WantedTag[] = [];
  const result = (isComplete: boolean): Compared => ({
    rule,
    repository,
    diff,
    wanted,
    isComplete,
    requests: meter.requests,
  });
  let tags: SourceTags;
  try {
    tags = await readSourceTags(source, rule.tags, deps.listTagDigests(repository.registry));
  } catch (error) {
    signal?.throwIfAborted();
    if (!isTransshipError(error)) throw error;
    diff.problems.push({ place: diff.source, state: 'failed', tags: 0, problem: problemOf(error) });
    return result(false);
  }
  rememberNames(tags, source, session);
  const notes = failureNotes(diff.problems);
  const nameOf = (tag: string) => formatReference({ ...repository, tag });
  const run: Run = {
    rule,
    repository,
    source,
    tags,
    deps,
    diff,
    wanted,
    notes,
    same: new Map(),
    mediaTypes: new Map(),
    nameOf,
    lastDigest: undefined,
  };
  diff.selected = tags.selected.length;
  const places = placesOf(tags.selected, run, meter);
  await inParallel(places, TAGS_AT_ONCE, (place) => compareTag(place, run));
  if (rule.referrers) await compareBelongings(run);
  const order = new Map(tags.selected.map((tag, index) => [nameOf(tag), index]));
  diff.changes.sort((one, other) => (order.get(one.source) ?? 0) - (order.get(other.source) ?? 0));
  if (tags.isNamed && diff.missing.length > 0) noteMissing(run);
  return result(!tags.isNamed);
}

/** Spares the copies the question which tags that stand for digests there are. */
function rememberNames({ names }: SourceTags, { registry, name }: Repository, session: CopySession): void {
  if (names === undefined) return;
  session.tags.set(`${registry.host}/${name}`, Promise.resolve({ has: (tag: string) => names.has(tag) }));
}

/** Where each selected tag goes; the repositories there are listed once, however many tags go to them. */
function placesOf(selected: readonly string[], run: Run, meter: { requests: number }): WantedSource[] {
  const { rule, deps, notes } = run;
  const sides = new Map<string, Promise<TargetTags>>();
  const sideOf = (target: RenderedTarget) => {
    const key = formatReference({ registry: target.registry, repository: target.repository });
    let side = sides.get(key);
    if (side === undefined) {
      const repository = openRepository(target, deps.session, meter, deps.signal);
      side = readTargetTags(repository, selected.length, deps.listTagDigests(target.registry));
      // Everyone who needs it awaits it; that it failed is told once for each tag.
      side.catch(() => undefined);
      sides.set(key, side);
    }
    return side;
  };
  return selected.map((tag) => ({
    tag,
    pairs: rule.to.flatMap((template) => {
      try {
        const target = renderTarget(template, { ...run.repository, tag });
        return [{ target, side: sideOf(target) }];
      } catch (error) {
        if (!isTransshipError(error)) throw error;
        notes.failed(run.nameOf(tag), error);
        return [];
      }
    }),
  }));
}

async function compareTag({ tag, pairs }: WantedSource, run: Run): Promise<void> {
  const { deps, diff, tags, wanted, notes, nameOf } = run;
  const heads = await Promise.all(pairs.map((pair) => lookAtTarget(pair, run)));
  const seen = pairs.flatMap(({ target }, index) => {
    const found = heads[index];
    return found === undefined ? [] : [{ target, ...found }];
  });
  const listed = tags.digests.get(tag);
  // The only tag of a repository that is nowhere yet is read at once.
  const isLone = listed === undefined && tags.selected.length === 1 && !deps.everyDigest;
  const isUnknown = isLone && seen.length > 0 && seen.every(({ head }) => head === undefined);
  const guess = seen.find(({ head }) => head !== undefined)?.head?.digest;
  const source = isUnknown
    ? undefined
    : listed === undefined
      ? await lookAtSource(tag, guess, run)
      : { digest: listed };
  if (!isUnknown && source === undefined) {
    for (const { target } of pairs)
      wanted.push({ source: nameOf(tag), target: formatReference(target), digest: undefined });
    return;
  }
  const changes: TargetChange[] = [];
  for (const { target, side, head } of seen) {
    const reference = formatReference(target);
    wanted.push({ source: nameOf(tag), target: reference, digest: source?.digest });
    if (source === undefined || head === undefined) {
      changes.push({ reference, state: 'absent' });
      continue;
    }
    try {
      const place = { source: run.source, target: side.repository, platforms: run.rule.platforms };
      const state = await comparePlace(source.digest, head, place);
      if (state !== 'same') changes.push({ reference, state, digest: head.digest });
      else noteSame(source.digest, { tag, target, side, found: head.digest }, run);
    } catch (error) {
      notes.failed(reference, error);
    }
  }
  if (changes.length > 0) diff.changes.push(changeOf(nameOf(tag), source?.digest, changes));
}

function noteSame(digest: string, pair: InPlace, run: Run): void {
  run.diff.unchanged += 1;
  const pairs = run.same.get(digest);
  if (pairs === undefined) run.same.set(digest, [pair]);
  else pairs.push(pair);
}

/** Undefined where it cannot be told; that is noted. */
async function lookAtSource(tag: string, guess: string | undefined, run: Run): Promise<Named | undefined> {
  const { source, tags, diff, notes } = run;
  try {
    const head = await notes.unlessHopeless(diff.source, () => headDigest(source, tag, guess ?? run.lastDigest));
    run.lastDigest = head?.digest;
    noteType(head, run);
    // A tag that is gone since it was listed is no tag any more.
    if (head === undefined && tags.isNamed) diff.missing.push(tag);
    else if (head === undefined) diff.selected -= 1;
    return head;
  } catch (error) {
    notes.failed(diff.source, error);
    return undefined;
  }
}

/** Undefined where it cannot be told; that is noted. */
async function lookAtTarget(
  { target, side }: Pair,
  run: Run,
): Promise<{ side: TargetTags; head: Named | undefined } | undefined> {
  const { notes } = run;
  const place = formatReference({ registry: target.registry, repository: target.repository });
  try {
    const known = await side;
    const head = await notes.unlessHopeless(place, () => known.look(target.tag));
    noteType(head, run);
    return { side: known, head };
  } catch (error) {
    notes.failed(place, error);
    return undefined;
  }
}

function noteType(head: Named | undefined, { mediaTypes }: Run): void {
  if (head?.mediaType !== undefined) mediaTypes.set(head.digest, head.mediaType);
}

/** A rule all of whose tags are missing is more likely misspelt than up to date. */
function noteMissing({ diff, notes, source }: Run): void {
  if (diff.missing.length < diff.selected) {
    diff.selected -= diff.missing.length;
    return;
  }
  diff.selected = 0;
  notes.missing(source, diff.missing);
}
