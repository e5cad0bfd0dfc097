// Declares `transship api-token` and what hangs on it.
import { Option, type Command } from 'commander';
import { SCOPES } from '../../../functions/http-api/api-token.ts';
import type { ApiTokenCreateOptions } from '../commands/api-token-create.ts';
import { EXIT } from '../exit-codes.ts';
import { helpEnding, type Example } from '../help-text.ts';
import { commaSeparated } from '../option-values.ts';
import type { ServerOptions } from '../server/open-server.ts';
import type { Declare } from './declare.ts';
import { addServerOptions } from './server-options.ts';

export function declareApiToken({ program, run }: Declare): void {
  const tokens = program
    .command('api-token')
    .summary('make and revoke tokens for the HTTP API')
    .description('Make, list and revoke tokens for the HTTP API. Only their hashes are kept.');
  end(tokens, [['api-token create --name ci --scope mirror --expires 90d', 'make one']]);

  const create = tokens
    .command('create')
    .summary('make a token')
    .description(
      'Make a token and print it, this once. It may do what its scopes say, to the rules and registries it is held to.',
    )
    .requiredOption('--name <name>', 'who uses it, for what')
    .addOption(
      new Option('--scope <scope>', `what it allows: ${SCOPES.join(', ')}; may be repeated`)
        .argParser(commaSeparated)
        .makeOptionMandatory(),
    )
    .addOption(new Option('--rule <name>', 'only this rule; may be repeated').argParser(commaSeparated))
    .addOption(
      new Option('--registry <host>', 'only this registry, source and target; may be repeated').argParser(
        commaSeparated,
      ),
    )
    .option('--expires <when>', 'after this time (90d), or at this one (2027-01-31); without it never')
    .action((options: ApiTokenCreateOptions) =>
      run(async (context) => (await import('../commands/api-token-create.ts')).runApiTokenCreate(context, options)),
    );
  end(addServerOptions(create), [
    ['api-token create --name ci --scope mirror --rule base --expires 90d', 'one that may only ask for rule base'],
    ['api-token create --name me --scope admin', 'one that may do everything'],
  ]);

  const list = tokens
    .command('list')
    .summary('list tokens, newest first')
    .description('List tokens, newest first: what they may do, never what they are.')
    .action((options: ServerOptions) =>
      run(async (context) => (await import('../commands/api-token-list.ts')).runApiTokenList(context, options), {
        readOnly: true,
      }),
    );
  end(addServerOptions(list), [['api-token list', 'which there are']]);

  const revoke = tokens
    .command('revoke')
    .summary('revoke a token')
    .description('Revoke a token: from now on it opens nothing.')
    .argument('<id>', 'id of a token, as the list shows it')
    .action((id: string, options: ServerOptions) =>
      run(async (context) => (await import('../commands/api-token-revoke.ts')).runApiTokenRevoke(context, id, options)),
    );
  end(addServerOptions(revoke), [['api-token revoke 5f0c7f0e-7d0c-4c39-8a5a-6f0f2a3f9b11', 'that one']]);
}

function end(command: Command, examples: readonly Example[]): void {
  command.addHelpText('after', helpEnding(examples, [EXIT.done, EXIT.failed, EXIT.usage]));
}
