// Declares `transship receivers` and what hangs on it.
import type { Command } from 'commander';
import type { ReceiversTestOptions } from '../commands/receivers-test.ts';
import type { ReceiversUrlOptions } from '../commands/receivers-url.ts';
import { EXIT } from '../exit-codes.ts';
import { helpEnding, type Example } from '../help-text.ts';
import type { Declare } from './declare.ts';

const BASE = 'how senders reach the server, where that is not the address it listens on';

export function declareReceivers({ program, run }: Declare): void {
  const receivers = program
    .command('receivers')
    .summary('set up the webhooks of registries')
    .description('See the receivers of the configuration, their addresses, and try them without a registry.');
  end(receivers, [
    ['receivers url hub', 'what to enter at Docker Hub'],
    ['receivers test harbor', 'what Harbor would send, and a curl line that sends it'],
  ]);

  const list = receivers
    .command('list')
    .summary('list the receivers of the configuration')
    .description('List the receivers of the configuration. Tokens in addresses are not shown.')
    .option('--base <url>', BASE)
    .action((options: ReceiversUrlOptions) =>
      run(async (context) => (await import('../commands/receivers-list.ts')).runReceiversList(context, options), {
        readOnly: true,
      }),
    );
  end(list, [['receivers list --base https://transship.example.com', 'behind a proxy']]);

  const url = receivers
    .command('url')
    .summary('print the address of a receiver')
    .description(
      'Print the whole address of a receiver. Where the path is the credential, it has the secret token at its end.',
    )
    .argument('<id>', 'id of a receiver')
    .option('--base <url>', BASE)
    .action((id: string, options: ReceiversUrlOptions) =>
      run(async (context) => (await import('../commands/receivers-url.ts')).runReceiversUrl(context, id, options)),
    );
  end(url, [['receivers url hub --base https://transship.example.com', 'what to enter at Docker Hub']]);

  const test = receivers
    .command('test')
    .summary('print a signed sample push, and the curl line that sends it')
    .description(
      'Print a push as a sender of that kind would send it, with its credential, and the curl line that sends it.\n' +
        'Nothing is sent. The line has the secret of the receiver in it.',
    )
    .argument('<kind>', 'kind of a receiver: distribution, harbor, docker-hub …')
    .option('--receiver <id>', 'with the credential of this receiver; without it of the only one of its kind')
    .option('--repository <path>', 'the repository that was pushed to')
    .option('--tag <tag>', 'the tag that was pushed')
    .option('--base <url>', BASE)
    .action((kind: string, options: ReceiversTestOptions) =>
      run(async (context) => (await import('../commands/receivers-test.ts')).runReceiversTest(context, kind, options), {
        readOnly: true,
      }),
    );
  end(test, [
    ['receivers test harbor', 'the only receiver of that kind'],
    ['receivers test github --receiver ghcr --repository acme/app --tag 1.2 -q | sh', 'send it'],
  ]);
}

function end(command: Command, examples: readonly Example[]): void {
  command.addHelpText('after', helpEnding(examples, [EXIT.done, EXIT.failed, EXIT.usage]));
}
