// `transship aws deploy`: packages, shows what is about to be deployed, asks, has osls deploy it, and gives it its configuration.
import { describePlace } from '../../aws/host/settings.ts';
import { VERSION } from '../../aws/host/user-agent.ts';
import { TransshipError } from '../../../shared/errors.ts';
import { printable } from '../../../shared/telemetry/printable.ts';
import { awsPlace, type AwsOptions, type AwsPlace } from '../aws/aws-place.ts';
import { whoAsks, type Caller } from '../aws/checks/identity.ts';
import { assertFits, readRemoteConfig } from '../aws/config-place.ts';
import { rightsOnlyOf } from '../aws/changed-rights.ts';
import { troubleOf, warnOfConfig, warnOfDeployment, warnOfOtherVersion, type Warning } from '../aws/deploy-warnings.ts';
import { readDeployedConfig, type DeployedConfig } from '../aws/deployed-config.ts';
import { readDeployment, type Deployment } from '../aws/deployment.ts';
import { lockStack } from '../aws/lock-stack.ts';
import { assertUsable, makePackage, oslsWords, printPackage } from '../aws/make-package.ts';
import { needsForce } from '../aws/needs-force.ts';
import { runOsls } from '../aws/osls.ts';
import { givenTo, mergeParameters, readParameters, toldParameters, type Parameters } from '../aws/parameters.ts';
import { apiUrlOf, readStack, stackOf, type Stack } from '../aws/stack.ts';
import { configPlaceOf, upload, uploadAfter, type Uploaded } from '../aws/upload-config.ts';
import { askOrRefuse } from '../ask.ts';
import { logs, type Context } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { printFacts } from '../output/facts.ts';
import { printJsonLine } from '../output/json-lines.ts';
import { styleFor } from '../output/style.ts';

export type AwsDeployOptions = AwsOptions & { param?: string[]; yes?: boolean; configOnly?: boolean };

type Done = Uploaded & { kept?: Parameters };

export async function runAwsDeploy(context: Context, options: AwsDeployOptions): Promise<number> {
  const config = await readDeployedConfig(context);
  assertUsable(config);
  const asked = readParameters(options.param);
  if (options.configOnly === true && asked.size > 0) {
    throw new TransshipError('invalid-usage', '--config-only changes no parameters, and --param names some', {
      hint: 'leave out one of the two',
    });
  }
  const place = await awsPlace(context, options);
  const ask = askOrRefuse(context, { isAnswered: options.yes === true, command: 'aws deploy' });
  const caller = await whoAsks(place);
  const before = await readStack(place);
  if (options.configOnly === true) return deployConfig(context, place, config, await stackOf(place), ask);
  assertDeployable(place, before);
  const deployed = before === undefined ? undefined : await readDeployment(place);
  const merged = mergeParameters(asked, deployed === undefined ? new Map() : givenTo(deployed));
  const name = merged.parameters.get('configParameter');
  if (name !== undefined) assertFits({ kind: 'ssm', name }, config.text);
  const { stage, region } = place;
  const packageOptions = { stage, region, parameters: merged.parameters };
  const packaged = await makePackage(context, config, packageOptions);
  tell(context, place, caller, { before, deployed, kept: merged.kept });
  if (!context.globals.json) printPackage(context, packaged);
  if (before !== undefined) {
    warn(context, warnOfDeployment(deployed, merged));
    warn(context, await warnOfConfig(place, before, config));
  }
  if (ask !== undefined && !(await ask(`Deploy this to ${place.stack} in ${region}?`))) return notDone(context);
  const profile = place.profile === undefined ? [] : ['--aws-profile', place.profile];
  const force = before !== undefined && needsForce(before, deployed, merged.parameters) ? ['--force'] : [];
  const words = ['deploy', '--package', packaged.packageFolder, ...oslsWords(packageOptions), ...force];
  await runOsls(context, [...words, ...profile], packaged);
  const stack = await stackOf(place);
  // first, since what comes after it may fail
  warn(context, await lockStack(place, stack));
  const uploaded = await uploadAfter(place, stack, config);
  report(context, place, stack, { ...uploaded, kept: merged.kept });
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
  const trouble = deployed === undefined ? undefined : troubleOf(deployed);
  if (trouble !== undefined) {
    throw new TransshipError('invalid-usage', `this version can't read the deployed configuration: ${trouble}`, {
      hint: `nobody can say which rights the functions have: upload it by the version that is deployed, or deploy all of it: transship aws deploy --stage ${place.stage}`,
    });
  }
  const [missing] = deployed === undefined ? ['all of them'] : rightsOnlyOf(config.text, deployed);
  if (missing !== undefined) {
    throw new TransshipError('invalid-usage', `the functions lack rights that this configuration needs: ${missing}`, {
      hint: `deploy all of it, the roles follow from the configuration: transship aws deploy --stage ${place.stage}`,
    });
  }
  warn(context, await warnOfOtherVersion(place));
  if (ask !== undefined && !(await ask(`Upload the configuration to ${describePlace(where)}?`)))
    return notDone(context);
  report(context, place, stack, await upload(place, stack, config), { isConfigOnly: true });
  return EXIT.done;
}

function warn({ io, globals }: Context, warnings: readonly Warning[]): void {
  const style = styleFor(io.stderr, io, globals);
  for (const { message, hint } of warnings) {
    if (globals.json && !globals.quiet) printJsonLine(io, { type: 'warning', message, hint });
    if (globals.json || !logs(globals, 'warn')) continue;
    io.stderr.write(`${style('yellow', 'warning:')} ${message}\n${style('yellow', 'hint:')} ${hint}\n`);
  }
}

/** @throws TransshipError deploy-failed where CloudFormation would refuse it */
function assertDeployable({ stack: name, region }: AwsPlace, stack: Stack | undefined): void {
  if (stack === undefined || /^(?:CREATE|(?:UPDATE|IMPORT)(?:_ROLLBACK)?)_COMPLETE$/.test(stack.status)) return;
  throw new TransshipError('deploy-failed', `the stack ${name} in ${region} is ${stack.status}`, {
    hint: 'transship aws doctor says what to do about it',
  });
}

function tell(
  context: Context,
  { stack, region, stage }: AwsPlace,
  { account, arn }: Caller,
  { before, deployed, kept }: { before: Stack | undefined; deployed: Deployment | undefined; kept: Parameters },
): void {
  if (context.globals.json) return;
  const isOther = deployed !== undefined && deployed.version !== VERSION;
  const [name] = kept.keys();
  printFacts(context, [
    ['account', account],
    ['region', region],
    ['stage', stage],
    ['stack', before === undefined ? `${stack}, which is made` : `${stack}, which is changed (${before.status})`],
    ['version', isOther ? `${VERSION}, in place of ${printable(deployed.version, 60)}` : VERSION],
    ['as', arn],
    [
      'kept',
      name === undefined
        ? undefined
        : `from the last deployment: ${toldParameters(kept)}; to take one away: --param ${name}=`,
    ],
  ]);
}

function report(
  context: Context,
  place: AwsPlace,
  stack: Stack,
  { config, changed, version, kept }: Done,
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
      ...(kept === undefined ? {} : { version: VERSION, kept: Object.fromEntries(kept) }),
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
