// Which parts of what the source has are wanted: the tags of a repository by a rule's selection, and the platforms of an index.
import { TransshipError } from '../errors.ts';
import { compileTagPatterns, type TagTest } from './pattern/tag-pattern.ts';
import { compileRange, newestFirst, versionOfTag } from './pattern/tag-version.ts';

// Both selections are one contract; what copies an image needs only this one, and loads it without the other.
export { selectPlatforms } from './select-platforms.ts';

/** What one set selects; each member narrows the choice down, `always` alone adds to it. Patterns are globs or `/regex/`. */
export type TagSet = {
  /** Only tags that fit one of these. */
  allow?: readonly string[] | undefined;
  /** None that fits one of these; stronger than everything but `always`. */
  deny?: readonly string[] | undefined;
  /** Only tags that are versions in this range. */
  semver?: string | undefined;
  /** Pre-releases (`1.2.3-rc.1`) may be in the range; otherwise only where the range names one. */
  prereleases?: boolean | undefined;
  /** Of what is left, the newest so many. */
  latest?: number | undefined;
  /** What is newest: the highest version (the default; other tags do not count), or what was pushed last. */
  by?: 'semver' | 'pushed' | undefined;
  /** These too, whatever the rest says. */
  always?: readonly string[] | undefined;
};

/** One set, or several whose choices are united; absent: all tags. */
export type TagSelection = TagSet | readonly TagSet[];

/** A tag as a registry lists it; some tell when it was pushed. */
type ListedTag = string | { name: string; pushedAt?: Date };

type Candidate = { name: string; pushedAt?: Date };

/**
 * The names of the selected tags, in the order in which they are listed, each once.
 * @throws TransshipError invalid-config for a wrong pattern or range, unsupported where the order of pushes is wanted and not told
 */
export function selectTags(tags: readonly ListedTag[], selection: TagSelection | undefined): string[] {
  const candidates = tags.map((tag) => (typeof tag === 'string' ? { name: tag } : tag));
  const sets = selection === undefined ? [{}] : isList(selection) ? selection : [selection];
  const selected = new Set(sets.flatMap((set) => selectSet(candidates, set)));
  return [...new Set(candidates.map(({ name }) => name))].filter((name) => selected.has(name));
}

/**
 * What can be said of one tag without the others: whether it is selected, or `depends` where only the newest so many are.
 * @throws TransshipError invalid-config for a wrong pattern or range
 */
export function judgeTag(tag: string, sets: readonly TagSet[]): 'selected' | 'unselected' | 'depends' {
  const judgements = new Set(sets.map((set) => judgeBySet(tag, set)));
  if (judgements.has('selected')) return 'selected';
  return judgements.has('depends') ? 'depends' : 'unselected';
}

function judgeBySet(tag: string, set: TagSet): ReturnType<typeof judgeTag> {
  const { isChoice, isAlways } = compileSet(set);
  if (isAlways(tag)) return 'selected';
  if (!isChoice(tag)) return 'unselected';
  if (set.latest === undefined) return 'selected';
  // what is no version is never among the highest
  return set.by === 'pushed' || versionOfTag(tag) !== undefined ? 'depends' : 'unselected';
}

function selectSet(candidates: readonly Candidate[], set: TagSet): string[] {
  const { isChoice, isAlways } = compileSet(set);
  const choice = candidates.filter(({ name }) => isChoice(name));
  const newest = set.latest === undefined ? choice : orderedBy(set.by ?? 'semver', choice).slice(0, set.latest);
  return [...newest, ...candidates.filter(({ name }) => isAlways(name))].map(({ name }) => name);
}

function compileSet(set: TagSet): { isChoice: TagTest; isAlways: TagTest } {
  const { allow, deny, always } = set;
  const isAllowed = allow === undefined ? everything : compileTagPatterns(allow);
  const isDenied = deny === undefined ? nothing : compileTagPatterns(deny);
  const isInRange = rangeTest(set);
  return {
    isChoice: (name) => isAllowed(name) && !isDenied(name) && isInRange(name),
    isAlways: always === undefined ? nothing : compileTagPatterns(always),
  };
}

const everything: TagTest = () => true;
const nothing: TagTest = () => false;

function rangeTest({ semver, prereleases = false }: TagSet): TagTest {
  if (semver === undefined) return everything;
  const isInRange = compileRange(semver, { prereleases });
  return (name) => {
    const version = versionOfTag(name);
    return version !== undefined && isInRange(version);
  };
}

/** The newest first; of equal ones the one with the smaller name, so that the choice is the same every time. */
function orderedBy(order: 'semver' | 'pushed', candidates: readonly Candidate[]): Candidate[] {
  const unique = [...new Map(candidates.map((tag) => [tag.name, tag])).values()];
  unique.sort((left, right) => (left.name < right.name ? -1 : 1));
  if (order === 'pushed') return unique.sort((left, right) => pushTime(right) - pushTime(left));
  return unique
    .flatMap((tag) => {
      const version = versionOfTag(tag.name);
      return version === undefined ? [] : [{ tag, version }];
    })
    .sort((left, right) => newestFirst(left.version, right.version))
    .map(({ tag }) => tag);
}

function pushTime({ name, pushedAt }: Candidate): number {
  if (pushedAt !== undefined) return pushedAt.getTime();
  throw new TransshipError('unsupported', `the registry does not tell when the tag ${name} was pushed`, {
    hint: 'select by: semver, or name the tags with allow',
  });
}

function isList(selection: TagSelection): selection is readonly TagSet[] {
  return Array.isArray(selection);
}
