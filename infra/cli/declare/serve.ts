// Declares `transship serve`.
import { EXIT } from '../exit-codes.ts';
import { helpEnding, type Example } from '../help-text.ts';
import type { Declare } from './declare.ts';

const EXAMPLES: readonly Example[] = [
  ['serve', 'with ./transship.yaml, until Ctrl-C'],
  ['serve -c /etc/transship/transship.yaml', 'with another configuration; it is loaded anew when it changes'],
  ['serve --json --log-level debug', 'every line of the log as JSON, also at a terminal'],
];

export function declareServe({ program, run }: Declare): void {
  program
    .command('serve')
    .summary('receive push events, copy what they tell of, and sweep by the clock')
    .description(
      'Run the server: receivers for the webhooks of registries, the HTTP API, timers and the copying itself, in one process.\n' +
        'What was accepted is kept in the data folder and done, also when the process is killed and started again.\n' +
        'SIGTERM or Ctrl-C ends it in order; SIGHUP, or a change of the file, loads the configuration anew.',
    )
    .addHelpText('after', helpEnding(EXAMPLES, [EXIT.done, EXIT.failed, EXIT.usage]))
    .action(() =>
      run(
        async (context) => {
          const { runServe } = await import('../commands/serve.ts');
          return runServe(context, { isLevelGiven: program.getOptionValueSource('logLevel') !== 'default' });
        },
        { isService: true },
      ),
    );
}
