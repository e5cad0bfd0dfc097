// The edge of the command line: arguments in, exit code out. Everything that is thrown below ends here as two lines and a code.
import { CommanderError } from 'commander';
import { isTransshipError } from '../../shared/errors.ts';
import type { Action, GlobalOptions } from './context.ts';
import { EXIT, exitCodeOf } from './exit-codes.ts';
import { interruptSignal } from './interrupt.ts';
import { processIo, type Io } from './io.ts';
import { printError } from './output/print-error.ts';
import { buildProgram, type Start } from './program.ts';

/** Runs one command line (without the program's name) and resolves to its exit code; it never rejects. */
export async function main(argv: readonly string[], io: Io = processIo()): Promise<number> {
  let exitCode: number = EXIT.done;
  const start: Start = async (globals, action, { readOnly, isService }) => {
    exitCode = await (isService ? runService(io, globals, action) : runInterruptibly(io, globals, action, readOnly));
  };
  const program = await buildProgram(io, start, argv[0]);
  try {
    await program.parseAsync(argv, { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
    const globals = program.opts<GlobalOptions>();
    printError(error, io, { ...globals, json: globals.json ?? asksForJson(argv) });
    return exitCodeOf(error);
  }
}

/** For command lines that are wrong before their --json was reached. */
function asksForJson(argv: readonly string[]): boolean {
  const end = argv.indexOf('--');
  return argv.slice(0, end < 0 ? argv.length : end).includes('--json');
}

/** A service listens to signals itself; what nobody caught ends it. */
async function runService(io: Io, globals: GlobalOptions, action: Action): Promise<number> {
  const forgetCrash = io.onCrash((error) => {
    printError(error, io, globals);
    io.exit(exitCodeOf(error));
  });
  try {
    return await action({ io, globals, signal: new AbortController().signal });
  } finally {
    forgetCrash();
  }
}

async function runInterruptibly(io: Io, globals: GlobalOptions, action: Action, readOnly: boolean): Promise<number> {
  const { signal, release } = interruptSignal(io);
  const forgetCrash = io.onCrash((error) => {
    // What is given up by Ctrl-C may end at several places; the command itself tells it once.
    if (signal.aborted && isTransshipError(error, 'interrupted')) return;
    printError(error, io, globals);
    io.exit(exitCodeOf(error));
  });
  try {
    return await action({ io, globals, signal: readOnly ? AbortSignal.any([signal, io.unread]) : signal });
  } catch (error) {
    if (signal.aborted) throw isTransshipError(error, 'interrupted') ? error : signal.reason;
    if (readOnly && io.unread.aborted) return EXIT.done;
    throw error;
  } finally {
    forgetCrash();
    release();
  }
}
