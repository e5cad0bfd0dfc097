// What applying the plan of one site works with, and what it notes for the report.
import type { AuditFinding } from '../audit-finding.ts';
import type { GrantChange } from '../grant-change.ts';
import type { EntryReport } from '../grants-report.ts';
import type { EntryRecord } from '../grants-state.ts';
import { entryKey } from '../plan-hash.ts';
import { targetKey, type Target } from '../site.ts';
import type { SiteLook } from './look-at-site.ts';
import type { RunContext } from './run-context.ts';

export type SiteRun = {
  context: RunContext;
  look: SiteLook;
  /** In the order of the plan; those of a target that has to be planned anew are replaced. */
  changes: readonly GrantChange[];
  /** The same by `targetKey`. */
  changesAt: ReadonlyMap<string, readonly GrantChange[]>;
  planHash: string;
  /** Somebody has seen the plan: nothing else is done. */
  isLocked: boolean;
  notes: Notes;
  alarms: string[];
  /** Who may pull there, as it was read last; never a failure. */
  audit?: { beganAt: number; findings: Promise<readonly AuditFinding[]> };
};

/** What is told of an entry; its state is what the journal says in the end. */
export type Note = Omit<EntryReport, 'state' | 'verification'> & {
  /** Where the journal says nothing. */
  fallback: EntryReport['state'];
  /** In place of what the journal says: what is there could not be read. */
  shown?: EntryReport['state'];
  /** It is looked at again soon. */
  isPassing: boolean;
};

export type Notes = Map<string, Note>;

type Named = { target: Target; key: string; label: string; grants: readonly string[] };

/** What an entry is called in a line of the journal. */
export function namesOf({ target, key, label, grants }: Named): Named {
  return { target, key, label, grants };
}

export function note(notes: Notes, of: Named & Pick<EntryReport, 'op'>, more: Partial<Note> = {}): void {
  const key = entryKey(of.target, of.key);
  const fallback = of.op === 'delete' ? 'Applying' : 'Pending';
  const known: Note = notes.get(key) ?? {
    ...namesOf(of),
    op: of.op,
    fallback,
    isWritten: false,
    wasInterrupted: false,
    isPassing: false,
  };
  const op = of.op === 'noop' ? known.op : of.op;
  const isPassing = known.isPassing || more.isPassing === true;
  notes.set(key, { ...known, op, ...more, isPassing });
}

export function setChanges(site: SiteRun, changes: readonly GrantChange[]): void {
  site.changes = changes;
  site.changesAt = Map.groupBy(changes, ({ target }) => targetKey(target));
}

export function recordOf(
  { context }: Pick<SiteRun, 'context'>,
  { target, key }: Omit<Named, 'label' | 'grants'>,
): EntryRecord | undefined {
  return context.state().entries.get(entryKey(target, key));
}
