// What the command line touches of its process, as one value, so that tests run commands in-process and capture what they print.
import { homedir } from 'node:os';
import { EXIT } from './exit-codes.ts';

/** A terminal, pipe or file that text goes to; `process.stdout` fits. */
export type OutputStream = {
  write(chunk: string | Uint8Array): boolean;
  readonly isTTY?: boolean;
  /** Width of the terminal, in characters. */
  readonly columns?: number;
};

type InputStream = {
  readonly isTTY?: boolean;
  /** The next line, without its end; undefined where there is none any more, or the signal was aborted. */
  readLine(signal: AbortSignal): Promise<string | undefined>;
};

export type Io = {
  stdout: OutputStream;
  stderr: OutputStream;
  /** Who can be asked. */
  stdin: InputStream;
  env: NodeJS.ProcessEnv;
  homeDir: string;
  /** Aborts when nobody reads stdout any more (`| head`). */
  unread: AbortSignal;
  /** Calls the listener at SIGINT, SIGTERM and SIGHUP until the returned function is called. */
  onInterrupt(listener: () => void): () => void;
  /** Calls the listener at this signal until the returned function is called. */
  onSignal(signal: NodeJS.Signals, listener: () => void): () => void;
  /** Calls the listener when the process ends, however it ends, until the returned function is called. */
  onExit: (listener: () => void) => () => void;
  /** Calls the listener with what nobody caught, in place of Node's own end of the process. */
  onCrash(listener: (error: unknown) => void): () => void;
  /** Ends the process at once. */
  exit(exitCode: number): void;
};

const INTERRUPTS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** The real process. A broken pipe on either stream is taken quietly: what is written to it is lost, the work goes on. */
export function processIo(): Io {
  const unread = new AbortController();
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') return unread.abort();
    process.stderr.write(
      `transship: the output can't be written: ${error.message}\nhint: look at where stdout goes to\n`,
    );
    // oxlint-disable-next-line unicorn/no-process-exit -- what is still to be printed is lost, so nothing is left to do
    process.exit(EXIT.failed);
  });
  // nobody is left to be told
  process.stderr.on('error', () => undefined);
  return {
    stdout: process.stdout,
    stderr: process.stderr,
    stdin: {
      // looked at when somebody is to be asked: to open it takes time
      get isTTY() {
        return process.stdin.isTTY;
      },
      readLine,
    },
    env: process.env,
    homeDir: homedir(),
    unread: unread.signal,
    onInterrupt(listener) {
      for (const signal of INTERRUPTS) process.on(signal, listener);
      return () => {
        for (const signal of INTERRUPTS) process.off(signal, listener);
      };
    },
    onSignal(signal, listener) {
      process.on(signal, listener);
      return () => void process.off(signal, listener);
    },
    onCrash(listener) {
      process.on('uncaughtException', listener);
      return () => void process.off('uncaughtException', listener);
    },
    onExit(listener) {
      process.on('exit', listener);
      return () => void process.off('exit', listener);
    },
    // oxlint-disable-next-line unicorn/no-process-exit -- for the second Ctrl-C
    exit: (exitCode) => process.exit(exitCode),
  };
}

async function readLine(signal: AbortSignal): Promise<string | undefined> {
  const { createInterface } = await import('node:readline/promises');
  const lines = createInterface({ input: process.stdin, signal });
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  lines.once('line', resolve);
  lines.once('close', () => resolve(undefined));
  return promise.finally(() => lines.close());
}
