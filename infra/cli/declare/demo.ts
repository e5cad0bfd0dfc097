// Declares `transship demo`.
import type { DemoOptions } from '../commands/demo.ts';
import { EXIT } from '../exit-codes.ts';
import { helpEnding } from '../help-text.ts';
import type { Declare } from './declare.ts';

export function declareDemo({ program, run }: Declare): void {
  program
    .command('demo')
    .summary('copy a small image between registries of its own, and prove the result')
    .description(
      'Start three registries inside this process, build a small multi-platform image with a signature and an SBOM,\n' +
        'copy it to two registries and prove the result by reading everything back. Needs no Docker and no network.',
    )
    .option('--keep', 'leave the registries up afterwards, to look around, until Ctrl-C')
    .addHelpText(
      'after',
      helpEnding(
        [
          ['demo', 'watch it once'],
          ['demo --keep', 'then look around with skopeo, crane or docker'],
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
