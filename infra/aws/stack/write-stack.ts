// Writes what serverless.yml takes from a configuration: the fragment of the stack, and what the functions need of others.
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { loadConfig } from '../../../shared/config/load.ts';
import type { ConfigSurroundings } from '../../../shared/config/surroundings.ts';
import { needsOf } from './needs.ts';
import { stackOf } from './stack.ts';

export type WriteStackOptions = {
  configFile: string;
  outDir: string;
  surroundings: ConfigSurroundings;
};

/**
 * `stack.json` (Parameters, Conditions, Resources, Outputs, extensions, with variables of osls in them) and `settings.json` in a folder,
 * which is made where it is missing.
 * @throws TransshipError invalid-config for a configuration that is none, or that asks for more rights than a role can hold
 */
export async function writeStack({ configFile, outDir, surroundings }: WriteStackOptions): Promise<void> {
  const { config } = await loadConfig([configFile], surroundings);
  const settings = { config: path.basename(configFile), instance: config.instance, needs: needsOf(config) };
  await mkdir(outDir, { recursive: true });
  await writeFile(path.join(outDir, 'stack.json'), `${JSON.stringify(stackOf(config), undefined, 2)}\n`);
  await writeFile(path.join(outDir, 'settings.json'), `${JSON.stringify(settings, undefined, 2)}\n`);
}
