// Whose an entry is: by its mark, or where the back end has no room for one, by what the journal says that we wrote.
import { type Json, canonicalText } from './canonical.ts';
import type { ObservedEntry } from './entry.ts';
import type { EntryRecord } from './grants-state.ts';

/** Without a mark it is ours only as long as it is exactly what we wrote, or meant to when we were interrupted. */
export function isOurs({ owner, content }: ObservedEntry, record: EntryRecord | undefined): boolean {
  if (owner !== 'unmarked') return owner === 'ours';
  const written = [record?.content, record?.intended?.after];
  return written.some((one) => one !== undefined && isSameContent(one, content));
}

export function isSameContent(left: Json, right: Json): boolean {
  return canonicalText(left) === canonicalText(right);
}
