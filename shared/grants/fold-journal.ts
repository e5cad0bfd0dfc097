// Adds the lines of the journal up to what is known of the grants. The same lines in the same order always give the same state, whether
// they are added one by one or read again all at once.
import type { EntryRecord, GrantRecord, GrantsState } from './grants-state.ts';
import type { JournalLine } from './journal.ts';
import { entryKey } from './plan-hash.ts';

/** What is known before anything was journalled. */
export function emptyGrants(): GrantsState {
  return { grants: new Map(), entries: new Map() };
}

export function foldJournal(state: GrantsState, line: JournalLine): GrantsState {
  return foldLines(state, [line]);
}

/** As `foldJournal` for one line after another, without a copy of the state for each. */
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

type EntryLine = Extract<JournalLine, { key: string }>;
type GrantLine = Extract<JournalLine, { grant: string }>;

/** Undefined: what is said of a grant that was never declared says nothing. */
function grantAfter(record: GrantRecord | undefined, line: GrantLine): GrantRecord | undefined {
  if (line.event === 'declared') return declared(record, line);
  if (record === undefined) return undefined;
  const { revoked: _revoked, ...standing } = record;
  switch (line.event) {
    case 'withdrawn':
      return { ...record, isWithdrawn: true };
    case 'revoked':
      return {
        ...record,
        revoked: {
          declarationSha: line.declarationSha,
          at: line.at,
          by: line.actor,
          ...(line.reason !== undefined && { reason: line.reason }),
        },
      };
    case 'resumed':
      return standing;
    case 'confirmed':
      return { ...record, uids: { ...record.uids, ...line.uids } };
  }
}

/** A revoke by hand holds for the declaration that it was made for, also when that is withdrawn and comes back. */
function declared(record: GrantRecord | undefined, line: Extract<GrantLine, { event: 'declared' }>): GrantRecord {
  const { grant, declaration, declarationSha, at, actor } = line;
  const revoked = record?.revoked?.declarationSha === declarationSha ? record.revoked : undefined;
  return {
    grant,
    declaration,
    declarationSha,
    declaredAt: at,
    declaredBy: actor,
    ...(revoked !== undefined && { revoked }),
    isWithdrawn: false,
    uids: record?.uids ?? {},
  };
}

function entryAfter(record: EntryRecord | undefined, line: EntryLine): EntryRecord {
  const { target, key, label, grants, at: changedAt } = line;
  const place = { target, key, label, grants: grants.toSorted(), changedAt };
  const content = record?.content === undefined ? {} : { content: record.content };
  const intended = record?.intended === undefined ? {} : { intended: record.intended };
  const standing = { ...content, ...(record?.removed !== undefined && { removed: record.removed }) };
  const uids = record?.uids === undefined ? {} : { uids: record.uids };
  const verification = record?.verification === undefined ? {} : { verification: record.verification };
  switch (line.event) {
    case 'intended': {
      const { op, before, after } = line;
      return {
        ...place,
        state: 'Applying',
        ...content,
        intended: { op, ...(before !== undefined && { before }), ...(after !== undefined && { after }) },
        ...uids,
        ...(line.uids !== undefined && { uids: line.uids }),
      };
    }
    case 'written':
      return {
        ...place,
        state: 'Applying',
        ...(line.op === 'delete' ? removedBy(record) : line.after !== undefined && { content: line.after }),
        ...uids,
      };
    case 'verified':
      return {
        ...place,
        state: line.state,
        ...(!isGone(line.state) && { ...standing, ...intended }),
        ...uids,
        verification: line.verification,
      };
    case 'settled':
      return {
        ...place,
        state: line.state,
        ...(!isGone(line.state) && standing),
        ...(line.mayBeWritten === true && intended),
        ...uids,
        ...verification,
        problem: { message: line.message, ...(line.hint !== undefined && { hint: line.hint }) },
      };
  }
}

function removedBy(record: EntryRecord | undefined): Pick<EntryRecord, 'removed'> {
  const removed = record?.intended?.before ?? record?.content;
  return removed === undefined ? {} : { removed };
}

/** Nothing of it is left. */
function isGone(state: EntryRecord['state']): boolean {
  return state === 'Expired' || state === 'Revoked';
}
