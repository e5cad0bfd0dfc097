// A configuration from the text that a user would write; the version is there already.
import type { Config } from '../../shared/config/config.ts';
import { readConfig } from '../../shared/config/load.ts';

export function configOf(text: string, env: NodeJS.ProcessEnv = {}): Config {
  return readConfig([{ file: 'transship.yaml', text: `version: 1\n${text}` }], { env, homeDir: '/', cwd: '/' }).config;
}
