// What can be said of grants without asking anybody: before their time, not approved, or at a registry that cannot let their grantees pull.
import type { GrantChange } from '../grant-change.ts';
import type { PullGrant } from '../grant.ts';
import type { GrantsRun } from '../grants-run.ts';
import type { GrantsState } from '../grants-state.ts';
import { planGrants } from '../plan.ts';
import { meantSites } from './meant-sites.ts';

/** For lists: the journal knows nothing of them. */
export function saidNowhere(
  config: GrantsRun['config'],
  desired: readonly PullGrant[],
  state: GrantsState,
  now: Date,
): GrantChange[] {
  const sites = meantSites({ config, desired, state }).map(({ site }) => ({ site, survey: {} }));
  const observed = { instance: config.instance, sites, state, targets: [] };
  return planGrants(desired, observed, now).filter(({ target }) => target.backend === 'none');
}
