// The configuration that a deployment is to have: as functions can read it, in one text. Variables of this machine are filled in,
// since functions have none of them, and several files become one.
import { isDeepStrictEqual } from 'node:util';
import { stringify } from 'yaml';
import type { Config } from '../../../shared/config/config.ts';
import { loadConfig, readConfig, readConfigFile, type LoadedConfig } from '../../../shared/config/load.ts';
import { isTransshipError } from '../../../shared/errors.ts';
import type { Context } from '../context.ts';
import { literalTexts } from '../output/literal-texts.ts';

export type DeployedConfig = { loaded: LoadedConfig; text: string; config: Config };

/** What a function has of a machine: nothing that a configuration could need. */
export const IN_LAMBDA = { env: {}, homeDir: '/nonexistent', cwd: '/var/task' };

/** @throws TransshipError invalid-config */
export async function readDeployedConfig({ io, globals }: Context): Promise<DeployedConfig> {
  const loaded = await loadConfig(globals.config, { env: io.env, homeDir: io.homeDir, cwd: process.cwd() });
  const text = await textFor(loaded);
  return { loaded, text, config: loaded.config };
}

/** As it was written where that means the same there, else all of it in one. */
async function textFor({ files, effective }: LoadedConfig): Promise<string> {
  const [file, ...others] = files;
  if (file !== undefined && others.length === 0) {
    const { text } = await readConfigFile(file, process.cwd());
    // `$${` stands for itself on both sides
    if (!text.replaceAll('$${', '').includes('${')) return text;
  }
  const { dataDir: _, ...rest } = effective;
  return stringify(rest, literalTexts, { lineWidth: 0 });
}

/** True where a deployment would work by both in the same way. */
export function meansTheSame(one: string, other: string): boolean {
  try {
    return isDeepStrictEqual(asInLambda(one), asInLambda(other));
  } catch (error) {
    if (!isTransshipError(error, 'invalid-config')) throw error;
    return false;
  }
}

/** @throws TransshipError invalid-config for what a function could not read */
export function asInLambda(text: string, file = 'transship.yaml'): LoadedConfig['effective'] {
  return readConfig([{ file, text }], IN_LAMBDA).effective;
}
