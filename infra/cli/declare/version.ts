// Declares `transship version` and the option `--version`.
import { CommanderError, Option } from 'commander';
import { EXIT } from '../exit-codes.ts';
import { helpEnding } from '../help-text.ts';
import type { Declare } from './declare.ts';
import { packageVersion } from '../package-version.ts';

export function declareVersion({ program, io, run }: Declare): void {
  program
    .command('version')
    .summary('print the version')
    .description('Print the version of transship; with --json also of Node.js, and the platform.')
    .addHelpText(
      'after',
      helpEnding(
        [
          ['version', 'the version and what it runs on'],
          ['version --json', 'for a bug report'],
        ],
        [EXIT.done, EXIT.usage],
      ),
    )
    .action(() =>
      run(
        async (context) => {
          const { runVersion } = await import('../commands/version.ts');
          return runVersion(context);
        },
        { readOnly: true },
      ),
    );
  program.addOption(new Option('--version', 'print the version and nothing else'));
  program.on('option:version', () => {
    io.stdout.write(`${packageVersion()}\n`);
    throw new CommanderError(EXIT.done, 'commander.version', 'the version was printed');
  });
}
