// Lines of the journal of grants, and what they add up to, as JSON text and back. JSON has no times: where a type has one, text
// stands, and becomes one again here.
import type { GrantRecord, EntryRecord } from '../../../shared/grants/grants-state.ts';
import type { PullGrant } from '../../../shared/grants/grant.ts';
import type { JournalLine } from '../../../shared/grants/journal.ts';
import type { Verification } from '../../../shared/grants/backend.ts';

export function lineOf(text: string): JournalLine {
  const line: JournalLine = JSON.parse(text);
  const at = new Date(line.at);
  if (line.event === 'declared') return { ...line, at, declaration: declarationOf(line.declaration) };
  if (line.event === 'verified') return { ...line, at, verification: verificationOf(line.verification) };
  return { ...line, at };
}

export function grantRecordOf(text: string): GrantRecord {
  const { declaration, declaredAt, revoked, ...record }: GrantRecord = JSON.parse(text);
  return {
    ...record,
    declaration: declarationOf(declaration),
    declaredAt: new Date(declaredAt),
    ...(revoked === undefined ? {} : { revoked: { ...revoked, at: new Date(revoked.at) } }),
  };
}

export function entryRecordOf(text: string): EntryRecord {
  const { changedAt, verification, ...record }: EntryRecord = JSON.parse(text);
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
