// Declares `transship jobs` and what hangs on it.
import { Option, type Command } from 'commander';
import { JOB_STATES } from '../../../shared/jobs/job.ts';
import type { JobsListOptions } from '../commands/jobs-list.ts';
import type { JobsShowOptions } from '../commands/jobs-show.ts';
import { EXIT } from '../exit-codes.ts';
import { helpEnding, type Example } from '../help-text.ts';
import type { ServerOptions } from '../server/open-server.ts';
import type { Declare } from './declare.ts';
import { addServerOptions, DEFAULT_LIMIT, readLimit } from './server-options.ts';

const READING = [EXIT.done, EXIT.failed, EXIT.usage, EXIT.interrupted];
const CHANGING = [EXIT.done, EXIT.failed, EXIT.usage, EXIT.partlyFailed];

export function declareJobs({ program, run }: Declare): void {
  const jobs = program
    .command('jobs')
    .summary('see and steer the work of a server')
    .description(
      'See and steer the work of a server: what waits, runs, is done or was given up.\n' +
        'Where no server runs, the commands work on its data folder themselves.',
    );
  end(
    jobs,
    [
      ['jobs list --state DEAD', 'what was given up'],
      ['jobs show --follow 0197c1d2-8f4e-7a31-9d5c-2f6b8e4a1c07', 'watch one until it ends'],
    ],
    READING,
  );

  const list = jobs
    .command('list')
    .summary('list jobs, newest first')
    .description('List jobs, newest first.')
    .addOption(new Option('--state <state>', 'only in this state').choices(JOB_STATES))
    .option('--kind <kind>', 'only of this kind: mirror or sweep')
    .option('--limit <number>', 'most jobs to show', readLimit, DEFAULT_LIMIT)
    .action((options: JobsListOptions) =>
      run(async (context) => (await import('../commands/jobs-list.ts')).runJobsList(context, options), {
        readOnly: true,
      }),
    );
  end(
    addServerOptions(list),
    [
      ['jobs list', 'the latest'],
      ['jobs list --state DEAD --json', 'what was given up, and why, as data'],
      ['jobs list --server https://transship.example.com', 'of a server elsewhere'],
    ],
    READING,
  );

  const show = jobs
    .command('show')
    .summary('show a job')
    .description('Show a job: what it is about, how far it is, what became of each target.')
    .argument('<id>', 'id of a job')
    .option('--follow', 'print its history as it goes on; the exit code is that of its end')
    .action((id: string, options: JobsShowOptions) =>
      run(async (context) => (await import('../commands/jobs-show.ts')).runJobsShow(context, id, options), {
        readOnly: true,
      }),
    );
  end(
    addServerOptions(show),
    [
      ['jobs show 0197c1d2-8f4e-7a31-9d5c-2f6b8e4a1c07', 'how it is now'],
      ['jobs show --follow 0197c1d2-8f4e-7a31-9d5c-2f6b8e4a1c07', 'watch it until it ends'],
    ],
    [...READING, EXIT.partlyFailed, EXIT.refused],
  );
  declareChange(
    jobs,
    run,
    'retry',
    'offer jobs again that were given up',
    'Offer dead jobs again, with what they got done.',
  );
  declareChange(
    jobs,
    run,
    'cancel',
    'cancel jobs',
    'Cancel jobs: one that waits at once, one that runs at its next safe point.',
  );
}

function declareChange(
  jobs: Command,
  run: Declare['run'],
  change: 'retry' | 'cancel',
  summary: string,
  description: string,
): void {
  const command = jobs
    .command(change)
    .summary(summary)
    .description(description)
    .argument('<id...>', 'ids of jobs')
    .action((ids: string[], options: ServerOptions) =>
      run(async (context) => {
        const { runJobsChange } = await import('../commands/jobs-change.ts');
        return runJobsChange(context, change, ids, options);
      }),
    );
  end(addServerOptions(command), [[`jobs ${change} 0197c1d2-8f4e-7a31-9d5c-2f6b8e4a1c07`, summary]], CHANGING);
}

function end(command: Command, examples: readonly Example[], exitCodes: readonly number[]): void {
  command.addHelpText(
    'after',
    helpEnding(
      examples,
      [...exitCodes].sort((one, other) => one - other),
    ),
  );
}
