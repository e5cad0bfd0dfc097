// The issuers of a configuration's section `registries`, with little patience.
import { readConfig } from '../../../shared/config/load.ts';
import { resolveSecret } from '../../../shared/config/secrets.ts';
import { openIssuers, type Issuers } from '../../../shared/registries/configured-issuers.ts';

type Options = Partial<Parameters<typeof openIssuers>[1]>;

/** @param entries the section as YAML; file names in it are relative to `homeDir` */
export function issuersOf(entries: string, { env = {}, homeDir = '/nonexistent', ...rest }: Options = {}): Issuers {
  const text = `version: 1\nclusters: [{ name: c1, inCluster: {} }]\nregistries:\n${entries.trim().replaceAll(/^/gm, '  ')}\n`;
  const { config } = readConfig([{ file: 'transship.yaml', text }], { env: {}, homeDir, cwd: homeDir });
  return openIssuers(config.registries, {
    env,
    homeDir,
    readSecret: (reference) => resolveSecret(reference, { env }),
    retries: { firstDelayMs: 1, longestDelayMs: 2 },
    timeouts: { connectMs: 2_000, responseMs: 300, stallMs: 300 },
    ...rest,
  });
}
