// Starts the server with what the global options say about the log, about logins and about certificates.
import type { LoadedConfig } from '../../shared/config/load.ts';
import { startServer, type Server } from '../node/serve.ts';
import type { Door } from '../node/serve/door.ts';
import type { Context, LogLevel } from './context.ts';
import { openConnections } from './open-connections.ts';
import { readAuthorities } from './open-registries.ts';
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
    openConnections: (config, hear) => openConnections(config, context, hear),
    certificateAuthorities: await readAuthorities(context),
    env: context.io.env,
    cwd: process.cwd(),
    logger: serverLog(context, level),
    version: packageVersion(),
  });
}
