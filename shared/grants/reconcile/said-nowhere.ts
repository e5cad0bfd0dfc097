// What can be said of grants without asking anybody: before their time, not approved, or at a registry that cannot let their grantees pull.
import { knownAwsAccounts } from '../ecr/known-accounts.ts';
import { KNOWN_ACCOUNTS } from '../ecr/survey-facts.ts';
import type { GrantChange } from '../grant-change.ts';
import type { PullGrant } from '../grant.ts';
import type { GrantsRun } from '../grants-run.ts';
import type { GrantsState } from '../grants-state.ts';
import type { ObservedSite } from '../observed-grants.ts';
import { entryKey } from '../plan-hash.ts';
import type { BackendKind, Site } from '../site.ts';
import { isUnapproved } from '../standing.ts';
import { unmetChanges } from '../unmet-changes.ts';
import { wantedGrants } from '../wanted-grants.ts';
import { wantedOf } from '../wanted-of.ts';
import { meantSites } from './meant-sites.ts';

/** What they cannot express, they cannot whatever stands there. ACR and GitLab have to be asked first. */
const SAYS_UNASKED: ReadonlySet<BackendKind> = new Set([
  'kubernetes',
  'ecr',
  'artifact-registry',
  'harbor',
  'quay',
  'ghcr',
]);

/** For lists: what the journal knows nothing of, in the words of the plan. */
export async function saidNowhere(
  config: GrantsRun['config'],
  desired: readonly PullGrant[],
  state: GrantsState,
  now: Date,
): Promise<GrantChange[]> {
  const facts = { [KNOWN_ACCOUNTS]: knownAwsAccounts(config).join(',') };
  const sites = await Promise.all(
    meantSites({ config, desired, state }).map(async ({ site }): Promise<ObservedSite> => {
      const wanted = await sayableAt(site);
      return { site, survey: { facts }, ...(wanted === undefined ? {} : { wanted }) };
    }),
  );
  const { shortfalls } = wantedGrants(desired, { instance: config.instance, sites, state }, now);
  const said = shortfalls.filter(
    (one) => one.target.backend === 'none' || one.state === 'Unsupported' || isUnapproved(one),
  );
  return unmetChanges(said).filter((change) => change.target.backend === 'none' || !isToldOf(change, state));
}

function sayableAt({ backend }: Site) {
  return SAYS_UNASKED.has(backend) ? wantedOf(backend) : undefined;
}

/** Whoever looked there knows more. */
function isToldOf({ target, key }: GrantChange, { entries }: GrantsState): boolean {
  const known = entries.get(entryKey(target, key))?.state;
  return known !== undefined && known !== 'Expired' && known !== 'Revoked';
}
