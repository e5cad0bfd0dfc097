// Which registries a request over the network may name: those of the configuration, and those with public names. Otherwise whoever may
// ask for a mirror could make us knock at any door of our own network.
import type { Config } from '../../shared/config/config.ts';
import { isAddress, kindOfAddress, withoutBrackets } from '../../shared/oci/ip-address.ts';
import { isInnerName } from '../../shared/oci/egress-guard.ts';

/** @param host as references name it */
export function mayBeReached(host: string, { registries, rules }: Config): boolean {
  if (registries.some((one) => one.host === host || one.aliases.includes(host))) return true;
  if (rules.some(({ from, to }) => from.registry === host || to.some(({ registry }) => registry === host))) return true;
  const { hostname } = new URL(`https://${host}`);
  const name = withoutBrackets(hostname);
  return isAddress(name) ? kindOfAddress(name) === 'public' : !isInnerName(name);
}
