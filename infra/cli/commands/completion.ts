// `transship completion`: prints a script that hands the words typed so far to this program, and `transship __complete`, which answers.
// The answers come from the definition of the program itself, so that they can't drift from it.
import type { Command } from 'commander';
import { candidatesFor } from '../completion/candidates.ts';
import { COMPLETION_SCRIPTS, type Shell } from '../completion/scripts.ts';
import type { Context } from '../context.ts';
import { EXIT } from '../exit-codes.ts';

export function runCompletion({ io }: Context, shell: Shell): Promise<number> {
  io.stdout.write(COMPLETION_SCRIPTS[shell]);
  return Promise.resolve(EXIT.done);
}

/** Prints one candidate a line, its description after a tab; a line with `:files` alone asks the shell for file names. */
export function runComplete({ io }: Context, program: Command, words: readonly string[]): Promise<number> {
  const answer = candidatesFor(program, words);
  const lines =
    answer === 'files' ? [':files'] : answer.map(({ text, meaning }) => (meaning ? `${text}\t${meaning}` : text));
  io.stdout.write(lines.map((line) => `${line}\n`).join(''));
  return Promise.resolve(EXIT.done);
}
