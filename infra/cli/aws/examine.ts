// All checks of `transship aws doctor`, side by side. What cannot be looked at keeps nothing else from being looked at.
import { describePlace } from '../../aws/host/settings.ts';
import type { AwsPlace } from './aws-place.ts';
import { checkAlarms } from './checks/alarms.ts';
import { checkClusters } from './checks/clusters.ts';
import { checkConfig, checkDeployedConfig } from './checks/config.ts';
import { CHECK_IDS, unanswered, type CheckId, type Finding } from './checks/finding.ts';
import { checkIdentity } from './checks/identity.ts';
import { checkPermissions } from './checks/permissions.ts';
import { checkProtection } from './checks/protection.ts';
import { checkDeadLetters, checkQueues } from './checks/queues.ts';
import { checkQuota } from './checks/quota.ts';
import { checkRepositories } from './checks/repositories.ts';
import { checkRoles } from './checks/roles.ts';
import { checkSecrets } from './checks/secrets.ts';
import { checkFunctions, checkStack, checkVersion } from './checks/stack.ts';
import { checkTriggers } from './checks/triggers.ts';
import { readRemoteConfig, remoteConfigOf } from './config-place.ts';
import type { DeployedConfig } from './deployed-config.ts';
import { readDeployment } from './deployment.ts';
import { functionsOf, type DeployedFunction } from './functions-of.ts';
import { readStack, type Stack } from './stack.ts';

/** @param local the configuration here, where it can be read; what is wrong with it is told besides */
export async function examine(
  place: AwsPlace,
  local: DeployedConfig | undefined,
  { assumesRoles }: { assumesRoles: boolean },
): Promise<Finding[]> {
  const own = local === undefined ? [] : checkConfig(local);
  const { findings: identity, caller } = await checkIdentity(place);
  if (caller === undefined) {
    return inOrder([...identity, ...own, ...skipped([...identity, ...own], 'AWS does not say who asks')]);
  }
  const [stack, findings] = await lookedAt('stack', readStack(place));
  const [functions, ofFunctions] =
    stack === undefined ? [undefined, []] : await lookedAt('functions', functionsOf(place, stack));
  const all = await Promise.all([
    attempt('quota', checkQuota(place)),
    attempt('permissions', checkPermissions(place)),
    ...(stack === undefined ? [] : ofStack(place, stack, functions, local)),
    ...(local === undefined ? [] : ofConfig(place, local, functions, assumesRoles)),
  ]);
  const state = findings.length > 0 ? findings : checkStack(place, stack);
  const found = [...identity, ...own, ...state, ...ofFunctions, ...all.flat()];
  const why = stack === undefined ? 'nothing is deployed there' : 'there is no configuration to look at';
  return inOrder([...found, ...skipped(found, why)]);
}

function ofStack(
  place: AwsPlace,
  stack: Stack,
  functions: readonly DeployedFunction[] | undefined,
  local: DeployedConfig | undefined,
): Promise<readonly Finding[]>[] {
  return [
    attempt('protection', lookAtDeployment(place, stack)),
    ...(functions === undefined ? [] : [Promise.resolve(checkFunctions(functions))]),
    attempt('config-object', lookAtConfig(place, stack, functions, local)),
    attempt('queues', checkQueues(place, stack)),
    attempt('dead-letters', checkDeadLetters(place, stack)),
    attempt('triggers', checkTriggers(place, stack)),
    attempt('alarms', checkAlarms(place, stack)),
  ];
}

function ofConfig(
  place: AwsPlace,
  { loaded: { effective }, config }: DeployedConfig,
  functions: readonly DeployedFunction[] | undefined,
  assumesRoles: boolean,
): Promise<readonly Finding[]>[] {
  return [
    attempt('secrets', checkSecrets(place, effective)),
    attempt('clusters', checkClusters(place, config, functions, { assumesRoles })),
    attempt('roles', checkRoles(place, config, { assumesRoles })),
    attempt('repositories', checkRepositories(place, config)),
  ];
}

async function lookAtDeployment(place: AwsPlace, stack: Stack): Promise<Finding[]> {
  const deployment = await readDeployment(place);
  return [...checkVersion(place, deployment), ...checkProtection(place, stack, deployment)];
}

async function lookAtConfig(
  place: AwsPlace,
  stack: Stack,
  functions: readonly DeployedFunction[] | undefined,
  local: DeployedConfig | undefined,
): Promise<Finding[]> {
  const where = remoteConfigOf(stack, functions);
  if (where === undefined) return [];
  return checkDeployedConfig(describePlace(where), await readRemoteConfig(place, where), local);
}

/** What it gave, or what is to be said of that it gave nothing. */
async function lookedAt<T>(id: CheckId, looking: Promise<T>): Promise<[T | undefined, Finding[]]> {
  try {
    return [await looking, []];
  } catch (error) {
    return [undefined, [unanswered(id, error)]];
  }
}

function attempt(id: CheckId, check: Promise<readonly Finding[]>): Promise<readonly Finding[]> {
  return check.catch((error: unknown) => [unanswered(id, error)]);
}

/** For each check that said nothing. */
function skipped(found: readonly Finding[], message: string): Finding[] {
  const elsewhere = new Set<CheckId>([...found.map(({ id }) => id), 'tools', 'config']);
  return CHECK_IDS.filter((id) => !elsewhere.has(id)).map((id) => ({ id, state: 'skipped', message }));
}

function inOrder(findings: readonly Finding[]): Finding[] {
  return CHECK_IDS.flatMap((id) => findings.filter((one) => one.id === id));
}
