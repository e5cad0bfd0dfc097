// What one more line of the journal says of an entry.
import type { EntryRecord } from './grants-state.ts';
import type { JournalLine } from './journal.ts';

export type EntryLine = Extract<JournalLine, { key: string }>;

type Known = Partial<EntryRecord>;
type LineOf<Event extends EntryLine['event']> = Extract<EntryLine, { event: Event }>;

/**
 *     intended ──▶ written ──▶ verified: Applied, or Expired, Revoked of one that is gone
 *         │           └──────▶ settled: what we wrote stands there, and something is the matter with it
 *         └──────────────────▶ settled: it came to nothing, unless it may have been written
 */
export function entryAfter(record: EntryRecord | undefined, line: EntryLine): EntryRecord {
  const { target, key, label, grants, at: changedAt } = line;
  const { isUnknown: _isUnknown, ...known }: Known = record ?? {};
  return { ...stateAfter(known, line), target, key, label, grants: grants.toSorted(), changedAt };
}

function stateAfter(known: Known, line: EntryLine): Known & Pick<EntryRecord, 'state'> {
  switch (line.event) {
    case 'intended':
      return intended(known, line);
    case 'written':
      return written(known, line);
    case 'verified':
      return verified(known, line);
    default:
      return settled(known, line);
  }
}

function intended(
  { problem: _problem, removed: _removed, verification: _verification, ...known }: Known,
  { op, before, after, uids }: LineOf<'intended'>,
): Known & Pick<EntryRecord, 'state'> {
  return {
    ...known,
    state: 'Applying',
    intended: { op, ...(before !== undefined && { before }), ...(after !== undefined && { after }) },
    ...(uids !== undefined && { uids }),
  };
}

/** What was removed is remembered until it is proven that nobody pulls by it. */
function written(
  { problem: _problem, removed: _removed, verification: _verification, intended: last, content, ...known }: Known,
  { op, after }: LineOf<'written'>,
): Known & Pick<EntryRecord, 'state'> {
  const removed = last?.before ?? content;
  if (op === 'delete') return { ...known, state: 'Applying', ...(removed !== undefined && { removed }) };
  return { ...known, state: 'Applying', ...(after !== undefined && { content: after }) };
}

function verified(
  { problem: _problem, ...known }: Known,
  { state, verification }: LineOf<'verified'>,
): Known & Pick<EntryRecord, 'state'> {
  return { ...(isGone(state) ? withoutContent(known) : known), state, verification };
}

/** What was intended is done with, and came to nothing. */
function settled(
  { intended: last, ...known }: Known,
  { state, message, hint, mayBeWritten, isUnknown }: LineOf<'settled'>,
): Known & Pick<EntryRecord, 'state'> {
  return {
    ...(isGone(state) ? withoutContent(known) : known),
    ...(mayBeWritten === true && last !== undefined && { intended: last }),
    ...(isUnknown === true && { isUnknown }),
    state,
    problem: { message, ...(hint !== undefined && { hint }) },
  };
}

/** Nothing of it is left. */
function isGone(state: EntryRecord['state']): boolean {
  return state === 'Expired' || state === 'Revoked';
}

function withoutContent({ content: _content, intended: _intended, removed: _removed, ...known }: Known): Known {
  return known;
}
