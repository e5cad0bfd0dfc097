// The configuration for commands that work without one. Schema and YAML parser are loaded only if there is one: they would cost
// such a command half of its start.
import { findConfigFile } from './find-config.ts';
import type { LoadedConfig } from './load.ts';
import type { ConfigSurroundings } from './surroundings.ts';

/** Loads the files that are named, or the one in its usual place if it is there. @throws TransshipError invalid-config */
export async function loadConfigIfAny(
  files: readonly string[] | undefined,
  surroundings: ConfigSurroundings,
): Promise<LoadedConfig | undefined> {
  const found = files === undefined ? await findConfigFile(surroundings) : undefined;
  const names = files ?? (found === undefined ? undefined : [found]);
  if (names === undefined) return undefined;
  const { loadConfig } = await import('./load.ts');
  return loadConfig(names, surroundings);
}
