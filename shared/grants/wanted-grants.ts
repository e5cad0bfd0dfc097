// Says what entries the grants are at which targets, before any target is read, and why the rest of them is none.
import type { Shortfall, WantedEntry } from './entry.ts';
import type { PullGrant } from './grant.ts';
import type { GrantsState } from './grants-state.ts';
import type { SurveyedGrants } from './observed-grants.ts';
import type { Target } from './site.ts';

export type WantedGrants = {
  /** By `entryKey`, in the order of the keys; each once, whoever shares it. */
  entries: ReadonlyMap<string, MergedEntry>;
  /** Why a grant, or a part of it, has no entry; in the order of grants and targets. */
  shortfalls: readonly UnmetGrant[];
};

export type MergedEntry = {
  wanted: WantedEntry;
  /** One of its grants wants it written; otherwise it is only looked at. */
  isEnforced: boolean;
  /** One of its grants takes over what somebody else made, if that says the same. */
  adopts: boolean;
};

export type UnmetGrant = Omit<Shortfall, 'state'> & {
  state: Shortfall['state'] | 'Suspended' | 'Revoked' | 'Expired';
};

export function wantedGrants(desired: readonly PullGrant[], surveyed: SurveyedGrants, now: Date): WantedGrants {
  throw new Error(`not yet: ${desired.length} ${surveyed.instance} ${now.toISOString()}`);
}

/** Where grants want something, and where something of ours is known to stand: each target once, in the order of their keys. */
export function targetsToRead(wanted: WantedGrants, state: GrantsState): Target[] {
  throw new Error(`not yet: ${wanted.entries.size} ${state.entries.size}`);
}
