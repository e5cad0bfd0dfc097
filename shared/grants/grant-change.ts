// What is to be done so that the grants hold, and nothing else: plain data, in the order in which it is done.
import type { Json } from './canonical.ts';
import type { Shortfall, WantedEntry } from './entry.ts';
import type { Target } from './site.ts';

export type GrantChange = {
  target: Target;
  key: string;
  /** Whom it is for; of a deletion, whom it was for as far as that is known. Sorted. */
  grants: readonly string[];
  /** What it is called for people. */
  label: string;
} & (
  | { op: 'noop'; wanted: WantedEntry }
  | { op: 'create'; wanted: WantedEntry; risk: Risk; why: Why }
  | { op: 'update'; wanted: WantedEntry; before: Json; risk: Risk; why: Why }
  /** It says what is wanted, and becomes ours. */
  | { op: 'adopt'; wanted: WantedEntry; before: Json; risk: 'same' }
  | { op: 'delete'; before: Json; risk: 'narrow'; why: Why }
  /** As above, but the grant only observes, or has ended and only warns; or nobody here knows what has our mark. */
  | { op: 'drift'; wanted?: WantedEntry; before?: Json; message: string; hint?: string; isUnknown?: true }
  /** Somebody else's holds the name or the place: a human decides. */
  | { op: 'conflict'; wanted: WantedEntry; before: Json; message: string; hint: string }
  /** No entry: why. */
  | { op: 'none'; state: Shortfall['state'] | 'Suspended' | 'Revoked' | 'Expired'; message: string; hint?: string }
);

/** Whether more or less may be pulled after it. */
export type Risk = 'widen' | 'narrow' | 'same';

export type Why =
  /** Not there yet. */
  | 'declared'
  /** The declaration, or what its selector means, changed. */
  | 'changed'
  /** Somebody changed or removed what was ours. */
  | 'drift'
  | 'expired'
  /** By hand. */
  | 'revoked'
  /** No longer declared; or our mark on what this journal does not know, and somebody said that such a thing goes. */
  | 'withdrawn'
  /** The namespace or ServiceAccount is another one than it was, or a human has to confirm it. */
  | 'suspended';

export type GrantPlan = {
  changes: readonly GrantChange[];
  /** Of the changes and of what they were planned from; see `planHash`. */
  hash: string;
};
