// What every command gets: the process, the global options, and the signal that tells it to stop.
import type { Io } from './io.ts';

export type LogLevel = 'error' | 'warn' | 'info' | 'debug';

/** The options that work before and after every command's name. */
export type GlobalOptions = {
  config?: string[];
  json?: boolean;
  quiet?: boolean;
  color: boolean;
  logLevel: LogLevel;
  authfile?: string;
  caFile?: string[];
  plainHttp?: string[];
};

export type Context = {
  io: Io;
  globals: GlobalOptions;
  /** Aborted by the first Ctrl-C, and for commands that only read, when nobody reads their output. */
  signal: AbortSignal;
};

/** One command's work; resolves to the exit code. */
export type Action = (context: Context) => Promise<number>;

const LOG_LEVELS: readonly LogLevel[] = ['error', 'warn', 'info', 'debug'];

/** True if a line of this level is to be shown. */
export function logs(globals: GlobalOptions, level: LogLevel): boolean {
  return LOG_LEVELS.indexOf(level) <= LOG_LEVELS.indexOf(globals.quiet ? 'error' : globals.logLevel);
}
