// Which namespaces and ServiceAccounts a pinned grant was bound to when it was first written, or when somebody confirmed it. One that was
// made anew under the same name is another one.
import type { WantedEntry } from './entry.ts';
import type { PullGrant } from './grant.ts';
import type { GrantsState } from './grants-state.ts';
import { confirmedKey } from './plan-hash.ts';

type Uids = Readonly<Record<string, string>>;

/** By `confirmedKey`. What was confirmed counts more than what was written before. */
export function knownUids(grant: PullGrant, state: GrantsState): ReadonlyMap<string, string> {
  if (grant.pin !== 'uid') return new Map();
  const written = [...state.entries.values()]
    .filter(({ grants, uids }) => uids !== undefined && grants.includes(grant.id))
    .toSorted((left, right) => left.changedAt.getTime() - right.changedAt.getTime())
    .flatMap(({ target, uids }) => inSite(target, uids));
  return new Map([...written, ...Object.entries(state.grants.get(grant.id)?.uids ?? {})]);
}

/** The names of those that are not the ones they were; what nobody knew before is taken as it is. */
export function changedNames({ target, uids = {} }: WantedEntry, known: ReadonlyMap<string, string>): string[] {
  return Object.entries(uids)
    .filter(([name, uid]) => (known.get(confirmedKey(target, name)) ?? uid) !== uid)
    .map(([name]) => name)
    .toSorted();
}

/** As the journal remembers what somebody confirms. */
export function inSite(target: WantedEntry['target'], uids: Uids = {}): [string, string][] {
  return Object.entries(uids).map(([name, uid]) => [confirmedKey(target, name), uid]);
}
