// Child processes of tests: started with their output read line by line, ended for certain, at the latest with the test process.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

export type Running = {
  process: ChildProcess;
  /** The end of what it wrote to standard error. */
  lastWords(): string;
  hasEnded(): boolean;
  /** Sends the signal and waits until the process is gone. */
  end(signal: NodeJS.Signals): Promise<void>;
};

const KEPT_LINES = 20;
const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

export type ProcessOptions = {
  env?: NodeJS.ProcessEnv;
  cwd?: string;
  onLine?: (line: string) => void;
  onErrorLine?: (line: string) => void;
};

/** Starts a program; `onLine` gets each line of its standard output, `onErrorLine` of its standard error. */
export function startProcess(
  program: string,
  args: readonly string[],
  { env = process.env, cwd, onLine, onErrorLine }: ProcessOptions = {},
): Running {
  const child = spawn(program, args, { env, cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  running.add(child);
  const errors: string[] = [];
  const ended = once(child, 'close').catch((error: unknown) => void errors.push(String(error)));
  void ended.then(() => running.delete(child));
  createInterface(child.stdout).on('line', (line) => onLine?.(line));
  createInterface(child.stderr).on('line', (line) => {
    errors.push(line);
    onErrorLine?.(line);
    if (errors.length > KEPT_LINES) errors.shift();
  });
  return {
    process: child,
    lastWords: () => errors.join('\n'),
    hasEnded: () => !running.has(child),
    async end(signal) {
      child.kill(signal);
      await ended;
    },
  };
}
