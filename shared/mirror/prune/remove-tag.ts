// Removes one tag of a target repository and nothing else. Registries that delete no single tag delete a manifest with all of its
// tags: that is done only where the manifest is nobody else's.
import { isTransshipError } from '../../errors.ts';
import { deleteManifest } from '../../oci/delete-manifest.ts';
import { childrenOf } from '../../oci/manifest.ts';
import { fetchManifest, headManifest } from '../../oci/manifests.ts';
import { isIndexType } from '../../oci/media-types.ts';
import type { Repository } from '../../oci/repository.ts';
import type { WrittenTag } from '../tag-journal.ts';
import { inParallel } from '../sweep/in-parallel.ts';

export type Removal = 'removed' | 'gone' | { kept: string };

const QUESTIONS_AT_ONCE = 16;

/**
 * Looks once more right before.
 * @param names all tags of the repository
 * @throws TransshipError what the registry answers
 */
export async function removeTag(
  repository: Repository,
  { tag, digest }: Pick<WrittenTag, 'tag' | 'digest'>,
  names: ReadonlySet<string>,
): Promise<Removal> {
  const now = await headManifest(repository, tag);
  if (now === undefined) return 'gone';
  if (now.digest !== digest) return { kept: 'somebody else moved it since' };
  try {
    await deleteManifest(repository, tag);
    if ((await headManifest(repository, tag)) === undefined) return 'removed';
  } catch (error) {
    // Release 2.8 of distribution answers 405, others 400 with a code of their own.
    if (!isTransshipError(error, 'unsupported', 'registry-error', 'digest-mismatch')) throw error;
  }
  const user = await otherUserOf(repository, digest, tag, names);
  if (user !== undefined) {
    return { kept: `the registry deletes no single tags, and ${user} has the same content` };
  }
  await deleteManifest(repository, digest);
  return 'removed';
}

/** Another tag that names the manifest, or an index that has it as a part. */
async function otherUserOf(
  repository: Repository,
  digest: string,
  tag: string,
  names: ReadonlySet<string>,
): Promise<string | undefined> {
  let user: string | undefined;
  const seen = new Set<string>();
  const others = [...names].filter((name) => name !== tag);
  await inParallel(others, QUESTIONS_AT_ONCE, async (name) => {
    if (user !== undefined) return;
    const head = await headManifest(repository, name);
    if (head === undefined || seen.has(head.digest)) return;
    seen.add(head.digest);
    if (head.digest === digest || (isIndexType(head.mediaType) && (await isPartOf(repository, digest, head.digest))))
      user = name;
  });
  return user;
}

async function isPartOf(repository: Repository, digest: string, index: string): Promise<boolean> {
  return childrenOf(await fetchManifest(repository, index)).some((child) => child.digest === digest);
}
