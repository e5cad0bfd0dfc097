// Reads what a copy brings to its targets, unless an earlier copy from the same repository has read it.
import type { Manifest } from '../oci/manifest.ts';
import type { ManifestHead } from '../oci/manifests.ts';
import type { Repository } from '../oci/repository.ts';
import { readArtifact } from './artifact.ts';
import type { Artifact } from './artifact.ts';
import { assertImagePlatform } from './assert-platform.ts';
import type { CopyRequest } from './copy-types.ts';
import { resolveSource } from './resolve-source.ts';

/** What a tag names; without its media type where only digests were compared. */
export type Named = Pick<ManifestHead, 'digest'> & Partial<Pick<ManifestHead, 'mediaType'>>;

/** What was found out before a copy begins; it is not asked for again. */
export type KnownBefore = {
  /** The digest that the source names. */
  digest?: string;
  /** What the targets name, in the order of the request; undefined where there is nothing. */
  heads?: readonly (Named | undefined)[];
  /** Artifacts of the source's repository by digest, for the platforms of the request; what is read is added. */
  artifacts?: Map<string, Promise<Artifact>>;
};

/** `artifact` is absent where every target holds the digest already. */
type SourceContent = { digest: string; artifact: Artifact | undefined };

/** @throws TransshipError not-found, no-matching-platform, and what reading a manifest throws */
export async function readSource(
  request: CopyRequest,
  source: Repository,
  heads: readonly (Named | undefined)[],
  known: KnownBefore,
  onRoot: (root: Manifest) => void,
): Promise<SourceContent> {
  const { digest: knownDigest, artifacts } = known;
  const read = knownDigest === undefined ? undefined : artifacts?.get(knownDigest);
  if (knownDigest !== undefined && read !== undefined) return { digest: knownDigest, artifact: await read };
  const { digest, root } = await resolveSource(request, source, heads, knownDigest);
  if (root === undefined) return { digest, artifact: undefined };
  onRoot(root);
  const reading = artifactOf(root, source, request);
  artifacts?.set(digest, reading);
  // What failed once may work for the next copy.
  reading.catch(() => artifacts?.delete(digest));
  return { digest, artifact: await reading };
}

async function artifactOf(root: Manifest, source: Repository, request: CopyRequest): Promise<Artifact> {
  if (request.platforms !== undefined) await assertImagePlatform(source, root, request.platforms.include);
  return readArtifact(source, root, request);
}
