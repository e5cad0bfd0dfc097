// Declares `transship can-pull`.
import type { CanPullOptions } from '../commands/can-pull.ts';
import { EXIT } from '../exit-codes.ts';
import { helpEnding } from '../help-text.ts';
import type { Declare } from './declare.ts';
import { addServerOptions } from './server-options.ts';

export function declareCanPull({ program, run }: Declare): void {
  const canPull = program
    .command('can-pull')
    .summary('say whether somebody may pull an image')
    .description(
      'Ask whoever decides: of a registry inside of a cluster its API server, as the registry asks it, in the Namespace of the image;\n' +
        'of others the registry itself, with the credential that a kubelet would use for that ServiceAccount.',
    )
    .argument('<image>', 'as Pods name it')
    .requiredOption('--as <subject>', 'NAMESPACE/NAME or system:serviceaccount:NAMESPACE:NAME, user:NAME, group:NAME')
    .option('--cluster <name>', 'the cluster; not needed where only one can be meant')
    .action((image: string, options: CanPullOptions) =>
      run(async (context) => (await import('../commands/can-pull.ts')).runCanPull(context, image, options), {
        readOnly: true,
      }),
    );
  addServerOptions(canPull).addHelpText(
    'after',
    helpEnding(
      [
        [
          'can-pull --as my-ns/default internal-docker-registry.cpaas-system.svc/shared-ns/app:1.0',
          'by which binding, or what is missing',
        ],
        ['can-pull --as group:developers registry.example.com/team/app --json', 'as data'],
      ],
      [EXIT.done, EXIT.failed, EXIT.usage, EXIT.refused, EXIT.interrupted],
      {
        [EXIT.done]: 'yes',
        [EXIT.failed]: 'it cannot be told: nobody could be asked, or nothing serves what the registry asks about',
        [EXIT.refused]: 'no',
      },
    ),
  );
}
