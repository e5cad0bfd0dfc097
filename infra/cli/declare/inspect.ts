// Declares `transship inspect`.
import type { InspectOptions } from '../commands/inspect.ts';
import { EXIT } from '../exit-codes.ts';
import { helpEnding } from '../help-text.ts';
import type { Declare } from './declare.ts';

export function declareInspect({ program, run }: Declare): void {
  program
    .command('inspect')
    .summary('show what a reference is made of')
    .description('Show the platforms, layers, sizes, attestations, signatures and other referrers behind a reference.')
    .argument('<reference>', 'image or artifact: [registry/]repository[:tag][@digest]')
    .option('--raw', 'print the exact bytes of the manifest and nothing else')
    .option('--no-referrers', 'do not ask for signatures, SBOMs and other referrers')
    .addHelpText(
      'after',
      helpEnding(
        [
          ['inspect alpine:3.20', 'the tree of an image'],
          ['inspect --json ghcr.io/acme/app:1.0', 'the same as data'],
          ['inspect --raw alpine:3.20 | sha256sum', 'the digest, computed by another program'],
        ],
        [EXIT.done, EXIT.failed, EXIT.usage, EXIT.interrupted],
      ),
    )
    .action((reference: string, options: InspectOptions) =>
      run(
        async (context) => {
          const { runInspect } = await import('../commands/inspect.ts');
          return runInspect(context, reference, options);
        },
        { readOnly: true },
      ),
    );
}
