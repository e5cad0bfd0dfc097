// Declares `transship events` and what hangs on it.
import type { Command } from 'commander';
import type { EventsListOptions } from '../commands/events-list.ts';
import { EXIT } from '../exit-codes.ts';
import { helpEnding, type Example } from '../help-text.ts';
import type { ServerOptions } from '../server/open-server.ts';
import type { Declare } from './declare.ts';
import { addServerOptions, DEFAULT_LIMIT, readLimit } from './server-options.ts';

export function declareEvents({ program, run }: Declare): void {
  const events = program
    .command('events')
    .summary('see which pushes came, and what became of them')
    .description(
      'See which pushes registries told of, and what became of each: the jobs it asked for, or why it asked for none.',
    );
  end(events, [['events list', 'did the webhook arrive?']]);

  const list = events
    .command('list')
    .summary('list received pushes, newest first')
    .description(
      'List received pushes, newest first. Pulls, mounts and blobs, of which registries send many, are only counted.',
    )
    .option('--receiver <id>', 'only of this receiver')
    .option('--relevant', 'only those that ask for a job')
    .option('--limit <number>', 'most pushes to show', readLimit, DEFAULT_LIMIT)
    .action((options: EventsListOptions) =>
      run(async (context) => (await import('../commands/events-list.ts')).runEventsList(context, options), {
        readOnly: true,
      }),
    );
  end(addServerOptions(list), [
    ['events list', 'the latest'],
    ['events list --receiver harbor --json', 'of one receiver, as data'],
  ]);

  const show = events
    .command('show')
    .summary('show a received push')
    .description('Show a received push as it was understood, and its jobs.')
    .argument('<id>', 'id of an event')
    .action((id: string, options: ServerOptions) =>
      run(async (context) => (await import('../commands/events-show.ts')).runEventsShow(context, id, options), {
        readOnly: true,
      }),
    );
  end(addServerOptions(show), [['events show 0197c1d2-8f4e-7a31-9d5c-2f6b8e4a1c07', 'what it said, and its jobs']]);
}

function end(command: Command, examples: readonly Example[]): void {
  command.addHelpText('after', helpEnding(examples, [EXIT.done, EXIT.failed, EXIT.usage]));
}
