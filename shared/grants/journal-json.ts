// Lines of the journal of grants, and what they add up to, as JSON text and back. JSON has no times: where a type has one, text
// stands, and becomes one again here.
import type { GrantRecord, EntryRecord, GrantsState } from './grants-state.ts';
import type { PullGrant } from './grant.ts';
import type { JournalLine } from './journal.ts';
import type { Verification } from './backend.ts';

/** @param text of one line */
export function lineOf(text: string): JournalLine {
  return revivedLine(JSON.parse(text));
}

/** @param text of a list of lines */
export function linesOf(text: string): JournalLine[] {
  const lines: JournalLine[] = JSON.parse(text);
  return lines.map(revivedLine);
}

export function grantRecordOf(text: string): GrantRecord {
  return revivedGrant(JSON.parse(text));
}

export function entryRecordOf(text: string): EntryRecord {
  return revivedEntry(JSON.parse(text));
}

export function stateText({ grants, entries }: GrantsState): string {
  return JSON.stringify({ grants: [...grants], entries: [...entries] });
}

export function stateOf(text: string): GrantsState {
  const { grants, entries }: { grants: [string, GrantRecord][]; entries: [string, EntryRecord][] } = JSON.parse(text);
  return {
    grants: new Map(grants.map(([id, record]) => [id, revivedGrant(record)])),
    entries: new Map(entries.map(([key, record]) => [key, revivedEntry(record)])),
  };
}

function revivedLine(line: JournalLine): JournalLine {
  const at = new Date(line.at);
  if (line.event === 'declared') return { ...line, at, declaration: declarationOf(line.declaration) };
  if (line.event === 'verified') return { ...line, at, verification: verificationOf(line.verification) };
  return { ...line, at };
}

function revivedGrant({ declaration, declaredAt, revoked, ...record }: GrantRecord): GrantRecord {
  return {
    ...record,
    declaration: declarationOf(declaration),
    declaredAt: new Date(declaredAt),
    ...(revoked === undefined ? {} : { revoked: { ...revoked, at: new Date(revoked.at) } }),
  };
}

function revivedEntry({ changedAt, verification, ...record }: EntryRecord): EntryRecord {
  return {
    ...record,
    changedAt: new Date(changedAt),
    ...(verification === undefined ? {} : { verification: verificationOf(verification) }),
  };
}

function declarationOf({ notBefore, expiresAt, ...grant }: PullGrant): PullGrant {
  return {
    ...grant,
    ...(notBefore === undefined ? {} : { notBefore: new Date(notBefore) }),
    ...(expiresAt === undefined ? {} : { expiresAt: new Date(expiresAt) }),
  };
}

function verificationOf({ at, ...verification }: Verification): Verification {
  return { ...verification, at: new Date(at) };
}
