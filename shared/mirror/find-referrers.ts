// Finds what belongs to a digest beside its own content: referrers, and the tags under which cosign keeps signatures.
// https://github.com/sigstore/cosign/blob/main/specs/SIGNATURE_SPEC.md#tag-based-discovery
import type { Descriptor } from '../oci/descriptor.ts';
import { cosignTags, fallbackTag } from '../oci/fallback-tag.ts';
import { headManifest } from '../oci/manifests.ts';
import { listReferrers } from '../oci/referrers.ts';
import type { Repository } from '../oci/repository.ts';
import type { KnownTags } from './known-tags.ts';
import { readKnownTags } from './known-tags.ts';
import type { CopySession } from './session.ts';

export type Belongings = {
  /** By the digest that they refer to; digests without any are absent. */
  referrers: Map<string, Descriptor[]>;
  digestTags: { tag: string; digest: string }[];
};

const DIGESTS_AT_ONCE = 8;

/**
 * One list of tags per repository and session, one listing of referrers per digest where the registry has the API, and
 * questions for single tags only where the list leaves them open.
 */
export async function findBelongings(
  source: Repository,
  digests: readonly string[],
  session: CopySession,
): Promise<Belongings> {
  const [first, ...others] = digests;
  if (first === undefined) return { referrers: new Map(), digestTags: [] };
  const tags = knownTags(source, session);
  // It is awaited later; where something else fails first, its own failure is no news.
  tags.catch(() => undefined);
  const found = [await belongingsOf(first, source, tags, session)];
  for (let start = 0; start < others.length; start += DIGESTS_AT_ONCE) {
    const batch = others.slice(start, start + DIGESTS_AT_ONCE);
    found.push(...(await Promise.all(batch.map((digest) => belongingsOf(digest, source, tags, session)))));
  }
  return {
    referrers: new Map(found.flatMap(({ digest, referrers }) => (referrers.length === 0 ? [] : [[digest, referrers]]))),
    digestTags: found.flatMap(({ digestTags }) => digestTags),
  };
}

type Found = { digest: string; referrers: Descriptor[]; digestTags: { tag: string; digest: string }[] };

async function belongingsOf(
  digest: string,
  source: Repository,
  tags: Promise<KnownTags>,
  session: CopySession,
): Promise<Found> {
  const repository = nameOf(source);
  const list = await listReferrers(source, digest, {
    hasApi: !session.withoutReferrersApi.has(repository),
    mayHaveTag: async () => (await tags).has(fallbackTag(digest)) !== false,
  });
  // Learned from the first digest, it spares the question for all others.
  if (!list.byApi) session.withoutReferrersApi.add(repository);
  const known = await tags;
  const candidates = cosignTags(digest).filter((tag) => known.has(tag) !== false);
  const heads = await Promise.all(
    candidates.map(async (tag) => {
      const head = await headManifest(source, tag);
      return head === undefined ? [] : [{ tag, digest: head.digest }];
    }),
  );
  return { digest, referrers: list.referrers, digestTags: heads.flat() };
}

function knownTags(source: Repository, session: CopySession): Promise<KnownTags> {
  const repository = nameOf(source);
  let tags = session.tags.get(repository);
  if (tags === undefined) {
    tags = readKnownTags(source);
    session.tags.set(repository, tags);
    // What failed once may work for the next copy.
    tags.catch(() => session.tags.delete(repository));
  }
  return tags;
}

function nameOf({ registry, name }: Repository): string {
  return `${registry.host}/${name}`;
}
