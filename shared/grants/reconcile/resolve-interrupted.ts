// What became of writes that are not known to have ended: their process was killed, or did not hear the answer. What stands there now says it.
import type { EntryRecord, GrantsState } from '../grants-state.ts';
import { isRead, type ObservedEntry, type ObservedTarget, type UnreadTarget } from '../entry.ts';
import type { JournalEvent } from '../journal.ts';
import { isSameContent } from '../ownership.ts';
import { targetKey } from '../site.ts';
import { namesOf } from './site-run.ts';

export type Resolved = { record: EntryRecord; op: NonNullable<EntryRecord['intended']>['op']; event: JournalEvent };

/** Of targets that could be read. */
export function resolveInterrupted(
  state: GrantsState,
  targets: ReadonlyMap<string, ObservedTarget | UnreadTarget>,
): Resolved[] {
  return [...state.entries.values()].flatMap((record): Resolved[] => {
    const at = targets.get(targetKey(record.target));
    if (record.intended === undefined || at === undefined || !isRead(at)) return [];
    const there = at.entries.find(({ key }) => key === record.key);
    return [{ record, op: record.intended.op, event: outcomeOf(record, record.intended, there) }];
  });
}

function outcomeOf(
  record: EntryRecord,
  { op, after }: NonNullable<EntryRecord['intended']>,
  there: ObservedEntry | undefined,
): JournalEvent {
  if (isDone(op, after, there)) {
    return { ...namesOf(record), event: 'written', op, ...(after === undefined ? {} : { after }) };
  }
  return { ...namesOf(record), event: 'settled', state: 'Applying', message: `its ${op} came to nothing` };
}

/** Whether what stands there is what was meant. */
export function isDone(
  op: NonNullable<EntryRecord['intended']>['op'],
  after: EntryRecord['content'],
  there: ObservedEntry | undefined,
): boolean {
  if (op === 'delete') return there === undefined;
  return after !== undefined && there !== undefined && there.owner !== 'foreign' && isSameContent(there.content, after);
}
