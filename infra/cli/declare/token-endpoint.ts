// Declares `transship token-endpoint` and what hangs on it.
import type { Command } from 'commander';
import { EXIT } from '../exit-codes.ts';
import { helpEnding, type Example } from '../help-text.ts';
import type { Declare } from './declare.ts';

export function declareTokenEndpoint({ program, run }: Declare): void {
  const endpoint = program
    .command('token-endpoint')
    .summary('the keys by which registries trust our tokens')
    .description(
      'The keys of the token endpoint, by which registries of the CNCF distribution obey the RBAC of a cluster.',
    );
  end(endpoint, [['token-endpoint certificates > certificates.pem', 'what rootcertbundle of a registry names']]);

  const certificates = endpoint
    .command('certificates')
    .summary('print the certificates that registries are to trust')
    .description(
      'Print the certificates that registries are to trust, the next one too. Without keys in the configuration they are made in the data\n' +
        'folder on first use. A registry reads them when it starts: auth.token.rootcertbundle names the file.',
    )
    .action(() =>
      run(async (context) => {
        const { runTokenEndpointCertificates } = await import('../commands/token-endpoint-certificates.ts');
        return runTokenEndpointCertificates(context);
      }),
    );
  end(certificates, [['token-endpoint certificates > certificates.pem', 'then: auth.token.rootcertbundle']]);

  const rotate = endpoint
    .command('rotate')
    .summary('sign with the next key from now on')
    .description(
      'Sign with the next key from now on, and make another next one. Registries know the next key already: no pull fails.\n' +
        'Give them the new certificates, and start them anew, before the next rotation.',
    )
    .action(() =>
      run(async (context) => {
        const { runTokenEndpointRotate } = await import('../commands/token-endpoint-rotate.ts');
        return runTokenEndpointRotate(context);
      }),
    );
  end(rotate, [['token-endpoint rotate', 'once a year, or when somebody may have read a key']]);
}

function end(command: Command, examples: readonly Example[]): void {
  command.addHelpText('after', helpEnding(examples, [EXIT.done, EXIT.failed, EXIT.usage]));
}
