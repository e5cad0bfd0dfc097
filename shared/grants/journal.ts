// The journal of grants: who did what, when and why, and what proved it. Lines are only ever added; what is known of the grants is what
// the lines say, one after another (see grants-state.ts). No line holds a credential.
import type { Json } from './canonical.ts';
import type { PullGrant } from './grant.ts';
import type { GrantState, WriteOp } from './grants-state.ts';
import type { Target } from './site.ts';
import type { Verification } from './backend.ts';

export type JournalLine = {
  at: Date;
  /** `file transship.yaml`, `api token ci`, `timer`, a user of this machine. */
  actor: string;
  /** Of the plan that was applied. */
  planHash?: string;
} & JournalEvent;

/** The entry of a line; several grants may need the same one. */
type OfEntry = { target: Target; key: string; label: string; grants: readonly string[] };

export type JournalEvent =
  /** A grant by the API: new or changed; of grants in files, when they are first seen and whenever they change. */
  | { event: 'declared'; grant: string; declaration: PullGrant; declarationSha: string }
  | { event: 'withdrawn'; grant: string }
  /** By hand; holds until the declaration changes or somebody resumes it. */
  | { event: 'revoked'; grant: string; declarationSha: string; reason?: string }
  | { event: 'resumed'; grant: string }
  /** A namespace or ServiceAccount made anew is accepted for a pinned grant. */
  | { event: 'confirmed'; grant: string; uids: Readonly<Record<string, string>> }
  /** Before anything is written: whoever finds this as the last line of an entry has to look what became of it. */
  | ({
      event: 'intended';
      op: WriteOp;
      before?: Json;
      after?: Json;
      uids?: Readonly<Record<string, string>>;
    } & OfEntry)
  | ({ event: 'written'; op: WriteOp; after?: Json; requestId?: string } & OfEntry)
  /** `state`: Applied, or Expired, Revoked of an entry that is gone. */
  | ({ event: 'verified'; verification: Verification; state: GrantState } & OfEntry)
  /** It could not be done, or not be shown: Blocked, Conflict, Drifted, Suspended, Pending, Unsupported. */
  | ({
      event: 'settled';
      state: GrantState;
      message: string;
      hint?: string;
      /** The connection was lost after the intent: it may have been written all the same. Otherwise an intent before this line came to nothing. */
      mayBeWritten?: true;
      /** It has our mark, and this journal knows nothing else of it. */
      isUnknown?: true;
    } & OfEntry)
  | { event: 'alarm'; message: string; target: Target };

/** The grants that a line is about. */
export function grantsOf(line: JournalLine): readonly string[] {
  if ('grant' in line) return [line.grant];
  return 'grants' in line ? line.grants : [];
}
