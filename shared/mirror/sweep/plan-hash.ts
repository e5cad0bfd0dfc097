// One short text for a whole plan: two runs that would do the same have the same.
import { createHash } from 'node:crypto';
import type { PruneReport } from '../prune/prune.ts';
import type { RepositoryDiff } from './diff.ts';

/** `sha256:…` over what would be changed, whatever the order in which it was found out. */
export function planHash(diffs: readonly RepositoryDiff[], pruned: readonly PruneReport[]): string {
  const lines = [
    ...diffs.flatMap(({ rule, changes }) =>
      changes.flatMap(({ source, digest, targets }) =>
        targets.map(({ reference, state, digest: found }) => [rule, source, digest, reference, state, found]),
      ),
    ),
    ...pruned.flatMap(({ rule, repository, removed }) =>
      removed.map(({ tag, digest }) => [rule, '', digest, `${repository}:${tag}`, 'unwanted', undefined]),
    ),
  ].map((line) => JSON.stringify(line.map((part) => part ?? null)));
  return `sha256:${createHash('sha256').update(lines.sort().join('\n')).digest('hex')}`;
}
