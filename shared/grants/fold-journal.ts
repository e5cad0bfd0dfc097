// Adds the lines of the journal up to what is known of the grants. The same lines in the same order always give the same state, whether
// they are added one by one or read again all at once.
import { entryAfter } from './fold-entry.ts';
import { grantAfter } from './fold-grant.ts';
import type { GrantsState } from './grants-state.ts';
import type { JournalLine } from './journal.ts';
import { entryKey } from './plan-hash.ts';

/** What is known before anything was journalled. */
export function emptyGrants(): GrantsState {
  return { grants: new Map(), entries: new Map() };
}

/** The state that was is left as it is. */
export function foldLines(state: GrantsState, lines: Iterable<JournalLine>): GrantsState {
  const grants = new Map(state.grants);
  const entries = new Map(state.entries);
  for (const line of lines) {
    if ('target' in line && 'key' in line) {
      const key = entryKey(line.target, line.key);
      entries.set(key, entryAfter(entries.get(key), line));
    } else if ('grant' in line) {
      const record = grantAfter(grants.get(line.grant), line);
      if (record !== undefined) grants.set(line.grant, record);
    }
  }
  return { grants, entries };
}
