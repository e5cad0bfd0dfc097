// What a deployment would change without anybody having said so: told before it is asked about.
import { VERSION } from '../../aws/host/user-agent.ts';
import { isTransshipError } from '../../../shared/errors.ts';
import { printable } from '../../../shared/telemetry/printable.ts';
import type { AwsPlace } from './aws-place.ts';
import { rightsOnlyOf } from './changed-rights.ts';
import { readRemoteConfig, remoteConfigOf } from './config-place.ts';
import { asInLambda, type DeployedConfig } from './deployed-config.ts';
import { readDeployment, type Deployment } from './deployment.ts';
import { functionsOf } from './functions-of.ts';
import { toldParameters, type Merged } from './parameters.ts';
import type { Stack } from './stack.ts';

export type Warning = { message: string; hint: string };

/** Of parameters and version; undefined where the stack says nothing of them. */
export function warnOfDeployment(deployment: Deployment | undefined, { unknown }: Merged): Warning[] {
  if (deployment === undefined) {
    return [
      {
        message: 'the stack does not say which parameters it was deployed with: what is not named has its default',
        hint: 'name again what it had: --param name=value',
      },
    ];
  }
  const found: Warning[] = [];
  if (isOlder(VERSION, deployment.version)) {
    found.push({
      message: `this is version ${VERSION}, older than the deployed ${printable(deployment.version, 60)}`,
      hint: 'docs/aws.md says how to roll back; where that is not meant, install the newer version',
    });
  }
  if (unknown.size > 0) {
    found.push({
      message: `this version has no such parameters, they are left out: ${toldParameters(unknown)}`,
      hint: 'a version that has them needs them named again',
    });
  }
  return found;
}

/** Of functions that are to read a configuration of this version and are of another one. */
export async function warnOfOtherVersion(place: AwsPlace): Promise<Warning[]> {
  const deployment = await readDeployment(place).catch((error: unknown) => {
    // who uploads a configuration needs no right to look at templates
    if (isTransshipError(error, 'denied')) return undefined;
    throw error;
  });
  if (deployment === undefined || deployment.version === VERSION) return [];
  return [
    {
      message: `the functions are of version ${printable(deployment.version, 60)}, and this is ${VERSION}: what they can't read they don't take over`,
      hint: 'transship aws doctor and their logs say whether they did',
    },
  ];
}

/** Of the configuration that is to be replaced. */
export async function warnOfConfig(place: AwsPlace, stack: Stack, { text }: DeployedConfig): Promise<Warning[]> {
  const where = remoteConfigOf(stack, await functionsOf(place, stack));
  const deployed = where === undefined ? undefined : await readRemoteConfig(place, where);
  if (deployed === undefined) return [];
  const trouble = troubleOf(deployed);
  if (trouble !== undefined) {
    return [
      {
        message: `functions of this version can't read the deployed configuration (${printable(trouble, 300)}): they refuse to work until this one is there`,
        hint: `upload this one first, by the version that is deployed: transship aws deploy --stage ${place.stage} --region ${place.region} --config-only`,
      },
    ];
  }
  const [first, ...more] = rightsOnlyOf(deployed, text);
  if (first === undefined) return [];
  return [
    {
      message: `the functions lose rights: ${first}${more.length === 0 ? '' : ` (and ${more.length} more)`}`,
      hint: 'what was withdrawn is taken away by them: --config-only first, and this when transship grants list shows none of it',
    },
  ];
}

/** Why functions of this version could not work by it. */
export function troubleOf(text: string): string | undefined {
  try {
    asInLambda(text);
    return undefined;
  } catch (error) {
    if (!isTransshipError(error, 'invalid-config')) throw error;
    return error.message;
  }
}

/** By their numbers: of two that differ in nothing else, neither is older. */
export function isOlder(one: string, other: string): boolean {
  const [left, right] = [numbersOf(one), numbersOf(other)];
  const at = left.findIndex((number, index) => number !== right[index]);
  return at >= 0 && (left[at] ?? 0) < (right[at] ?? 0);
}

function numbersOf(version: string): number[] {
  const [, major, minor, patch] = /^(\d+)\.(\d+)\.(\d+)/.exec(version) ?? [];
  return [major, minor, patch].map(Number);
}
