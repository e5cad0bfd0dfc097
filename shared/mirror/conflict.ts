// A target tag that names something else: refused, or kept under another tag; and what is said about it.
import { TransshipError, isTransshipError } from '../errors.ts';
import { fetchManifest, headManifest, putManifest } from '../oci/manifests.ts';
import { formatReference } from '../oci/reference.ts';
import type { TargetState } from './copy-types.ts';
import type { Target } from './target.ts';

/** Refusals are decisions that held, failures are things that went wrong. */
export function stateFor(error: unknown): TargetState {
  return isTransshipError(error, 'conflict-refused', 'tag-immutable') ? 'refused' : 'failed';
}

export function refusal(target: Pick<Target, 'reference'>, existing: string): TransshipError {
  return new TransshipError('conflict-refused', `${formatReference(target.reference)} already names ${existing}`, {
    hint: 'nothing was changed there; --on-conflict overwrite replaces it, --on-conflict backup keeps it under another tag first',
    details: {
      registry: target.reference.registry,
      repository: target.reference.repository,
      operation: 'compare tags',
    },
  });
}

/** A target may name the digest that it expects; content of another one never goes there. */
export function otherDigest(target: Target, digest: string): TransshipError {
  return new TransshipError(
    'conflict-refused',
    `${formatReference(target.reference)} was asked for, but the source is ${digest}`,
    {
      hint: 'leave the digest of the target out, or name the source by that digest',
      details: {
        registry: target.reference.registry,
        repository: target.reference.repository,
        operation: 'compare digests',
      },
    },
  );
}

/** Keeps what the tag names now, in the same repository, before it moves. */
export async function keepBackup(target: Target, backup: { tag: string; digest: string }): Promise<void> {
  const old = await fetchManifest(target.repository, backup.digest);
  await putManifest(target.repository, backup.tag, old);
  target.tell({ type: 'manifest', target: target.index, digest: old.digest, tag: backup.tag, state: 'copied' });
}

/** Looks once more right before the tag is written: the copy may have taken long. @throws TransshipError conflict-refused */
export async function assertStillFree(target: Target, isFree: (existing: string) => boolean): Promise<void> {
  const { tag } = target.reference;
  const now = tag === undefined ? undefined : await headManifest(target.repository, tag);
  if (now !== undefined && !isFree(now.digest)) throw refusal(target, now.digest);
}

export function movedAway(target: Target, wanted: string, found: string | undefined): TransshipError {
  const names = found === undefined ? 'is gone' : `names ${found}`;
  return new TransshipError(
    'copy-failed',
    `${formatReference(target.reference)} was written with ${wanted}, but now it ${names}`,
    {
      hint: 'somebody else writes the same tag, or the registry lost it; look at its log, then copy again',
      retryable: true,
      details: { registry: target.reference.registry, repository: target.reference.repository, operation: 'confirm' },
    },
  );
}
