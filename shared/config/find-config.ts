// Where the configuration is that nobody named.
import { stat } from 'node:fs/promises';
import path from 'node:path';
import type { ConfigSurroundings } from './surroundings.ts';

/** `./transship.yaml`, else the one in the user's configuration folder; undefined if neither is there. */
export async function findConfigFile(surroundings: ConfigSurroundings): Promise<string | undefined> {
  for (const file of ['transship.yaml', usualConfigFile(surroundings)]) {
    if (await isThere(path.resolve(surroundings.cwd, file))) return file;
  }
  return undefined;
}

/** https://specifications.freedesktop.org/basedir-spec/latest/ */
export function usualConfigFile({ env, homeDir }: ConfigSurroundings): string {
  const folder = env['XDG_CONFIG_HOME'] || path.join(homeDir, '.config');
  return path.join(folder, 'transship', 'transship.yaml');
}

async function isThere(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  );
}
