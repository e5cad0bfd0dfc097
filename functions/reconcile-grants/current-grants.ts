// The grants that hold now: those of the configuration, and those that were declared over the API.
import { desiredGrants } from '../../shared/grants/desired-grants.ts';
import type { PullGrant } from '../../shared/grants/grant.ts';
import type { Deps } from '../deps.ts';

/** @throws TransshipError store-unavailable */
export async function currentGrants({ config, grants }: Pick<Deps, 'config' | 'grants'>): Promise<PullGrant[]> {
  return desiredGrants(config().grants, await grants.state());
}
