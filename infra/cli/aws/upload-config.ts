// Gives a deployment its configuration, where its functions read it.
import { describePlace } from '../../aws/host/settings.ts';
import { isTransshipError, TransshipError } from '../../../shared/errors.ts';
import type { AwsPlace } from './aws-place.ts';
import { readRemoteConfig, remoteConfigOf, writeRemoteConfig } from './config-place.ts';
import { meansTheSame, type DeployedConfig } from './deployed-config.ts';
import { functionsOf } from './functions-of.ts';
import type { Stack } from './stack.ts';

export type Uploaded = { config: string; changed: boolean; version?: string };

/** What says the same stays as it is. @throws TransshipError by what AWS answered */
export async function upload(place: AwsPlace, stack: Stack, { text }: DeployedConfig): Promise<Uploaded> {
  const where = await configPlaceOf(place, stack);
  const config = describePlace(where);
  const deployed = await readRemoteConfig(place, where);
  if (deployed !== undefined && meansTheSame(deployed, text)) return { config, changed: false };
  const version = await writeRemoteConfig(place, where, text);
  return { config, changed: true, ...(version === undefined ? {} : { version }) };
}

/** After all else was deployed. @throws TransshipError that says so */
export async function uploadAfter(place: AwsPlace, stack: Stack, config: DeployedConfig): Promise<Uploaded> {
  try {
    return await upload(place, stack, config);
  } catch (error) {
    if (!isTransshipError(error) || error.code === 'interrupted') throw error;
    const message = `the functions are deployed, but not their configuration: ${error.message}`;
    // not with --config-only: that asks the configuration which is there what the functions may do, and it is another one, or none
    const again = `then once more transship aws deploy --stage ${place.stage} --region ${place.region}`;
    throw new TransshipError(error.code, message, {
      hint: error.hint === undefined ? again : `${error.hint}; ${again}`,
      details: error.details,
      cause: error,
    });
  }
}

/** @throws TransshipError not-found where the stack has none */
export async function configPlaceOf(place: AwsPlace, stack: Stack) {
  const where = remoteConfigOf(stack, await functionsOf(place, stack));
  if (where !== undefined) return where;
  throw new TransshipError('not-found', `the stack ${place.stack} has no place for a configuration`, {
    hint: 'deploy it again: transship aws deploy',
  });
}
