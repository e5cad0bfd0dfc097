// Plans one entry that grants want, from what stands in its place.
import type { ObservedEntry, WantedEntry } from './entry.ts';
import type { GrantChange, Why } from './grant-change.ts';
import type { EntryRecord } from './grants-state.ts';
import type { MergedEntry } from './merge-entries.ts';
import { isOurs, isSameContent } from './ownership.ts';
import { riskOf } from './risk.ts';

/**
 * @param seen what has its key at its target; undefined: nothing
 * @param record what the journal knows of it
 */
export function planEntry(
  merged: MergedEntry,
  seen: ObservedEntry | undefined,
  record: EntryRecord | undefined,
): GrantChange {
  const { wanted, isEnforced, ended } = merged;
  const { target, key, grants } = wanted;
  const base = { target, key, grants, label: seen?.label ?? record?.label ?? key };
  if (seen === undefined) {
    if (isEnforced) return { ...base, op: 'create', wanted, risk: 'widen', why: whyWritten(wanted, record) };
    return { ...base, op: 'drift', wanted, message: ended ?? 'it is not there, and the grant only observes' };
  }
  const before = seen.content;
  const isEqual = isSameContent(before, wanted.content);
  if (!isOurs(seen, record)) return planForeign(merged, base, seen, isEqual);
  if (ended !== undefined) return { ...base, op: 'drift', wanted, before, message: ended };
  if (isEqual) return { ...base, op: 'noop', wanted };
  if (isEnforced) {
    const why = whyWritten(wanted, record);
    return { ...base, op: 'update', wanted, before, risk: riskOf(before, wanted.content), why };
  }
  return { ...base, op: 'drift', wanted, before, message: 'it says something else, and the grant only observes' };
}

type Base = Pick<GrantChange, 'target' | 'key' | 'grants' | 'label'>;

/** Somebody else's is never changed. One that says the same is enough for a grant that only observes. */
function planForeign(
  { wanted, isEnforced, adopts, ended }: MergedEntry,
  base: Base,
  { content: before, label, isOtherInstance }: ObservedEntry,
  isEqual: boolean,
): GrantChange {
  if (ended !== undefined) return { ...base, op: 'drift', wanted, before, message: ended };
  if (isEqual && !isEnforced) return { ...base, op: 'noop', wanted };
  if (isEqual && adopts && isOtherInstance !== true) return { ...base, op: 'adopt', wanted, before, risk: 'same' };
  if (isEqual) {
    const message = `${label} says the same, and is not ours`;
    const hint = 'set `adopt: true` to take it over, or `mode: observe` to leave it to whoever made it';
    return { ...base, op: 'conflict', wanted, before, message, hint };
  }
  const message = `${label} has its place, is not ours and says something else`;
  const hint = 'remove or rename it, or see `transship grants import` for a grant that says what it does';
  return { ...base, op: 'conflict', wanted, before, message, hint };
}

/** What the journal says that we wrote already was changed by somebody else. */
function whyWritten({ content }: WantedEntry, record: EntryRecord | undefined): Why {
  if (record?.content === undefined) return 'declared';
  return isSameContent(record.content, content) ? 'drift' : 'changed';
}
