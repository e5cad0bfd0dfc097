// The names of a configured registry: its host and its aliases are the same place.
import type { Config } from '../shared/config/config.ts';

/** Every name of the registry, as references have it, the configured host first; the name itself where none is configured. */
export function registryNames(
  name: string,
  { registries }: Pick<Config, 'registries'>,
): readonly [string, ...string[]] {
  const entry = registries.find(({ host, aliases }) => host === name || aliases.includes(name));
  return entry === undefined ? [name] : [entry.host, ...entry.aliases];
}
