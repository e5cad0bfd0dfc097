// What every declaration of a command gets.
import type { Command } from 'commander';
import type { Action } from '../context.ts';
import type { Io } from '../io.ts';

/** What a declaration needs: the program to hang on, and the way to run a command's work. */
export type Declare = {
  program: Command;
  io: Io;
  /** Runs a command's work; `readOnly` work stops when nobody reads its output, a service listens to signals itself. */
  run: (action: Action, options?: { readOnly?: boolean; isService?: boolean }) => Promise<void>;
};
