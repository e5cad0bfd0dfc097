// Declares `transship allow`.
import { Option } from 'commander';
import type { AllowOptions } from '../commands/allow.ts';
import { EXIT } from '../exit-codes.ts';
import { helpEnding } from '../help-text.ts';
import { commaSeparated } from '../option-values.ts';
import type { Declare } from './declare.ts';
import { addServerOptions } from './server-options.ts';

export function declareAllow({ program, run }: Declare): void {
  const allow = program
    .command('allow')
    .summary('let a Namespace pull an image, with all that it takes')
    .description(
      'Let a Namespace pull an image: the grant, where the registry asks the cluster; the Secret with the credential and the\n' +
        'ServiceAccounts that name it, where no rule of credentials brings it; and the copy, where it is asked for.\n' +
        'Each part is looked at afterwards and reported. By the server that owns the data folder, or where none runs, in this process.',
    )
    .argument('<namespace>', 'that shall pull')
    .argument('<image>', 'image or repository')
    .option('--cluster <name>', 'as the configuration calls it; not needed where there is one')
    .addOption(
      new Option(
        '--service-account <name>',
        'only this one; may be repeated (default: all may pull, default gets the reference)',
      ).argParser(commaSeparated),
    )
    .option('--until <date>', 'a date (its end, UTC) or a moment like 2027-01-31T12:00:00Z')
    .option('--reason <text>', 'why, for the journal')
    .option('--mirror-from <source>', 'copy it from there, too')
    .option('--dry-run', 'show what would be done')
    .option('--yes', 'do not ask')
    .action((namespace: string, image: string, options: AllowOptions) =>
      run(async (context) => (await import('../commands/allow.ts')).runAllow(context, namespace, image, options)),
    );
  addServerOptions(allow).addHelpText(
    'after',
    helpEnding(
      [
        ['allow team-a registry.example.com/shared/base:1.0 --until 2027-01-31', 'show, ask, do'],
        ['allow team-a registry.example.com/shared/base --dry-run', 'what would be done'],
      ],
      [EXIT.done, EXIT.failed, EXIT.usage, EXIT.partlyFailed, EXIT.refused, EXIT.interrupted],
    ),
  );
}
