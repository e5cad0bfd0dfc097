// Which registries a request over the network may name, and at which addresses they are reached: those of the configuration wherever
// they are, others by a public name at a public address. Otherwise whoever may ask for a mirror could make us knock at any door of our
// own network.
import type { Config } from '../../shared/config/config.ts';
import { isAddress, kindOfAddress, withoutBrackets } from '../../shared/oci/egress/ip-address.ts';
import { isInnerName } from '../../shared/oci/egress/egress-guard.ts';

type Named = Pick<Config, 'registries' | 'rules'>;

/** @param host as references name it */
export function mayBeReached(host: string, config: Named): boolean {
  return isNamed(host, config) || looksPublic(host);
}

/** A public name can have any address. Whoever names an inner one could not have been let in by `mayBeReached`, but is the owner. */
export function isPublicOnly(host: string, config: Named): boolean {
  return !isNamed(host, config) && looksPublic(host);
}

function isNamed(host: string, { registries, rules }: Named): boolean {
  if (registries.some((one) => one.host === host || one.aliases.includes(host))) return true;
  return rules.some(({ from, to }) => from.registry === host || to.some(({ registry }) => registry === host));
}

function looksPublic(host: string): boolean {
  const { hostname } = new URL(`https://${host}`);
  const name = withoutBrackets(hostname);
  return isAddress(name) ? kindOfAddress(name) === 'public' : !isInnerName(name);
}
