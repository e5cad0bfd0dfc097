// Rules that nothing in the configuration will ever start: allowed, and rarely meant.
import type { Config } from '../../shared/config/config.ts';

/** The names of rules that neither a receiver nor a schedule triggers; only somebody who asks for it does. */
export function neverTriggered({ rules, receivers, registries }: Config): string[] {
  const namesOf = (host: string): readonly string[] => {
    const entry = registries.find((one) => one.host === host || one.aliases.includes(host));
    return entry === undefined ? [host] : [entry.host, ...entry.aliases];
  };
  const heard = new Set(receivers.flatMap(({ registry }) => namesOf(registry)));
  return rules
    .filter(({ schedule, onPush, from }) => schedule === undefined && !(onPush && heard.has(from.registry)))
    .map(({ name }) => name);
}
