// What people see of a grant: its state as a whole, the worst of its entries that matters, and what each of them is at.
import type { GrantChange } from './grant-change.ts';
import type { PullGrant } from './grant.ts';
import type { GrantState, GrantsState } from './grants-state.ts';
import type { Target } from './site.ts';
import type { Verification } from './backend.ts';

export type EntryStatus = {
  target: Target;
  key: string;
  label: string;
  state: GrantState;
  verification?: Verification;
  problem?: { message: string; hint?: string };
};

export type GrantStatus = {
  grant: string;
  state: GrantState;
  entries: readonly EntryStatus[];
  until?: Date;
  /** The oldest proof among its entries; absent where one has none. */
  lastVerified?: Date;
  /** Of the entry that decides the state. */
  problem?: { message: string; hint?: string };
};

/**
 * Each grant that is desired or was ever declared, in the order of their names.
 * @param changes of a plan that was just made, where there is one: what it would do counts more than what the journal last said
 */
export function grantStatuses(
  desired: readonly PullGrant[],
  state: GrantsState,
  now: Date,
  changes: readonly GrantChange[] = [],
): GrantStatus[] {
  throw new Error(`not yet: ${desired.length} ${state.grants.size} ${now.toISOString()} ${changes.length}`);
}
