// `transship serve`: takes the server's address, starts the server behind it with the global options, and gives it the signals of
// the process.
import { flushCompileCache } from 'node:module';
import type { ApiConfig } from '../../../shared/config/config.ts';
import type { LoadedConfig } from '../../../shared/config/load.ts';
import { takeDoor, type Door } from '../../node/serve/door.ts';
import type { Context } from '../context.ts';
import { takeEarlyDoor, type EarlyDoor } from '../early-door.ts';
import { EXIT } from '../exit-codes.ts';
import type { Io } from '../io.ts';
import { packageVersion } from '../package-version.ts';

export type ServeGiven = {
  /** The level of the log was asked for; otherwise a server tells more than other commands do. */
  isLevelGiven: boolean;
};

export async function runServe(context: Context, { isLevelGiven }: ServeGiven): Promise<number> {
  const { io, globals } = context;
  let isAskedEarly = false;
  let onReload = (): void => void (isAskedEarly = true);
  const signals = listenToSignals(io, () => onReload());
  const early = await takeEarlyDoor(globals.config, process.cwd());
  try {
    const { loadConfig } = await import('../../../shared/config/load.ts');
    const load = () => loadConfig(globals.config, { env: io.env, homeDir: io.homeDir, cwd: process.cwd() });
    const loaded = await load();
    const door = await doorFor(loaded, io, early);
    try {
      // loading the rest keeps everything else from happening; where the door cannot be had, the server says so itself
      await door.listening.catch(() => undefined);
      const level = globals.quiet ? 'error' : isLevelGiven ? globals.logLevel : 'info';
      const { startServerFor } = await import('../start-server.ts');
      const server = await startServerFor(context, { loaded, load, door, level });
      onReload = () => void server.reload();
      if (isAskedEarly) onReload();
      // Node writes it when the process ends, and a server may be killed: its next start would compile everything again.
      flushCompileCache();
      await signals.end;
      await server.stop();
    } finally {
      await door.close();
    }
    return EXIT.done;
  } finally {
    signals.release();
    await early?.door.close();
  }
}

/** The early one, if it is where the configuration says. */
async function doorFor({ config }: LoadedConfig, io: Io, early: EarlyDoor | undefined): Promise<Door> {
  if (early !== undefined && isPlainly(config.api, early)) return early.door;
  await early?.door.close();
  const { readTls } = await import('../../node/serve/read-tls.ts');
  const { resolveSecret } = await import('../../../shared/config/secrets.ts');
  const { secretSources } = await import('../../host/secret-sources.ts');
  const sources = secretSources(io.env, `transship/${packageVersion()}`);
  return takeDoor(config.api, await readTls(config, (reference) => resolveSecret(reference, sources)));
}

function isPlainly({ listen, tls, trustProxy }: ApiConfig, early: EarlyDoor): boolean {
  return tls === undefined && !trustProxy && listen.host === early.listen.host && listen.port === early.listen.port;
}

/** The first SIGINT or SIGTERM ends the server, a second one the process; SIGHUP loads the configuration anew. */
function listenToSignals(io: Io, onReload: () => void): { end: Promise<void>; release(): void } {
  const { promise: end, resolve } = Promise.withResolvers<void>();
  let isEnding = false;
  const onEnd = (): void => {
    if (isEnding) return io.exit(EXIT.interrupted);
    isEnding = true;
    resolve();
  };
  const forget = [
    io.onSignal('SIGHUP', onReload),
    ...(['SIGINT', 'SIGTERM'] as const).map((signal) => io.onSignal(signal, onEnd)),
  ];
  return {
    end,
    release() {
      for (const one of forget) one();
    },
  };
}
