// Declares `transship tags`.
import type { TagsOptions } from '../commands/tags.ts';
import { EXIT } from '../exit-codes.ts';
import { helpEnding } from '../help-text.ts';
import type { Declare } from './declare.ts';

export function declareTags({ program, run }: Declare): void {
  program
    .command('tags')
    .summary('list the tags of a repository')
    .description('List the tags of a repository, sorted, numbers by value (1.9 before 1.10).')
    .argument('<repository>', 'repository: [registry/]repository')
    .option('--digests', 'show the digest behind each tag (one request per tag where the registry has no bulk listing)')
    .addHelpText(
      'after',
      helpEnding(
        [
          ['tags alpine', 'the tags of an image on Docker Hub'],
          ['tags --digests localhost:5000/app', 'with the digest of each'],
        ],
        [EXIT.done, EXIT.failed, EXIT.usage, EXIT.partlyFailed, EXIT.interrupted],
      ),
    )
    .action((repository: string, options: TagsOptions) =>
      run(
        async (context) => {
          const { runTags } = await import('../commands/tags.ts');
          return runTags(context, repository, options);
        },
        { readOnly: true },
      ),
    );
}
