// Whether a target lacks what belongs to content that it has: signatures are pushed after it, and new ones come while its tag stays.
import { fallbackTag } from '../../oci/fallback-tag.ts';
import { listReferrers } from '../../oci/referrers.ts';
import type { Repository } from '../../oci/repository.ts';
import { findBelongings, type Belongings } from '../find-referrers.ts';
import type { CopySession } from '../session.ts';
import type { TargetTags } from './target-tags.ts';

/** The targets that lack something; none of them is asked where the source has nothing. */
export async function thoseLackingBelongings(
  digests: readonly string[],
  source: Repository,
  targets: readonly TargetTags[],
  session: CopySession,
): Promise<TargetTags[]> {
  const belongings = await findBelongings(source, digests, session);
  if (belongings.referrers.size === 0 && belongings.digestTags.length === 0) return [];
  const lacking = await Promise.all(targets.map((target) => lacksSome(belongings, target, session)));
  return targets.filter((_target, index) => lacking[index]);
}

async function lacksSome(
  { referrers, digestTags }: Belongings,
  target: TargetTags,
  session: CopySession,
): Promise<boolean> {
  for (const [digest, wanted] of referrers) {
    const { registry, name } = target.repository;
    const place = `${registry.host}/${name}`;
    const list = await listReferrers(target.repository, digest, {
      hasApi: !session.withoutReferrersApi.has(place),
      mayHaveTag: () => Promise.resolve(target.names?.has(fallbackTag(digest)) !== false),
    });
    if (!list.byApi) session.withoutReferrersApi.add(place);
    const there = new Set(list.referrers.map((referrer) => referrer.digest));
    if (wanted.some((referrer) => !there.has(referrer.digest))) return true;
  }
  for (const { tag, digest: wantedDigest } of digestTags) {
    if ((await target.look(tag))?.digest !== wantedDigest) return true;
  }
  return false;
}
