// What the journal gets to know of a copy: the tags that it really wrote for a rule. A tag that was right before is not ours.
import type { CopyEvent, CopyRequest } from './copy-types.ts';
import type { WrittenTag } from './tag-journal.ts';

/**
 * The record of what an event tells; undefined where it tells of no tag that the request asked for (backups, signatures).
 * @param origin the rule, and the source's canonical reference
 */
export function writtenTag(
  event: CopyEvent,
  request: Pick<CopyRequest, 'targets'>,
  origin: { rule: string; source: string },
  writtenAt: Date,
): WrittenTag | undefined {
  if (event.type !== 'manifest' || event.state !== 'copied' || event.tag === undefined) return undefined;
  const reference = request.targets[event.target];
  if (reference === undefined || reference.tag !== event.tag) return undefined;
  const { registry, repository } = reference;
  return { registry, repository, tag: event.tag, digest: event.digest, ...origin, writtenAt };
}
