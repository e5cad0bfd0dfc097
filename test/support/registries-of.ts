// Registries as a configuration file describes them, with nothing else that a process would add.
import { readConfig } from '../../shared/config/load.ts';
import { resolveSecret } from '../../shared/config/secrets.ts';
import {
  openConfiguredRegistries,
  type ConfiguredRegistriesOptions,
} from '../../shared/registries/configured-registries.ts';
import type { Registries } from '../../shared/registries/registries.ts';
import { QUICK_RETRIES, QUICK_TIMEOUTS } from './copy-run.ts';

type Options = Partial<Omit<ConfiguredRegistriesOptions, 'readSecret'>>;

/** @param entries the section `registries` as YAML; file names in it are relative to `homeDir` */
export function registriesOf(
  entries: string,
  { env = {}, homeDir = '/nonexistent', ...rest }: Options = {},
): Registries {
  const indented = entries.trim().replaceAll(/^/gm, '  ');
  // a cluster for those credentials that name one
  const text = `version: 1\nregistries:\n${indented}\nclusters: [{ name: c1, inCluster: {} }]\n`;
  const { config } = readConfig([{ file: 'transship.yaml', text }], { env, homeDir, cwd: homeDir });
  return openConfiguredRegistries(config.registries, {
    env,
    homeDir,
    retries: QUICK_RETRIES,
    timeouts: QUICK_TIMEOUTS,
    readSecret: (reference) => resolveSecret(reference, { env }),
    ...rest,
  });
}
