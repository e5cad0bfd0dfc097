// `transship serve` as a process of its own, so that it can really be killed. It never outlives the demo, whatever ends that.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { TransshipError } from '../../../shared/errors.ts';
import { until } from '../until.ts';

/** How this program is started: what stands before `serve` on the command line. */
export type Program = { command: string; args: readonly string[] };

export type ServerProcess = {
  pid: number;
  /** From the start until it said that it is ready. */
  readyMs: number;
  /** SIGKILL: it has no chance to finish anything. Resolves when it is gone. */
  kill(): Promise<void>;
  /** Asks it to end, and makes it end where it does not. */
  stop(): Promise<void>;
};

type ServerOptions = {
  program: Program;
  config: string;
  /** `http://127.0.0.1:<port>` */
  url: string;
  /** Both output streams are added to it. */
  logFile: string;
  signal: AbortSignal;
  /** Calls the listener when this process ends, until the returned function is called. */
  onExit: (listener: () => void) => () => void;
};

const READY_WITHIN_MS = 60_000;
const STOP_WITHIN_MS = 5_000;
const LOG_TAIL_CHARACTERS = 1_500;

/** Loaded before the program: a demo that was killed takes its server with it, because the channel between them closes. */
const ENDS_WITH_PARENT = `data:text/javascript,${encodeURIComponent(
  `process.once('disconnect', () => process.kill(process.pid, 'SIGKILL')); process.channel?.unref();`,
)}`;

/** Starts it and waits until it is ready. @throws TransshipError internal, with the end of its log */
export async function startServer(options: ServerOptions): Promise<ServerProcess> {
  const startedAt = performance.now();
  const child = launch(options);
  const forgetExit = options.onExit(() => child.kill('SIGKILL'));
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    await endProcess(child, signal);
    forgetExit();
  };
  try {
    await until(() => readiness(child, options), {
      signal: options.signal,
      timeoutMs: READY_WITHIN_MS,
      what: 'transship serve is ready',
    });
  } catch (error) {
    await end('SIGKILL');
    throw error;
  }
  const readyMs = performance.now() - startedAt;
  return { pid: child.pid ?? 0, readyMs, kill: () => end('SIGKILL'), stop: () => end('SIGTERM') };
}

function launch({ program, config, logFile }: ServerOptions): ChildProcess {
  const log = openSync(logFile, 'a');
  try {
    const args = ['--import', ENDS_WITH_PARENT, ...program.args, 'serve', '--config', config];
    // a group of its own: Ctrl-C in the terminal is the demo's to answer
    return spawn(program.command, args, { stdio: ['ignore', log, log, 'ipc'], detached: true });
  } finally {
    closeSync(log);
  }
}

async function readiness(child: ChildProcess, { url, logFile }: ServerOptions): Promise<true | undefined> {
  if (hasEnded(child)) {
    throw serverFault('transship serve ended before it was ready', await logTail(logFile));
  }
  return fetch(`${url}/readyz`).then(
    async (response) => {
      await response.body?.cancel();
      return response.ok || undefined;
    },
    () => undefined,
  );
}

async function endProcess(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (hasEnded(child)) return;
  const ended = once(child, 'exit');
  child.kill(signal);
  const late = setTimeout(() => child.kill('SIGKILL'), STOP_WITHIN_MS);
  await ended;
  clearTimeout(late);
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

/** What went wrong, with what the server wrote last: its log goes away with the demo. */
export function serverFault(message: string, tail: string, cause?: unknown): TransshipError {
  return new TransshipError('internal', `${message}; its log ends with: ${tail}`, {
    hint: 'this is a fault in transship: please report it',
    cause,
  });
}

/** The end of what the server wrote, in one line. */
export async function logTail(logFile: string): Promise<string> {
  const text = await readFile(logFile, 'utf8').catch(() => '');
  return (
    text
      .trim()
      .slice(-LOG_TAIL_CHARACTERS)
      .replaceAll(/\s*\n\s*/g, ' | ') || 'nothing'
  );
}
