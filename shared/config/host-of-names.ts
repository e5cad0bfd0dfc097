// The registries of a configuration by all their names: two names of one registry are one place.
import { parseHost } from './hosts.ts';
import type { ConfigFile } from './schema/schema.ts';

/** The host under which a registry stands, by that host and by its aliases. */
export function hostOfNames({ registries }: Pick<ConfigFile, 'registries'>): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(registries).flatMap(([host, { aliases = [] }]) =>
      [host, ...aliases].map((name) => [parseHost(name), parseHost(host)] as const),
    ),
  );
}

/** The one name of a registry that is called so somewhere in the file. */
export function hostNamed(names: ReadonlyMap<string, string>, text: string): string {
  const host = parseHost(text);
  return names.get(host) ?? host;
}
