// Declares `transship demo`.
import type { DemoOptions } from '../commands/demo.ts';
import { EXIT } from '../exit-codes.ts';
import { helpEnding } from '../help-text.ts';
import type { Declare } from './declare.ts';

export function declareDemo({ program, run }: Declare): void {
  program
    .command('demo')
    .summary('push to registries of its own and watch the server mirror it, also when it is killed')
    .description(
      'Start three registries inside this process and transship serve beside it, push images, and watch them arrive: by webhook,\n' +
        'by a sweep where the webhook is lost, and after the server was killed in the middle. In the end everything is read back\n' +
        'and hashed. Needs no Docker and no network, and leaves nothing behind.',
    )
    .option('--keep', 'leave registries and server up afterwards, to look around, until Ctrl-C')
    .addHelpText(
      'after',
      helpEnding(
        [
          ['demo', 'watch it once'],
          ['demo --keep', 'then push to it yourself, and look around with skopeo, crane or docker'],
        ],
        [EXIT.done, EXIT.failed, EXIT.usage, EXIT.interrupted],
      ),
    )
    .action((options: DemoOptions) =>
      run(async (context) => {
        const { runDemoCommand } = await import('../commands/demo.ts');
        return runDemoCommand(context, options);
      }),
    );
}
