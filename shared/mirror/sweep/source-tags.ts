// Which tags of a source repository a rule takes: listed once, with digests where the vendor offers that, or not at all where
// the rule names its tags in full.
import { isCosignTag, isFallbackTag } from '../../oci/fallback-tag.ts';
import type { Repository } from '../../oci/repository.ts';
import { listTags } from '../../oci/tags.ts';
import type { TagDigestLister } from '../../registries/vendor.ts';
import { listInBulk } from '../list-in-bulk.ts';
import { nothingThere } from '../list-tags.ts';
import { selectTags, type TagSet } from '../selection.ts';

export type SourceTags = {
  selected: string[];
  /** What tags name, as far as the listing told. */
  digests: ReadonlyMap<string, string>;
  /** All names, where the registry's own list was read; undefined where it was not. */
  names: ReadonlySet<string> | undefined;
  /** True where the rule names its tags, and the registry was not asked whether it has them. */
  isNamed: boolean;
};

/** More names than these are looked up in a list. */
const MOST_NAMED = 20;

/**
 * Tags that stand for a digest (lists of referrers, cosign's signatures) are never selected: they follow their image.
 * @throws TransshipError not-found for a repository without tags, unsupported where pushes have no time, and when it cannot be listed
 */
export async function readSourceTags(
  source: Repository,
  sets: readonly TagSet[],
  listTagDigests: TagDigestLister | undefined,
): Promise<SourceTags> {
  const named = namedTags(sets);
  if (named !== undefined) {
    return { selected: selectTags(named, sets), digests: new Map(), names: undefined, isNamed: true };
  }
  const bulk = listTagDigests === undefined ? undefined : await listInBulk(source, listTagDigests);
  if (bulk !== undefined) {
    if (bulk.length === 0) throw nothingThere(source);
    const candidates = bulk
      .filter(({ tag }) => isOrdinary(tag))
      .map(({ tag, pushedAt }) => (pushedAt === undefined ? tag : { name: tag, pushedAt }));
    const digests = new Map(bulk.map(({ tag, digest }) => [tag, digest]));
    return { selected: selectTags(candidates, sets), digests, names: undefined, isNamed: false };
  }
  const names = new Set<string>();
  for await (const page of listTags(source)) for (const name of page) names.add(name);
  if (names.size === 0) throw nothingThere(source);
  const selected = selectTags([...names].filter(isOrdinary), sets);
  return { selected, digests: new Map(), names, isNamed: false };
}

function isOrdinary(tag: string): boolean {
  return !isFallbackTag(tag) && !isCosignTag(tag);
}

/** The candidates where every set names all of its tags in full, so that what else is there does not matter. */
function namedTags(sets: readonly TagSet[]): string[] | undefined {
  const named = sets.flatMap(({ allow, always = [], latest }) =>
    allow === undefined || latest !== undefined ? [undefined] : [...allow, ...always],
  );
  const literal = named.filter((pattern) => pattern !== undefined && /^[\w.-]+$/.test(pattern));
  if (literal.length < named.length || named.length > MOST_NAMED) return undefined;
  return [...new Set(literal.filter((name) => name !== undefined))];
}
