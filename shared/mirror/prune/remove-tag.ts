// Removes one tag of a target repository and nothing else. Registries that delete no single tag delete a manifest with all of its
// tags: that is done only where the manifest is nobody else's, and nobody is about to write a tag that may need it.
import { isTransshipError } from '../../errors.ts';
import { deleteManifest } from '../../oci/delete-manifest.ts';
import { childrenOf } from '../../oci/manifest.ts';
import { fetchManifest, headManifest } from '../../oci/manifests.ts';
import { isIndexType } from '../../oci/media-types.ts';
import type { Repository } from '../../oci/repository.ts';
import { listTags } from '../../oci/tags.ts';
import type { WrittenTag } from '../tag-journal.ts';
import { inParallel } from '../sweep/in-parallel.ts';

export type Removal = 'removed' | 'gone' | { kept: string };

/** Who may need a manifest besides the tag that is removed. */
export type ManifestUsers = {
  /** Tags that are still to be written there, with the digest that they shall name as far as it is known. */
  due: ReadonlyMap<string, string | undefined>;
  /** Whether somebody writes to the repository right now. */
  isBusy?: () => Promise<boolean>;
};

const QUESTIONS_AT_ONCE = 16;

/**
 * Looks once more right before.
 * @throws TransshipError what the registry answers
 */
export async function removeTag(
  repository: Repository,
  { tag, digest }: Pick<WrittenTag, 'tag' | 'digest'>,
  users: ManifestUsers,
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
  const reason = await reasonToKeep(repository, digest, tag, users);
  if (reason !== undefined) return { kept: `the registry deletes no single tags, and ${reason}` };
  await deleteManifest(repository, digest);
  return 'removed';
}

/** What is due may name the manifest, or be an index that has it as a part. */
async function reasonToKeep(
  repository: Repository,
  digest: string,
  tag: string,
  { due, isBusy }: ManifestUsers,
): Promise<string | undefined> {
  const isWritten = async () => (await isBusy?.()) === true;
  const busy = 'something is being written there';
  // Before and after: one that ends meanwhile has left its tag.
  if (await isWritten()) return busy;
  const seen = new Map<string, string | undefined>();
  const user = await otherUserOf(repository, digest, tag, seen);
  if (user !== undefined) return `${user} has the same content`;
  const [late] = [...due].find(([name, wanted]) => wanted === undefined || seen.get(name) !== wanted) ?? [];
  if (late !== undefined) return `${late} is still to be written there`;
  return (await isWritten()) ? busy : undefined;
}

/**
 * Another tag that names the manifest, or an index that has it as a part. Looking takes its time, so that tags which came meanwhile
 * are looked at, too, until there are none.
 * @param seen gets what each of the others names
 */
async function otherUserOf(
  repository: Repository,
  digest: string,
  tag: string,
  seen: Map<string, string | undefined>,
): Promise<string | undefined> {
  let user: string | undefined;
  const digests = new Set<string>();
  for (;;) {
    const names = await tagNames(repository);
    const others = [...names].filter((name) => name !== tag && !seen.has(name));
    if (others.length === 0) return undefined;
    await inParallel(others, QUESTIONS_AT_ONCE, async (name) => {
      if (user !== undefined) return;
      const head = await headManifest(repository, name);
      seen.set(name, head?.digest);
      if (head === undefined || digests.has(head.digest)) return;
      digests.add(head.digest);
      const isUser =
        head.digest === digest || (isIndexType(head.mediaType) && (await isPartOf(repository, digest, head)));
      if (isUser) user = name;
    });
    if (user !== undefined) return user;
  }
}

/** All tags of the repository. */
export async function tagNames(repository: Repository): Promise<Set<string>> {
  const names = new Set<string>();
  for await (const page of listTags(repository)) for (const name of page) names.add(name);
  return names;
}

async function isPartOf(repository: Repository, digest: string, index: { digest: string }): Promise<boolean> {
  return childrenOf(await fetchManifest(repository, index.digest)).some((child) => child.digest === digest);
}
