// Finds what belongs to a digest beside its own content: referrers, and the tags under which cosign keeps signatures.
// https://github.com/sigstore/cosign/blob/main/specs/SIGNATURE_SPEC.md#tag-based-discovery
import type { Descriptor } from '../oci/descriptor.ts';
import { cosignTags } from '../oci/fallback-tag.ts';
import { headManifest } from '../oci/manifests.ts';
import { listReferrers } from '../oci/referrers.ts';
import type { Repository } from '../oci/repository.ts';
import { listTags } from '../oci/tags.ts';

export type Belongings = {
  /** By the digest that they refer to; digests without any are absent. */
  referrers: Map<string, Descriptor[]>;
  digestTags: { tag: string; digest: string }[];
};

/** Up to so many digests three HEADs each are cheaper than the list of all tags of the repository. */
const MOST_DIGESTS_TO_PROBE = 4;
const DIGESTS_AT_ONCE = 8;

/** One listing per digest, and either a few HEADs or one list of tags. */
export async function findBelongings(source: Repository, digests: readonly string[]): Promise<Belongings> {
  const referrers = new Map<string, Descriptor[]>();
  const tags = findDigestTags(source, digests);
  // It is awaited last; where a listing fails first, its own failure is no news.
  tags.catch(() => undefined);
  for (let start = 0; start < digests.length; start += DIGESTS_AT_ONCE) {
    await Promise.all(
      digests.slice(start, start + DIGESTS_AT_ONCE).map(async (digest) => {
        const list = await listReferrers(source, digest);
        if (list.referrers.length > 0) referrers.set(digest, list.referrers);
      }),
    );
  }
  return { referrers, digestTags: await tags };
}

async function findDigestTags(source: Repository, digests: readonly string[]): Promise<Belongings['digestTags']> {
  const candidates = digests.flatMap((digest) => cosignTags(digest));
  const existing =
    digests.length <= MOST_DIGESTS_TO_PROBE ? candidates : await amongAllTags(source, new Set(candidates));
  const found = await Promise.all(
    existing.map(async (tag) => {
      const head = await headManifest(source, tag);
      return head === undefined ? [] : [{ tag, digest: head.digest }];
    }),
  );
  return found.flat();
}

async function amongAllTags(source: Repository, wanted: ReadonlySet<string>): Promise<string[]> {
  const found: string[] = [];
  for await (const page of listTags(source)) found.push(...page.filter((tag) => wanted.has(tag)));
  return found;
}
