// Starts the server with what the global options say about the log, about credentials and about certificates.
import { isPublicOnly } from '../../functions/http-api/reachable-registry.ts';
import type { LoadedConfig } from '../../shared/config/load.ts';
import { startServer, type Server } from '../node/serve.ts';
import type { Door } from '../node/serve/door.ts';
import type { Context, LogLevel } from './context.ts';
import { openRegistriesOf, readAuthorities } from './open-registries.ts';
import { serverLog } from './output/server-log.ts';
import { packageVersion } from './package-version.ts';

export type ServerStart = {
  loaded: LoadedConfig;
  load: () => Promise<LoadedConfig>;
  door: Door;
  level: LogLevel;
};

/** @throws TransshipError as `startServer` does, and for options that name what cannot be read */
export async function startServerFor(context: Context, { level, ...given }: ServerStart): Promise<Server> {
  return startServer({
    ...given,
    openRegistries: (config, hear) =>
      openRegistriesOf(config.registries, context, hear, (host) => isPublicOnly(host, config)),
    certificateAuthorities: await readAuthorities(context),
    env: context.io.env,
    cwd: process.cwd(),
    logger: serverLog(context, level),
    version: packageVersion(),
  });
}
