// The grants as the API shows them: those that hold, and those that nobody declares any more but that have left something.
import { desiredGrants } from '../../../shared/grants/desired-grants.ts';
import { grantStatuses } from '../../../shared/grants/grant-status.ts';
import type { PullGrant } from '../../../shared/grants/grant.ts';
import { saidNowhere } from '../../../shared/grants/reconcile/said-nowhere.ts';
import type { Deps } from '../../deps.ts';
import type { Identity } from '../identity.ts';
import { Refusal } from '../problem.ts';
import { mayUseGrant } from './grant-access.ts';
import { grantView, type GrantView } from './grant-view.ts';

type KnownGrant = { grant: PullGrant; view: GrantView };

/** In the order of their names; only those that the client may see. @throws TransshipError store-unavailable */
export async function knownGrants(
  deps: Pick<Deps, 'clock' | 'config' | 'grants'>,
  identity: Identity,
): Promise<KnownGrant[]> {
  const state = await deps.grants.state();
  const config = deps.config();
  const now = deps.clock.now();
  const desired = desiredGrants(config.grants, state);
  const declared = new Map(desired.map((grant) => [grant.id, grant]));
  const said = await saidNowhere(config, desired, state, now);
  return grantStatuses(desired, state, now, said).flatMap((status) => {
    const record = state.grants.get(status.grant);
    const grant = declared.get(status.grant) ?? record?.declaration ?? unheardOf(status.grant, identity);
    if (grant === undefined || !mayUseGrant(identity, grant)) return [];
    const isDeclared = declared.has(status.grant);
    return { grant, view: grantView(grant, status, { isDeclared, ...(record === undefined ? {} : { record }) }) };
  });
}

/** @throws Refusal 404 for one that is not there, or not for this client */
export async function knownGrant(
  deps: Pick<Deps, 'clock' | 'config' | 'grants'>,
  identity: Identity,
  name: string,
): Promise<KnownGrant> {
  const found = (await knownGrants(deps, identity)).find(({ grant }) => grant.id === name);
  if (found !== undefined) return found;
  throw new Refusal({ status: 404, code: 'not-found', detail: 'there is no such grant' });
}

/** Something has our mark with this name, and nobody here ever declared it. Of which registries it is, nobody knows. */
function unheardOf(id: string, { registries }: Identity): PullGrant | undefined {
  if (registries !== undefined) return undefined;
  return {
    id,
    grantees: [],
    what: [],
    reason: '',
    mode: 'enforce',
    onExpiry: 'revoke',
    pin: 'name',
    adopt: false,
    origin: 'store',
  };
}
