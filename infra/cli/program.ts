// The command line: which commands and options there are. What a command does is loaded only when it runs.
import { Command, Option } from 'commander';
import type { Action, GlobalOptions } from './context.ts';
import type { Declare } from './declare/declare.ts';
import { EXIT } from './exit-codes.ts';
import { helpEnding } from './help-text.ts';
import type { Io } from './io.ts';
import { commaSeparated } from './option-values.ts';
import { usesColour } from './output/style.ts';
import { usageError } from './usage.ts';

/** Starts a command's work with the global options as they were given. */
export type Start = (
  globals: GlobalOptions,
  action: Action,
  options: { readOnly: boolean; isService: boolean },
) => Promise<void>;

/**
 * Builds the program; wrong usage throws a TransshipError, printed help a CommanderError with exit code 0.
 * @param command the first word of the command line, where it is known: then no other command need be there
 */
export async function buildProgram(io: Io, start: Start, command?: string): Promise<Command> {
  const program = new Command('transship');
  program
    .description('Move container images between registries, verified, and keep them where they must be.')
    .usage('<command> [options]')
    .configureHelp({
      showGlobalOptions: true,
      // lines end where the terminal does
      commandDescription: (command) => command.description().replaceAll('\n', ' '),
    })
    .configureOutput({
      writeOut: (text) => void io.stdout.write(text),
      writeErr: (text) => void io.stderr.write(text),
      outputError: () => undefined,
      getOutHelpWidth: () => io.stdout.columns ?? 100,
      getErrHelpWidth: () => io.stderr.columns ?? 100,
      getOutHasColors: () => usesColour(io.stdout, io.env, true),
      getErrHasColors: () => usesColour(io.stderr, io.env, true),
    })
    .helpCommand('help [command]', 'show the help of a command')
    .addHelpText(
      'after',
      helpEnding(
        [
          ['copy alpine:3.20 localhost:5000/alpine:3.20', 'copy an image with all its platforms, signatures and SBOMs'],
          ['inspect ghcr.io/acme/app:1.0', 'see what an image is made of'],
          ['demo', 'watch it work, without Docker and without a network'],
        ],
        [EXIT.done, EXIT.failed, EXIT.usage, EXIT.partlyFailed, EXIT.refused, EXIT.interrupted],
      ),
    );
  addGlobalOptions(program);
  const run: Declare['run'] = (action, options) =>
    start(program.opts<GlobalOptions>(), action, {
      readOnly: options?.readOnly ?? false,
      isService: options?.isService ?? false,
    });
  for (const declare of await declarationsFor(command)) declare({ program, io, run });
  for (const each of withSubcommands(program)) {
    each.exitOverride((error) => {
      throw error.exitCode === 0 || error.code === 'commander.help' ? error : usageError(each, error);
    });
  }
  return program;
}

/** Many small copies are mostly start-up: they do without the declarations of all else. */
async function declarationsFor(command: string | undefined): Promise<readonly ((declare: Declare) => void)[]> {
  if (command === 'copy') return [(await import('./declare/copy.ts')).declareCopy];
  return (await import('./declare/all.ts')).DECLARATIONS;
}

function withSubcommands(command: Command): Command[] {
  return [command, ...command.commands.flatMap(withSubcommands)];
}

function addGlobalOptions(program: Command): void {
  const add = (option: Option) => program.addOption(option);
  add(
    new Option('-c, --config <file>', 'the configuration; may be repeated, later files win per entry').argParser(
      repeated,
    ),
  );
  add(new Option('--json', 'print JSON for machines: one value a line, the last is the report'));
  add(new Option('-q, --quiet', 'print nothing but errors (with --json: only the report)'));
  add(new Option('--no-color', 'no colour (also: the environment variable NO_COLOR)'));
  add(
    new Option('--log-level <level>', 'how much to tell beside the result; debug adds stack traces')
      .choices(['error', 'warn', 'info', 'debug'])
      .default('warn'),
  );
  add(new Option('--authfile <file>', 'log in with this file (Docker config.json or containers auth.json)'));
  add(
    new Option('--ca-file <file>', 'trust the certificates of this PEM file too; may be repeated').argParser(repeated),
  );
  add(
    new Option('--plain-http <host>', 'talk to this registry (host[:port]) without TLS; may be repeated').argParser(
      commaSeparated,
    ),
  );
}

function repeated(value: string, previous: string[] | undefined): string[] {
  return [...(previous ?? []), value];
}
