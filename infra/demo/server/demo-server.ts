// The demo's server over all its lives: started on a port that is free, killed, and started again where it was.
import type { ServerStart } from '../demo-event.ts';
import type { Stage } from '../stage.ts';
import { startServer, type Program, type ServerProcess } from './server-process.ts';

export type DemoServer = {
  url: string;
  /** Where its owner reaches it without a token. */
  socketPath: string;
  /** Its first start. */
  started: ServerStart;
  /** SIGKILL; gives the id of the process that is gone. */
  kill(): Promise<number>;
  restart(): Promise<ServerStart>;
  stop(): Promise<void>;
};

export type ServerHost = {
  program: Program;
  /** Where the admin socket of a data folder is. */
  socketOf: (dataDir: string) => string;
  signal: AbortSignal;
  onExit: (listener: () => void) => () => void;
};

/** Somebody else may take the port before the server does. */
const PORTS_TRIED = 3;

/** @throws TransshipError internal where it does not come up */
export async function openServer(stage: Stage, host: ServerHost): Promise<DemoServer> {
  const { config, logFile } = stage;
  const start = (url: string) => startServer({ ...host, config, url, logFile });
  const { url, first } = await firstStart(stage, start);
  let server = first;
  return {
    url,
    socketPath: host.socketOf(stage.dataDir),
    started: startOf(server),
    async kill() {
      await server.kill();
      return server.pid;
    },
    async restart() {
      server = await start(url);
      return startOf(server);
    },
    stop: () => server.stop(),
  };
}

async function firstStart(
  stage: Stage,
  start: (url: string) => Promise<ServerProcess>,
): Promise<{ url: string; first: ServerProcess }> {
  for (let tries = 1; ; tries += 1) {
    const url = `http://127.0.0.1:${await stage.prepareServer()}`;
    try {
      return { url, first: await start(url) };
    } catch (error) {
      const isTaken = error instanceof Error && error.message.includes('another program listens there');
      if (!isTaken || tries === PORTS_TRIED) throw error;
    }
  }
}

function startOf({ pid, readyMs }: ServerProcess): ServerStart {
  return { pid, readyMs };
}
