// The options of all commands that talk to a server.
import { InvalidArgumentError, type Command } from 'commander';

/** Adds them; without `--server` the command talks to the server of its own data folder, or works on the store itself. */
export function addServerOptions(command: Command): Command {
  return command
    .option(
      '--server <url>',
      'the server; without it the one that owns the data folder of the configuration, or where none runs, the store itself',
    )
    .option('--token-file <file>', 'the API token for --server, in place of the environment variable TRANSSHIP_TOKEN');
}

export const DEFAULT_LIMIT = 50;

/** A number of items for `--limit`. */
export function readLimit(text: string): number {
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('it is a number from 1 to 999999');
}
