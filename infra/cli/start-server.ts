// Starts the server with what the global options say about the log, about credentials and about certificates.
import type { LoadedConfig } from '../../shared/config/load.ts';
import type { Logger } from '../../shared/telemetry/logger.ts';
import { startServer, type Server } from '../node/serve.ts';
import type { Door } from '../node/serve/door.ts';
import type { Context, LogLevel } from './context.ts';
import { openRegistriesOf, readAuthorities } from './open-registries.ts';
import type { Note } from './output/note.ts';
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
  const logger = serverLog(context, level);
  return startServer({
    ...given,
    openRegistries: ({ registries }) => openRegistriesOf(registries, context, noteTeller(logger)),
    certificateAuthorities: await readAuthorities(context),
    env: context.io.env,
    cwd: process.cwd(),
    logger,
    version: packageVersion(),
  });
}

/** What registries make us notice. */
function noteTeller(logger: Logger): (note: Note) => void {
  return (note) => {
    const { registry } = note;
    if (note.type === 'warning') return logger.warn('a registry warns', { registry, reason: note.message });
    const { operation, reason, delayMs } = note;
    return logger.info('a request is tried again', { registry, operation, reason, delay_ms: delayMs });
  };
}
