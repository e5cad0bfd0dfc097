// Which grants a client may see and change: those of registries that it may use, and none for who is held to some mirror rules.
import type { PullGrant } from '../../../shared/grants/grant.ts';
import { mayUseRegistries, type Identity } from '../identity.ts';

export function mayUseGrant(identity: Identity, { what, access }: Pick<PullGrant, 'what' | 'access'>): boolean {
  const registries = [...what.map(({ registry }) => registry), ...(access?.registries ?? [])];
  return identity.rules === undefined && mayUseRegistries(identity, registries);
}
