// An Io for tests: records what a command prints, and lets the test play the terminal and the person at the keyboard.
import type { Io, OutputStream } from '../../infra/cli/io.ts';

type CapturedStream = OutputStream & { isTTY: boolean; columns: number; text(): string; bytes(): Uint8Array };

export type CapturedIo = Io & {
  stdout: CapturedStream;
  stderr: CapturedStream;
  /** Exit codes that the command forced. */
  exits: number[];
  /** Presses Ctrl-C. */
  interrupt(): void;
  /** Sends it a signal that it listens to. */
  send(signal: NodeJS.Signals): void;
  /** Something is thrown where nobody catches it. */
  crash(error: unknown): void;
  /** Runs what is to run when the process ends. */
  end(): void;
  /** The reader of stdout goes away. */
  closeStdout(): void;
};

/** An Io that is no terminal unless told so. @param options.typed the lines that somebody types at it; without any nobody can be asked */
export function captureIo(
  options: { env?: NodeJS.ProcessEnv; isTTY?: boolean; columns?: number; typed?: readonly string[] } = {},
): CapturedIo {
  const typed = [...(options.typed ?? [])];
  const unread = new AbortController();
  const interruptListeners = new Set<() => void>();
  const exitListeners = new Set<() => void>();
  const crashListeners = new Set<(error: unknown) => void>();
  const signalListeners = new Map<NodeJS.Signals, Set<() => void>>();
  const listenersOf = (signal: NodeJS.Signals) => {
    const listeners = signalListeners.get(signal) ?? new Set();
    signalListeners.set(signal, listeners);
    return listeners;
  };
  const exits: number[] = [];
  return {
    stdout: captureStream(options),
    stderr: captureStream(options),
    stdin: { isTTY: options.typed !== undefined, readLine: () => Promise.resolve(typed.shift()) },
    env: { HOME: '/nonexistent', ...options.env },
    homeDir: '/nonexistent',
    unread: unread.signal,
    exits,
    onInterrupt: (listener) => listen(interruptListeners, listener),
    onSignal: (signal, listener) => listen(listenersOf(signal), listener),
    onExit: (listener) => listen(exitListeners, listener),
    onCrash: (listener) => listen(crashListeners, listener),
    exit: (exitCode) => void exits.push(exitCode),
    interrupt: () => callAll(interruptListeners),
    send: (signal) => callAll(listenersOf(signal)),
    crash: (error) => {
      for (const listener of crashListeners) listener(error);
    },
    end: () => callAll(exitListeners),
    closeStdout: () => unread.abort(),
  };
}

function listen<Listener>(listeners: Set<Listener>, listener: Listener): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

function callAll(listeners: Set<() => void>): void {
  for (const listener of listeners) listener();
}

function captureStream({ isTTY = false, columns = 100 }: { isTTY?: boolean; columns?: number }): CapturedStream {
  const chunks: Uint8Array[] = [];
  return {
    isTTY,
    columns,
    write(chunk) {
      chunks.push(typeof chunk === 'string' ? Buffer.from(chunk) : chunk);
      return true;
    },
    text: () => Buffer.concat(chunks).toString('utf8'),
    bytes: () => Buffer.concat(chunks),
  };
}
