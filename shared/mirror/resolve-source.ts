// Finds out what the source names, in as few requests as what the targets hold allows.
import type { Manifest } from '../oci/manifest.ts';
import type { ManifestHead } from '../oci/manifests.ts';
import { fetchManifest, headManifest } from '../oci/manifests.ts';
import type { Repository } from '../oci/repository.ts';
import type { CopyRequest } from './copy-types.ts';

/** `root` is absent where every target holds the digest already: then nothing of the source needs to be read. */
export type ResolvedSource = { digest: string; root?: Manifest };

/**
 * @param knownDigest what the source's tag was found to name
 * @throws TransshipError not-found, and what reading a manifest throws
 */
export async function resolveSource(
  request: CopyRequest,
  source: Repository,
  heads: readonly (Pick<ManifestHead, 'digest'> | undefined)[],
  knownDigest?: string,
): Promise<ResolvedSource> {
  const wanted = request.source.digest ?? knownDigest;
  const named = wanted ?? request.source.tag ?? 'latest';
  const worthHead = heads.some((head) => head !== undefined) && request.platforms === undefined;
  if (!worthHead) return read(source, named);
  // A HEAD costs no pull quota; where every target lacks the image the GET cannot be avoided anyway.
  const digest = wanted ?? (await headManifest(source, named))?.digest;
  if (digest !== undefined && heads.every((head) => head?.digest === digest)) return { digest };
  return read(source, digest ?? named);
}

async function read(source: Repository, named: string): Promise<ResolvedSource> {
  const root = await fetchManifest(source, named);
  return { digest: root.digest, root };
}
