// What one entry is at for people: as a plan that was just made has it, else as the journal last said.
import { overbroadWidenings } from './approval.ts';
import type { Verification } from './backend.ts';
import type { GrantChange } from './grant-change.ts';
import type { EntryRecord, GrantState, GrantsState } from './grants-state.ts';
import { entryKey } from './plan-hash.ts';
import type { Target } from './site.ts';
import { givenByHand } from './standing.ts';

export type EntryStatus = {
  target: Target;
  key: string;
  label: string;
  state: GrantState;
  verification?: Verification;
  problem?: { message: string; hint?: string };
};

/** With whom it is for, and whether something of it stands there as far as the journal knows. */
export type KnownEntry = EntryStatus & { grants: readonly string[]; isThere: boolean };

/** @param changes none: the journal alone says what there is */
export function knownEntries(state: GrantsState, changes: readonly GrantChange[]): KnownEntry[] {
  const planned = changes.map((change) => ofChange(change, state));
  const seen = new Set(planned.map(({ target, key }) => entryKey(target, key)));
  const others = [...state.entries].filter(([key]) => !seen.has(key)).map(([, record]) => ofRecord(record));
  return [...planned, ...others];
}

function ofRecord(record: EntryRecord): KnownEntry {
  const { target, key, label, grants, state, verification, problem } = record;
  return {
    target,
    key,
    label,
    grants,
    state,
    isThere: isThere(record),
    ...(verification !== undefined && { verification }),
    ...(problem !== undefined && { problem }),
  };
}

function ofChange(change: GrantChange, state: GrantsState): KnownEntry {
  const record = state.entries.get(entryKey(change.target, change.key));
  const { target, key, label, grants } = change;
  const verification = record?.verification === undefined ? {} : { verification: record.verification };
  const known = { target, key, label, grants, isThere: record !== undefined && isThere(record) };
  switch (change.op) {
    case 'noop':
      return { ...known, ...verification, state: record?.state === 'Applied' ? 'Applied' : 'Applying' };
    case 'drift':
      return { ...known, ...verification, state: 'Drifted', problem: problemOf(change), ...standingBy(change) };
    case 'conflict':
      return { ...known, state: 'Conflict', problem: { message: change.message, hint: change.hint } };
    case 'none': {
      return { ...known, ...verification, state: change.state, problem: problemOf(change) };
    }
    default:
      return { ...known, ...verification, ...toBeWritten(change, record, state) };
  }
}

/** What was refused the last time is told until it is not refused any more. */
function toBeWritten(
  change: Extract<GrantChange, { op: 'create' | 'update' | 'adopt' | 'delete' }>,
  record: EntryRecord | undefined,
  state: GrantsState,
): Pick<EntryStatus, 'state' | 'problem'> {
  if (record?.state === 'Blocked' && record.problem !== undefined) return { state: 'Blocked', problem: record.problem };
  const [overbroad] = overbroadWidenings([change], state);
  if (overbroad !== undefined) {
    const { state: waiting, ...problem } = givenByHand(overbroad.wanted.overbroad ?? 'too far');
    return { state: waiting, problem };
  }
  const isDrift = change.op !== 'adopt' && change.why === 'drift';
  return { state: isDrift ? 'Drifted' : 'Applying' };
}

function problemOf({ message, hint }: { message: string; hint?: string }): NonNullable<EntryStatus['problem']> {
  return { message, ...(hint !== undefined && { hint }) };
}

/** The journal says nothing yet of what was never heard of. */
function standingBy({ isUnknown }: Extract<GrantChange, { op: 'drift' }>): { isThere?: true } {
  return isUnknown === true ? { isThere: true } : {};
}

function isThere({ content, intended, removed, isUnknown }: EntryRecord): boolean {
  return content !== undefined || intended !== undefined || removed !== undefined || isUnknown === true;
}
