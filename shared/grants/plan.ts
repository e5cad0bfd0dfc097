// Plans what is to be done so that the grants hold. It reads nothing but its arguments: what is printed is what would be applied, and
// the next run plans from what it then finds.
import type { GrantChange } from './grant-change.ts';
import type { PullGrant } from './grant.ts';
import type { ObservedGrants } from './observed-grants.ts';

/**
 * The changes in the order in which they are applied: what has expired goes first, then what narrows, then what widens, then what is no
 * write. `desired`: the grants of the configuration and those by the API (see `desiredGrants`).
 */
export function planGrants(desired: readonly PullGrant[], observed: ObservedGrants, now: Date): GrantChange[] {
  throw new Error(`not yet: ${desired.length} ${observed.instance} ${now.toISOString()}`);
}
