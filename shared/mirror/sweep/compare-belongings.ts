// Looks for signatures, SBOMs and attestations that came after their image: what the source has of them for content that is in place,
// and whether the targets have it, too.
import type { Reference } from '../../oci/reference.ts';
import { formatReference } from '../../oci/reference.ts';
import type { Repository } from '../../oci/repository.ts';
import { imagesOf } from '../images-of.ts';
import type { MirrorRule } from '../rule.ts';
import type { CopySession } from '../session.ts';
import { changeOf, type RepositoryDiff, type TargetChange } from './diff.ts';
import type { FailureNotes } from './failure-notes.ts';
import { inParallel } from './in-parallel.ts';
import { thoseLackingBelongings } from './lacking-belongings.ts';
import type { TargetTags } from './target-tags.ts';

/** A tag of a target that is as it should be; it may name an index that was made from the source's. */
export type InPlace = { tag: string; target: Reference; side: TargetTags; found: string };

type Run = {
  rule: MirrorRule;
  source: Repository;
  deps: { session: CopySession; looksAtReferrers: (digest: string) => boolean; looksBelow: boolean };
  diff: RepositoryDiff;
  notes: FailureNotes;
  /** By the source's digest. */
  same: ReadonlyMap<string, readonly InPlace[]>;
  mediaTypes: ReadonlyMap<string, string>;
  nameOf: (tag: string) => string;
};

const DIGESTS_AT_ONCE = 8;

/** Signatures and SBOMs come after their image: an unchanged digest is looked at once, whatever the number of its tags. */
export async function compareBelongings(run: Run): Promise<void> {
  const { same, deps, source, diff, notes, nameOf } = run;
  const due = [...same].filter(([digest]) => deps.looksAtReferrers(digest));
  await inParallel(due, DIGESTS_AT_ONCE, async ([digest, pairs]) => {
    // One tag of the digest in each target repository is enough.
    const bySide = new Map(pairs.toReversed().map((pair) => [pair.side, pair]));
    try {
      const digests = await digestsOf(digest, pairs, run);
      for (const side of await thoseLackingBelongings(digests, source, [...bySide.keys()], deps.session)) {
        const pair = bySide.get(side);
        if (pair === undefined) continue;
        diff.unchanged -= 1;
        const { target, found } = pair;
        const change: TargetChange = { reference: formatReference(target), state: 'incomplete', digest: found };
        const existing = diff.changes.find((one) => one.source === nameOf(pair.tag));
        if (existing === undefined) diff.changes.push(changeOf(nameOf(pair.tag), digest, [change]));
        else existing.targets.push(change);
      }
    } catch (error) {
      notes.failed(`${diff.source}@${digest}`, error);
    }
  });
}

/** What signatures may refer to; those of the source's index do not hold for one that was made from it. */
async function digestsOf(digest: string, [first]: readonly InPlace[], run: Run): Promise<string[]> {
  const { deps, rule, mediaTypes } = run;
  if (first === undefined) return [];
  const { found, side } = first;
  const own = found === digest ? [digest] : [];
  if (!deps.looksBelow && found === digest) return own;
  const mediaType = mediaTypes.get(found);
  const named = mediaType === undefined ? { digest: found } : { digest: found, mediaType };
  return [...own, ...(await imagesOf(named, side.repository, rule.platforms))];
}
