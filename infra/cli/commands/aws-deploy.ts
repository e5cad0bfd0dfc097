// `transship aws deploy`: packages, shows what is about to be deployed, asks, has osls deploy it, and gives it its configuration.
import { describePlace } from '../../aws/host/settings.ts';
import { TransshipError } from '../../../shared/errors.ts';
import { awsPlace, type AwsOptions, type AwsPlace } from '../aws/aws-place.ts';
import { whoAsks, type Caller } from '../aws/checks/identity.ts';
import { readRemoteConfig, remoteConfigOf, writeRemoteConfig } from '../aws/config-place.ts';
import { rightsOnlyOf } from '../aws/changed-rights.ts';
import { meansTheSame, readDeployedConfig, type DeployedConfig } from '../aws/deployed-config.ts';
import { functionsOf } from '../aws/functions-of.ts';
import { assertUsable, makePackage, oslsWords, printPackage } from '../aws/make-package.ts';
import { runOsls } from '../aws/osls.ts';
import { apiUrlOf, readStack, stackOf, type Stack } from '../aws/stack.ts';
import { askOrRefuse } from '../ask.ts';
import { logs, type Context } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { printFacts } from '../output/facts.ts';
import { printJsonLine } from '../output/json-lines.ts';
import { styleFor } from '../output/style.ts';

export type AwsDeployOptions = AwsOptions & { param?: string[]; yes?: boolean; configOnly?: boolean };

type Uploaded = { config: string; changed: boolean; version?: string };

export async function runAwsDeploy(context: Context, options: AwsDeployOptions): Promise<number> {
  const config = await readDeployedConfig(context);
  assertUsable(config);
  const place = await awsPlace(context, options);
  const ask = askOrRefuse(context, { isAnswered: options.yes === true, command: 'aws deploy' });
  const caller = await whoAsks(place);
  const before = await readStack(place);
  if (options.configOnly === true) return deployConfig(context, place, config, await stackOf(place), ask);
  assertDeployable(place, before);
  const packaged = await makePackage(context, config, { ...options, region: place.region });
  tell(context, place, caller, before);
  if (!context.globals.json) printPackage(context, packaged);
  if (before !== undefined) await warnOfLostRights(context, place, before, config);
  if (ask !== undefined && !(await ask(`Deploy this to ${place.stack} in ${place.region}?`))) return notDone(context);
  const profile = place.profile === undefined ? [] : ['--aws-profile', place.profile];
  const words = ['deploy', '--package', packaged.packageFolder, ...oslsWords({ ...options, region: place.region })];
  await runOsls(context, [...words, ...profile], packaged);
  const stack = await stackOf(place);
  report(context, place, stack, await upload(place, stack, config));
  return EXIT.done;
}

async function deployConfig(
  context: Context,
  place: AwsPlace,
  config: DeployedConfig,
  stack: Stack,
  ask: ReturnType<typeof askOrRefuse>,
): Promise<number> {
  const where = await configPlaceOf(place, stack);
  const deployed = await readRemoteConfig(place, where);
  const [missing] = deployed === undefined ? ['all of them'] : rightsOnlyOf(config.text, deployed);
  if (missing !== undefined) {
    throw new TransshipError('invalid-usage', `the functions lack rights that this configuration needs: ${missing}`, {
      hint: `deploy all of it, the roles follow from the configuration: transship aws deploy --stage ${place.stage}`,
    });
  }
  if (ask !== undefined && !(await ask(`Upload the configuration to ${describePlace(where)}?`)))
    return notDone(context);
  report(context, place, stack, await upload(place, stack, config), { isConfigOnly: true });
  return EXIT.done;
}

/** What says the same stays as it is. */
async function upload(place: AwsPlace, stack: Stack, { text }: DeployedConfig): Promise<Uploaded> {
  const where = await configPlaceOf(place, stack);
  const config = describePlace(where);
  const deployed = await readRemoteConfig(place, where);
  if (deployed !== undefined && meansTheSame(deployed, text)) return { config, changed: false };
  const version = await writeRemoteConfig(place, where, text);
  return { config, changed: true, ...(version === undefined ? {} : { version }) };
}

/** What is withdrawn has to be taken away by somebody who still may. */
async function warnOfLostRights(
  context: Context,
  place: AwsPlace,
  stack: Stack,
  { text }: DeployedConfig,
): Promise<void> {
  const where = remoteConfigOf(stack, await functionsOf(place, stack));
  const deployed = where === undefined ? undefined : await readRemoteConfig(place, where);
  const [first, ...more] = deployed === undefined ? [] : rightsOnlyOf(deployed, text);
  if (first === undefined) return;
  const { io, globals } = context;
  const message = `the functions lose rights: ${first}${more.length === 0 ? '' : ` (and ${more.length} more)`}`;
  const hint =
    'what was withdrawn is taken away by them: --config-only first, and this when transship grants list shows none of it';
  if (globals.json && !globals.quiet) printJsonLine(io, { type: 'warning', message, hint });
  if (globals.json || !logs(globals, 'warn')) return;
  const style = styleFor(io.stderr, io, globals);
  io.stderr.write(`${style('yellow', 'warning:')} ${message}\n${style('yellow', 'hint:')} ${hint}\n`);
}

async function configPlaceOf(place: AwsPlace, stack: Stack) {
  const where = remoteConfigOf(stack, await functionsOf(place, stack));
  if (where !== undefined) return where;
  throw new TransshipError('not-found', `the stack ${place.stack} has no place for a configuration`, {
    hint: 'deploy it again: transship aws deploy',
  });
}

/** @throws TransshipError deploy-failed where CloudFormation would refuse it */
function assertDeployable({ stack: name, region }: AwsPlace, stack: Stack | undefined): void {
  if (stack === undefined || /^(?:CREATE|UPDATE|IMPORT|UPDATE_ROLLBACK)_COMPLETE$/.test(stack.status)) return;
  throw new TransshipError('deploy-failed', `the stack ${name} in ${region} is ${stack.status}`, {
    hint: 'transship aws doctor says what to do about it',
  });
}

function tell(context: Context, { stack, region, stage }: AwsPlace, { account, arn }: Caller, before?: Stack): void {
  if (context.globals.json) return;
  printFacts(context, [
    ['account', account],
    ['region', region],
    ['stage', stage],
    ['stack', before === undefined ? `${stack}, which is made` : `${stack}, which is changed (${before.status})`],
    ['as', arn],
  ]);
}

function report(
  context: Context,
  place: AwsPlace,
  stack: Stack,
  { config, changed, version }: Uploaded,
  { isConfigOnly = false } = {},
): void {
  const { io, globals } = context;
  const url = apiUrlOf(stack, place);
  if (globals.json) {
    const { stack: name, region, stage } = place;
    printJsonLine(io, {
      type: 'report',
      stack: name,
      region,
      stage,
      ...(url === undefined ? {} : { url }),
      config: { place: config, changed, ...(version === undefined ? {} : { version }) },
    });
    return;
  }
  printFacts(context, [
    ['configuration', `${config}${changed ? (version === undefined ? '' : `, version ${version}`) : ', as it was'}`],
    ['url', url],
  ]);
  if (globals.quiet || isConfigOnly) return;
  const where = `--stage ${place.stage} --region ${place.region}`;
  io.stdout.write(
    [
      'next:',
      `  transship aws doctor ${where}          # is all well?`,
      `  transship aws urls ${where}            # what to enter at registries and clusters`,
      `  transship aws token --name me ${where} # a token for the API`,
      '',
    ].join('\n'),
  );
}

function notDone(context: Context): number {
  if (logs(context.globals, 'warn')) context.io.stderr.write('nothing was deployed\n');
  return EXIT.done;
}
