// Declares `transship aws` and what hangs on it.
import { InvalidArgumentError, Option, type Command } from 'commander';
import { SCOPES } from '../../../functions/http-api/api-token.ts';
import type { AwsDeployOptions } from '../commands/aws-deploy.ts';
import type { AwsDoctorOptions } from '../commands/aws-doctor.ts';
import type { AwsInitOptions } from '../commands/aws-init.ts';
import type { AwsPackageOptions } from '../commands/aws-package.ts';
import type { AwsTokenOptions } from '../commands/aws-token.ts';
import type { AwsUrlsOptions } from '../commands/aws-urls.ts';
import { EXIT } from '../exit-codes.ts';
import { helpEnding, type Example } from '../help-text.ts';
import { commaSeparated } from '../option-values.ts';
import type { Declare } from './declare.ts';

const DEFAULT_SCOPES = ['admin'];
const PLAIN = [EXIT.done, EXIT.failed, EXIT.usage, EXIT.interrupted];

export function declareAws({ program, run }: Declare): void {
  const aws = program
    .command('aws')
    .summary('run it on AWS, without a server')
    .description('Transship on AWS: Lambda functions, a table, queues and schedules, from the same configuration.');
  end(aws, [
    ['aws init --account 123456789012 --region eu-west-1', 'a configuration to begin with'],
    ['aws deploy --stage prod --region eu-west-1', 'show what it makes, ask, deploy'],
    ['aws doctor --stage prod --region eu-west-1', 'is all well?'],
  ]);
  declareInit(aws, run);
  declarePackage(aws, run);
  declareDeploy(aws, run);
  declareDoctor(aws, run);
  declareToken(aws, run);
  declareUrls(aws, run);
}

function declareInit(aws: Command, run: Declare['run']): void {
  const init = aws
    .command('init')
    .summary('write a configuration to begin with')
    .description(
      'Write a transship.yaml to begin with: a push to an ECR repository is mirrored. What the options do not say is asked\n' +
        'for at a terminal. A file that is there stays.',
    )
    .option('--dir <folder>', 'where to write it', '.')
    .option('--account <id>', 'the AWS account, 12 digits')
    .option('--region <region>', 'the AWS region')
    .addOption(
      new Option('--repository <path>', 'an ECR repository to mirror from; may be repeated').argParser(commaSeparated),
    )
    .option(
      '--to <target>',
      'where images go: REGISTRY/PATH/{repository}; by default mirror/{repository} of that account',
    )
    .option('--force', 'write over a file that is there')
    .action((options: AwsInitOptions) =>
      run(async (context) => (await import('../commands/aws-init.ts')).runAwsInit(context, options)),
    );
  end(init, [
    ['aws init', 'asks for account, region and repositories'],
    ['aws init --account 123456789012 --region eu-west-1 --repository team/app,team/worker', 'asks nothing'],
  ]);
}

function declarePackage(aws: Command, run: Declare['run']): void {
  const pack = aws
    .command('package')
    .summary('make what would be deployed, without AWS')
    .description(
      'Make the archives of the functions and the template of CloudFormation, in .transship/aws beside the configuration.\n' +
        'Nothing is asked of AWS. osls does it: one on the PATH, or the one that npx fetches.',
    );
  addStage(pack)
    .option('--region <region>', 'the AWS region that the template is for')
    .addOption(parameters())
    .action((options: AwsPackageOptions) =>
      run(async (context) => (await import('../commands/aws-package.ts')).runAwsPackage(context, options)),
    );
  end(pack, [
    ['aws package --stage prod', 'archives with their sizes, and where the template is'],
    ['aws package --stage prod --json', 'the same as data'],
  ]);
}

function declareDeploy(aws: Command, run: Declare['run']): void {
  const deploy = aws
    .command('deploy')
    .summary('deploy, or deploy again')
    .description(
      'Check the configuration, package, show what is deployed where, ask, deploy by osls, and upload the configuration.\n' +
        'Run again it changes what differs, and keeps the parameters of the last deployment. The roles of the functions\n' +
        'follow from the configuration.',
    );
  addPlace(deploy)
    .addOption(parameters())
    .option('--config-only', 'only upload the configuration; functions take it over within a minute')
    .option('--yes', 'do not ask')
    .action((options: AwsDeployOptions) =>
      run(async (context) => (await import('../commands/aws-deploy.ts')).runAwsDeploy(context, options)),
    );
  end(deploy, [
    ['aws deploy --stage prod --region eu-west-1', 'show it, ask, deploy'],
    ['aws deploy --stage prod --region eu-west-1 --config-only --yes', 'a changed configuration; for a pipeline'],
    ['aws deploy --stage prod --region eu-west-1 --param alarmEmail=ops@example.com', 'somebody hears of alarms'],
    ['aws deploy --stage prod --region eu-west-1 --param alarmEmail=', 'nobody does any more'],
  ]);
}

function declareDoctor(aws: Command, run: Declare['run']): void {
  const doctor = aws
    .command('doctor')
    .summary('find what is wrong, and what to do about it')
    .description(
      'Look at everything that a deployment needs: identity, quotas, the stack and its functions, configuration, secrets,\n' +
        'queues, dead letters, triggers, alarms, clusters and repositories. Nothing is changed, no secret is read.',
    );
  addPlace(doctor)
    .option('--assume-roles', 'also try to assume the roles of the configuration, as the identity here')
    .action((options: AwsDoctorOptions) =>
      run(async (context) => (await import('../commands/aws-doctor.ts')).runAwsDoctor(context, options), {
        readOnly: true,
      }),
    );
  end(
    doctor,
    [
      ['aws doctor --stage prod --region eu-west-1', 'before and after a deployment'],
      ['aws doctor --stage prod --region eu-west-1 --json', 'one check a line, with a stable id'],
    ],
    PLAIN,
    { [EXIT.done]: 'nothing has to be mended; there may be warnings', [EXIT.failed]: 'something has to be mended' },
  );
}

function declareToken(aws: Command, run: Declare['run']): void {
  const token = aws
    .command('token')
    .summary('make a token for the HTTP API')
    .description(
      'Make a token for the HTTP API of a deployment and print it, this once. It is written with your own AWS identity:\n' +
        'who may write to the table of records may make tokens. Limited ones are made by api-token create --server.',
    )
    .requiredOption('--name <name>', 'who uses it, for what')
    .addOption(
      new Option('--scope <scope>', `what it allows: ${SCOPES.join(', ')}; may be repeated`)
        .argParser(readScopes)
        .default(DEFAULT_SCOPES, 'admin'),
    )
    .option('--expires <when>', 'after this time (90d), or at this one (2027-01-31); without it never');
  addPlace(token).action((options: AwsTokenOptions) =>
    run(async (context) => (await import('../commands/aws-token.ts')).runAwsToken(context, options)),
  );
  end(token, [['aws token --stage prod --region eu-west-1 --name me', 'one that may do everything']]);
}

function declareUrls(aws: Command, run: Declare['run']): void {
  const urls = aws
    .command('urls')
    .summary('print the addresses for registries and clusters')
    .description(
      'Print the address of the API, of each receiver, and for events of each cluster of the configuration.\n' +
        'Those that end in a token are secrets.',
    );
  addPlace(urls)
    .option('--base <url>', 'how senders reach it, where that is a domain of your own')
    .action((options: AwsUrlsOptions) =>
      run(async (context) => (await import('../commands/aws-urls.ts')).runAwsUrls(context, options), {
        readOnly: true,
      }),
    );
  end(urls, [['aws urls --stage prod --region eu-west-1', 'what to enter at Docker Hub, for one']]);
}

/** Those that are named take the place of the default. */
function readScopes(text: string, previous: string[] | undefined): string[] {
  const named = commaSeparated(text, previous === DEFAULT_SCOPES ? undefined : previous);
  if (named.every((one) => SCOPES.some((scope) => scope === one))) return named;
  throw new InvalidArgumentError(`it is one of ${SCOPES.join(', ')}`);
}

function addStage(command: Command): Command {
  return command.option('--stage <name>', 'which deployment of the account; the stack is transship-STAGE', 'dev');
}

function addPlace(command: Command): Command {
  return addStage(command)
    .option('--region <region>', 'the AWS region; without it as the AWS tools find it')
    .option('--profile <name>', 'a profile of the AWS configuration files');
}

function parameters(): Option {
  return new Option(
    '--param <name=value>',
    'a parameter of serverless.yml: alarmEmail, otherAccounts, subnetIds …; empty takes it away; may be repeated',
  ).argParser((text: string, previous: string[] | undefined) => [...(previous ?? []), text]);
}

function end(
  command: Command,
  examples: readonly Example[],
  exitCodes: readonly number[] = PLAIN,
  meanings: Readonly<Record<number, string>> = {},
): void {
  command.addHelpText('after', helpEnding(examples, exitCodes, meanings));
}
