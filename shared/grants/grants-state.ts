// What is known of the grants: the journal, added up. Only `foldLines` makes it, so that a journal that is read again gives the same.
import type { Json } from './canonical.ts';
import type { PullGrant } from './grant.ts';
import type { Target } from './site.ts';
import type { Verification } from './backend.ts';

export type GrantState =
  /** A target or an approval is missing, or it is before its time. */
  | 'Pending'
  /** Asked for or written, and not yet proven. */
  | 'Applying'
  | 'Applied'
  /** Ours is missing or was changed. */
  | 'Drifted'
  | 'Conflict'
  | 'Blocked'
  | 'Suspended'
  | 'Expired'
  | 'Revoked'
  | 'Unsupported';

export type WriteOp = 'create' | 'update' | 'adopt' | 'delete';

/** One entry at one target: what we wrote there and what became of it. */
export type EntryRecord = {
  target: Target;
  key: string;
  label: string;
  /** Sorted. */
  grants: readonly string[];
  state: GrantState;
  /** What we are known to have written; undefined once it is gone. It is what proves an entry without a mark to be ours. */
  content?: Json;
  /** A write that is not known to have ended: what is there now may be what was there before, or this. */
  intended?: { op: WriteOp; before?: Json; after?: Json };
  /** What was there before we removed it, until it is proven that nobody pulls by it any more. */
  removed?: Json;
  uids?: Readonly<Record<string, string>>;
  verification?: Verification;
  problem?: { message: string; hint?: string };
  /** It has our mark and stands there, and nothing else is known of it: it may be another server's. We never wrote it. */
  isUnknown?: true;
  changedAt: Date;
};

/** Of one grant. */
export type GrantRecord = {
  grant: string;
  /** As it was last declared; of grants in files for the record only. */
  declaration: PullGrant;
  declarationSha: string;
  declaredAt: Date;
  declaredBy: string;
  /** By hand, while its declaration is this one. */
  revoked?: { declarationSha: string; at: Date; by: string; reason?: string };
  isWithdrawn: boolean;
  /** Confirmed for `pin: uid`, by `confirmedKey`: several clusters may have a namespace of the same name. */
  uids: Readonly<Record<string, string>>;
};

export type GrantsState = {
  grants: ReadonlyMap<string, GrantRecord>;
  /** By `entryKey`. */
  entries: ReadonlyMap<string, EntryRecord>;
};
