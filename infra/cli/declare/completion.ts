// Declares `transship completion`, and the hidden command that its scripts call.
import { Argument } from 'commander';
import type { Shell } from '../completion/scripts.ts';
import { EXIT } from '../exit-codes.ts';
import { helpEnding } from '../help-text.ts';
import type { Declare } from './declare.ts';

export function declareCompletion({ program, run }: Declare): void {
  program
    .command('completion')
    .summary('print a completion script for a shell')
    .description('Print the script that completes commands and options in your shell.')
    .addArgument(new Argument('<shell>', 'the shell to complete in').choices(['bash', 'zsh', 'fish']))
    .addHelpText(
      'after',
      helpEnding(
        [
          ['completion bash > ~/.local/share/bash-completion/completions/transship', 'bash, from the next shell on'],
          ['completion zsh > "${fpath[1]}/_transship"', 'zsh, from the next shell on'],
          ['completion fish > ~/.config/fish/completions/transship.fish', 'fish, at once'],
        ],
        [EXIT.done, EXIT.usage],
      ),
    )
    .action((shell: Shell) =>
      run(
        async (context) => {
          const { runCompletion } = await import('../commands/completion.ts');
          return runCompletion(context, shell);
        },
        { readOnly: true },
      ),
    );
  program
    .command('__complete', { hidden: true })
    .argument('[words...]')
    .action((words: string[]) =>
      run(
        async (context) => {
          const { runComplete } = await import('../commands/completion.ts');
          return runComplete(context, program, words);
        },
        { readOnly: true },
      ),
    );
}
