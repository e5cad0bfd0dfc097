// Declares `transship credentials` and what hangs on it.
import { Option, type Command } from 'commander';
import type { CredentialsIamPolicyOptions } from '../commands/credentials-iam-policy.ts';
import type { CredentialsListOptions } from '../commands/credentials-list.ts';
import type { CredentialsPlanOptions } from '../commands/credentials-plan.ts';
import type { CredentialsRefreshOptions } from '../commands/credentials-refresh.ts';
import type { CredentialsTestOptions } from '../commands/credentials-test.ts';
import { EXIT } from '../exit-codes.ts';
import { helpEnding, type Example } from '../help-text.ts';
import { commaSeparated } from '../option-values.ts';
import type { Declare } from './declare.ts';
import { addServerOptions } from './server-options.ts';

const READING = [EXIT.done, EXIT.failed, EXIT.usage, EXIT.partlyFailed, EXIT.interrupted];
const RUNNING = [EXIT.done, EXIT.failed, EXIT.usage, EXIT.partlyFailed, EXIT.refused, EXIT.interrupted];
const STATES = ['ok', 'due', 'expiring', 'expired', 'missing', 'conflict', 'left-behind'] as const;

export function declareCredentials({ program, run }: Declare): void {
  const credentials = program
    .command('credentials')
    .summary('bring pull credentials into clusters')
    .description('Bring pull credentials into the Namespaces of clusters, and see what is there.');
  end(
    credentials,
    [
      ['credentials plan', 'what would be done'],
      ['credentials list --state expired,expiring,missing', 'what needs somebody'],
      ['credentials test ./pull-secret.yaml registry.example.com/team/app:1.0', 'what is wrong with a Secret'],
    ],
    READING,
  );
  declarePlan(credentials, run);
  declareRefresh(credentials, run);
  declareList(credentials, run);
  declareTest(credentials, run);
  declareIamPolicy(credentials, run);
}

function declarePlan(credentials: Command, run: Declare['run']): void {
  const plan = addScope(credentials.command('plan'))
    .summary('show what refresh would do')
    .description(
      'Show what `transship credentials refresh` would do now: which Secrets and ServiceAccounts change, and in them which hosts.\n' +
        'Nothing is written, at no cluster and at no provider, and no credential is shown.',
    )
    .option('--force', 'as if everything were due')
    .option('--detailed-exit-code', 'end with 5 where there are changes')
    .action((options: CredentialsPlanOptions) =>
      run(async (context) => (await import('../commands/credentials-plan.ts')).runCredentialsPlan(context, options), {
        readOnly: true,
      }),
    );
  end(
    plan,
    [
      ['credentials plan', 'everywhere'],
      ['credentials plan --cluster prod --namespace team-a', 'in one Namespace'],
      ['credentials plan --detailed-exit-code -q', 'is anything to be done? for a script'],
    ],
    [...RUNNING, EXIT.changes],
  );
}

function declareRefresh(credentials: Command, run: Declare['run']): void {
  const refresh = addScope(credentials.command('refresh'))
    .summary('bring clusters to what the rules want')
    .description(
      'Issue what is due, try it at its registry, and write it where it is not yet: by the server that owns the data folder,\n' +
        'or where none runs, in this process. What is as it should be is left alone; a credential that could not be had leaves the old one.',
    )
    .option('--force', 'issue and write everything anew, also what is not due')
    .option('--dry-run', 'show what would be done, as transship credentials plan does; write nothing')
    .action((options: CredentialsRefreshOptions) =>
      run(async (context) => {
        const { runCredentialsRefresh } = await import('../commands/credentials-refresh.ts');
        return runCredentialsRefresh(context, options);
      }),
    );
  end(
    addServerOptions(refresh),
    [
      ['credentials refresh', 'all clusters of the configuration'],
      ['credentials refresh --cluster prod --force', 'everything anew, after somebody revoked a token'],
      ['credentials refresh --rule pull --json --quiet', 'only the report, for a script'],
    ],
    RUNNING,
  );
}

function declareList(credentials: Command, run: Declare['run']): void {
  const list = addScope(credentials.command('list'))
    .summary('list what clusters hold, and until when')
    .description(
      'List the pull credentials in clusters by the marks on their Secrets: hosts, state, time left, next refresh.\n' +
        'States: ok; due (it is time for a new one); expiring (it is overdue); expired; missing; conflict (somebody else has the Secret); left-behind.',
    )
    .addOption(
      new Option('--state <state>', `only in these states: ${STATES.join(', ')}; may be repeated`).argParser(
        commaSeparated,
      ),
    )
    .action((options: CredentialsListOptions) =>
      run(async (context) => (await import('../commands/credentials-list.ts')).runCredentialsList(context, options), {
        readOnly: true,
      }),
    );
  end(
    list,
    [
      ['credentials list', 'everywhere'],
      ['credentials list --state expired,expiring,missing --json', 'what needs somebody, as data'],
    ],
    READING,
  );
}

function declareTest(credentials: Command, run: Declare['run']): void {
  const test = credentials
    .command('test')
    .summary('find out what is wrong with a pull Secret')
    .description(
      'Check a pull Secret as the kubelet reads it: a manifest, a config.json, - for stdin, or NAMESPACE/NAME in a cluster.\n' +
        'With an image: whether it has a credential for it. With --live: whether the registry lets that credential pull it.',
    )
    .argument('<file|namespace/name>', 'a file, or a Secret of a cluster')
    .argument('[image]', 'what shall be pulled with it')
    .option('--cluster <name>', 'the cluster of the Secret; not needed where the configuration has one')
    .option('--live', 'ask the registry')
    .action((target: string, image: string | undefined, options: CredentialsTestOptions) =>
      run(
        async (context) => {
          const { runCredentialsTest } = await import('../commands/credentials-test.ts');
          return runCredentialsTest(context, target, image, options);
        },
        { readOnly: true },
      ),
    );
  end(
    test,
    [
      ['credentials test pull-secret.yaml', 'can a kubelet read it?'],
      ['credentials test team-a/registry-pull registry.example.com/team/app:1.0 --live', 'does it pull this image?'],
      [
        'credentials test ~/.docker/config.json docker.io/acme/app',
        'would a Secret of it have something for Docker Hub?',
      ],
    ],
    READING,
  );
}

function declareIamPolicy(credentials: Command, run: Declare['run']): void {
  const policy = credentials
    .command('iam-policy')
    .summary('print the least AWS policy for pulling')
    .description(
      'Print the least IAM policy for pulling from registries of ECR: for the nodes of a cluster, and for the identity by which Transship\n' +
        'issues credentials, because whoever has a token may what that identity may.',
    )
    .addOption(
      new Option('--registry <host>', 'host, or host/repository with *; without it those of the rules').argParser(
        commaSeparated,
      ),
    )
    .option('--pull-through', 'also what first pulls through the rules of a cache need')
    .option('--assume', 'the policy for who assumes the roles of these registries, in place of that of the roles')
    .action((options: CredentialsIamPolicyOptions) =>
      run(
        async (context) => {
          const { runCredentialsIamPolicy } = await import('../commands/credentials-iam-policy.ts');
          return runCredentialsIamPolicy(context, options);
        },
        { readOnly: true },
      ),
    );
  end(
    policy,
    [
      ['credentials iam-policy > pull.json', 'for aws iam put-role-policy --policy-document file://pull.json'],
      [
        'credentials iam-policy --registry "123456789012.dkr.ecr.eu-west-1.amazonaws.com/team/*"',
        'for some repositories',
      ],
    ],
    [EXIT.done, EXIT.failed, EXIT.usage],
  );
}

function addScope(command: Command): Command {
  return command
    .option('--cluster <name>', 'only this cluster')
    .option('--rule <name>', 'only what this rule of credentials wants')
    .option('--namespace <name>', 'only this Namespace');
}

function end(command: Command, examples: readonly Example[], exitCodes: readonly number[]): void {
  command.addHelpText(
    'after',
    helpEnding(
      examples,
      exitCodes.toSorted((one, other) => one - other),
    ),
  );
}
