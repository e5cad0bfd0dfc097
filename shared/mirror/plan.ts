// Decides, without any I/O, what one target needs.
import type { ManifestHead } from '../oci/manifests.ts';
import type { ConflictPolicy } from './copy-types.ts';

export type TargetPlan =
  | { action: 'none' }
  | { action: 'refuse'; existing: string }
  | { action: 'write'; backup?: { tag: string; digest: string } };

export type TargetWish = {
  /** What the tag shall name. */
  digest: string;
  tag: string | undefined;
  onConflict: ConflictPolicy;
};

const LONGEST_TAG = 128;

/** What to do at one target, from what its tag (or, without one, its digest) names now. */
export function planTarget(wish: TargetWish, observed: Pick<ManifestHead, 'digest'> | undefined): TargetPlan {
  if (observed === undefined) return { action: 'write' };
  if (observed.digest === wish.digest) return { action: 'none' };
  if (wish.onConflict === 'refuse') return { action: 'refuse', existing: observed.digest };
  if (wish.onConflict === 'overwrite' || wish.tag === undefined) return { action: 'write' };
  return { action: 'write', backup: { tag: backupTag(wish.tag, observed.digest), digest: observed.digest } };
}

/** `<tag>-backup-<first 12 hex digits>`: the same content always gets the same backup tag. */
function backupTag(tag: string, digest: string): string {
  const suffix = `-backup-${digest.slice(digest.indexOf(':') + 1).slice(0, 12)}`;
  return tag.slice(0, LONGEST_TAG - suffix.length) + suffix;
}

/** Small blobs first, because they hide each other's round trips; then the largest first. */
export function inCopyOrder<T extends { size: number }>(blobs: readonly T[], smallUpToBytes: number): T[] {
  const small = blobs.filter(({ size }) => size <= smallUpToBytes);
  const large = blobs.filter(({ size }) => size > smallUpToBytes);
  return [...small, ...large.toSorted((left, right) => right.size - left.size)];
}
