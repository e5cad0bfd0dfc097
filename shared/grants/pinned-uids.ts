// Which namespaces and ServiceAccounts a pinned grant was bound to when it was first written, or when somebody confirmed it. One that was
// made anew under the same name is another one.
import type { WantedEntry } from './entry.ts';
import type { PullGrant } from './grant.ts';
import type { GrantsState } from './grants-state.ts';
import { confirmedKey } from './plan-hash.ts';

type Uids = Readonly<Record<string, string>>;

export type KnownUids = ReadonlyMap<string, string>;

/**
 * By grant, for those that are pinned, by `confirmedKey`. What was confirmed counts more than what was written before, and that more than
 * what was written long before.
 */
export function knownUids(grants: readonly PullGrant[], state: GrantsState): ReadonlyMap<string, KnownUids> {
  const known = new Map(grants.filter(({ pin }) => pin === 'uid').map(({ id }) => [id, new Map<string, string>()]));
  if (known.size === 0) return known;
  const written = [...state.entries.values()]
    .filter(({ uids }) => uids !== undefined)
    .toSorted((left, right) => left.changedAt.getTime() - right.changedAt.getTime());
  for (const { target, grants: owners, uids } of written) {
    for (const [key, uid] of inSite(target, uids)) for (const owner of owners) known.get(owner)?.set(key, uid);
  }
  for (const [id, uids] of known) {
    for (const [key, uid] of Object.entries(state.grants.get(id)?.uids ?? {})) uids.set(key, uid);
  }
  return known;
}

/** The names of those that are not the ones they were; what nobody knew before is taken as it is. */
export function changedNames({ target, uids = {} }: WantedEntry, known: KnownUids = new Map()): string[] {
  return Object.entries(uids)
    .filter(([name, uid]) => (known.get(confirmedKey(target, name)) ?? uid) !== uid)
    .map(([name]) => name)
    .toSorted();
}

/** As the journal remembers what somebody confirms. */
export function inSite(target: WantedEntry['target'], uids: Uids = {}): [string, string][] {
  return Object.entries(uids).map(([name, uid]) => [confirmedKey(target, name), uid]);
}
