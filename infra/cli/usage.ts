// Turns what commander says about a wrong command line into our error: one line of what, one line of what to do.
import type { Command, CommanderError } from 'commander';
import { TransshipError } from '../../shared/errors.ts';
import { printable } from '../../shared/telemetry/printable.ts';

const SUGGESTION = /\s*\(Did you mean (?:one of )?(.+?)\?\)\s*$/s;

/** The usage error for what commander found wrong with a command. */
export function usageError(command: Command, error: CommanderError): TransshipError {
  const suggestion = SUGGESTION.exec(error.message)?.[1];
  const message = error.message
    .replace(SUGGESTION, '')
    .replace(/^error: /, '')
    .replace(/\.$/, '');
  const seeHelp = `see: ${commandPath(command)} --help`;
  const hint = suggestion === undefined ? seeHelp : `did you mean ${suggestion}? ${seeHelp}`;
  return new TransshipError('invalid-usage', printable(message), { hint, cause: error });
}

/** The words that call a command: `transship copy`. */
function commandPath(command: Command): string {
  return command.parent === null ? command.name() : `${commandPath(command.parent)} ${command.name()}`;
}
