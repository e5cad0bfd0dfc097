// Declares `transship copy`.
import { Option } from 'commander';
import type { CopyOptions } from '../copy-request.ts';
import { EXIT } from '../exit-codes.ts';
import { helpEnding, type Example } from '../help-text.ts';
import { commaSeparated } from '../option-values.ts';
import type { Declare } from './declare.ts';

const EXAMPLES: readonly Example[] = [
  ['copy docker.io/library/alpine:3.20 localhost:5000/alpine:3.20', 'one image, all platforms, same digest'],
  ['copy ghcr.io/acme/app:1.0 eu.example.com/app:1.0 us.example.com/app:1.0', 'two targets from a single read'],
  [
    'copy --platform linux/amd64,linux/arm64 debian:12 localhost:5000/debian:12',
    'only two platforms, in a smaller index',
  ],
  ['copy --all-tags quay.io/acme/app localhost:5000/app', 'a whole repository'],
  ['copy --dry-run --json app:1.0 localhost:5000/app:1.0', 'what would be done, for a script'],
];

export function declareCopy({ program, run }: Declare): void {
  program
    .command('copy')
    .summary('copy an image, an artifact or a repository to one or more targets')
    .description(
      'Copy an image, an artifact or (with --all-tags) a repository from one registry to others.\n' +
        'The digest stays the same; what a target already has is not sent again; a tag appears only when all its content is there.',
    )
    .argument('<source>', 'reference to copy: [registry/]repository[:tag][@digest]; with --all-tags a repository')
    .argument('<targets...>', 'where to copy it')
    .option('--all-tags', 'copy every tag of the repository')
    .addOption(
      new Option(
        '--platform <os/arch[/variant]>',
        'only these platforms; may be repeated or separated by commas',
      ).argParser(commaSeparated),
    )
    .addOption(
      new Option(
        '--platform-mode <mode>',
        'what becomes of the index with --platform. rewrite (the default): a new, smaller index with another digest. ' +
          'sparse: the same index, but only these platforms behind it (few registries take that). ' +
          'keep: everything is copied, as long as one of the platforms is there',
      ).choices(['keep', 'rewrite', 'sparse']),
    )
    .option('--no-referrers', 'leave signatures, SBOMs and attestations that refer to the image behind')
    .addOption(
      new Option(
        '--on-conflict <policy>',
        'where the target tag has other content: overwrite it, refuse, or keep the old content under a backup tag first',
      )
        .choices(['overwrite', 'refuse', 'backup'])
        .default('overwrite'),
    )
    .option('--foreign-layers', 'copy layers marked as not distributable too')
    .option('--dry-run', 'tell what would be done; write nothing')
    .addHelpText(
      'after',
      helpEnding(EXAMPLES, [EXIT.done, EXIT.failed, EXIT.usage, EXIT.partlyFailed, EXIT.refused, EXIT.interrupted]),
    )
    .action((source: string, targets: string[], options: CopyOptions) =>
      run(async (context) => {
        const { runCopy } = await import('../commands/copy.ts');
        return runCopy(context, source, targets, options);
      }),
    );
}
