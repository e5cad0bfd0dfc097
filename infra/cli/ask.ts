// Asks whoever sits at the terminal before something is changed; where nobody does, the command line has to say so itself.
import { TransshipError } from '../../shared/errors.ts';
import type { Context } from './context.ts';

/** Resolves to whether it is meant. */
export type Question = (text: string) => Promise<boolean>;

/**
 * Undefined where it needs no question.
 * @throws TransshipError invalid-usage where nobody can be asked
 */
export function askOrRefuse(
  { io, globals, signal }: Context,
  { isAnswered, command }: { isAnswered: boolean; command: string },
): Question | undefined {
  if (isAnswered) return undefined;
  if (io.stdin.isTTY !== true || globals.json === true) {
    throw new TransshipError(
      'invalid-usage',
      `transship ${command} asks before it changes something, and nobody can be asked here`,
      {
        hint: 'say that it is meant: --yes',
      },
    );
  }
  return async (text) => {
    io.stderr.write(`${text} [y/N] `);
    const answer = await io.stdin.readLine(signal);
    signal.throwIfAborted();
    return /^y(?:es)?$/i.test(answer?.trim() ?? '');
  };
}
