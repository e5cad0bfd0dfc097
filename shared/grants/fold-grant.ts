// What one more line of the journal says of a grant.
import type { GrantRecord } from './grants-state.ts';
import type { JournalLine } from './journal.ts';

export type GrantLine = Extract<JournalLine, { grant: string }>;

/** Undefined: what is said of a grant that was never declared says nothing. */
export function grantAfter(record: GrantRecord | undefined, line: GrantLine): GrantRecord | undefined {
  if (line.event === 'declared') return declared(record, line);
  if (record === undefined) return undefined;
  const { revoked: _revoked, ...standing } = record;
  switch (line.event) {
    case 'withdrawn':
      return { ...record, isWithdrawn: true };
    case 'revoked':
      return { ...standing, revoked: revocation(line) };
    case 'resumed':
      return standing;
    default:
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

function revocation({
  declarationSha,
  at,
  actor,
  reason,
}: Extract<GrantLine, { event: 'revoked' }>): NonNullable<GrantRecord['revoked']> {
  return { declarationSha, at, by: actor, ...(reason !== undefined && { reason }) };
}
