// The grants that are to hold: those of the configuration, and those by the API that nobody withdrew.
import type { PullGrant } from './grant.ts';
import type { GrantsState } from './grants-state.ts';

/** In the order of their names. The configuration wins over the API where both have a name. */
export function desiredGrants(configured: readonly PullGrant[], state: GrantsState): PullGrant[] {
  const names = new Set(configured.map(({ id }) => id));
  const stored = [...state.grants.values()]
    .filter(
      ({ grant, declaration, isWithdrawn }) => declaration.origin === 'store' && !isWithdrawn && !names.has(grant),
    )
    .map(({ declaration }) => declaration);
  return [...configured, ...stored].toSorted((left, right) => (left.id < right.id ? -1 : 1));
}
