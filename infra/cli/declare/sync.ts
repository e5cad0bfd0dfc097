// Declares `transship sync` and `transship plan`.
import type { PlanOptions } from '../commands/plan.ts';
import type { SyncOptions } from '../commands/sync.ts';
import { EXIT } from '../exit-codes.ts';
import { helpEnding } from '../help-text.ts';
import type { Declare } from './declare.ts';

const ENDS = [EXIT.done, EXIT.failed, EXIT.usage, EXIT.partlyFailed, EXIT.refused] as const;

export function declareSync({ program, run }: Declare): void {
  program
    .command('sync')
    .summary('run mirror rules once: copy what differs')
    .description(
      'Run mirror rules of the configuration once, in this process: list what they select, compare it with the targets, copy what differs.\n' +
        'Nothing is copied that is there already; a shared layer crosses once, a further tag of a digest costs a few requests.',
    )
    .argument('[rules...]', 'names of rules; all without any')
    .option('--dry-run', 'show what would be done, as transship plan does; write nothing')
    .addHelpText(
      'after',
      helpEnding(
        [
          ['sync', 'all rules of ./transship.yaml'],
          ['sync base tools -c /etc/transship.yaml', 'two of them'],
          ['sync --json --quiet', 'only the report, for a script'],
        ],
        [...ENDS, EXIT.interrupted],
      ),
    )
    .action((rules: string[], options: SyncOptions) =>
      run(async (context) => {
        const { runSync } = await import('../commands/sync.ts');
        return runSync(context, rules, options);
      }),
    );

  program
    .command('plan')
    .summary('show what sync would do')
    .description(
      'Show what `transship sync` would do now, as a table, and the hash of it: two plans with one hash do the same. Nothing is written.',
    )
    .argument('[rules...]', 'names of rules; all without any')
    .option('--detailed-exit-code', 'end with 5 where there are changes')
    .addHelpText(
      'after',
      helpEnding(
        [
          ['plan', 'what ./transship.yaml asks for and is not there yet'],
          ['plan base --detailed-exit-code', 'does anything differ? for a script'],
        ],
        [...ENDS, EXIT.changes, EXIT.interrupted],
      ),
    )
    .action((rules: string[], options: PlanOptions) =>
      run(
        async (context) => {
          const { runPlan } = await import('../commands/plan.ts');
          return runPlan(context, rules, options);
        },
        { readOnly: true },
      ),
    );
}
