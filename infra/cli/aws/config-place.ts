// The configuration of a deployment, where its functions read it: an object in a bucket that keeps versions, or a parameter.
import { describePlace, configPlace, type ConfigPlace } from '../../aws/host/settings.ts';
import { CONFIG_BUCKET, CONFIG_KEY } from '../../aws/stack/names.ts';
import { isTransshipError, TransshipError } from '../../../shared/errors.ts';
import { getObjectText, putObjectText } from '../../../shared/identity/aws-s3.ts';
import { getParameterText } from '../../../shared/identity/aws-secrets.ts';
import { askTarget } from './ask-aws.ts';
import type { AwsPlace } from './aws-place.ts';
import type { DeployedFunction } from './functions-of.ts';
import type { Stack } from './stack.ts';

/** https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html */
const MOST_PARAMETER_BYTES = 8192;

/** One that can be written from here. */
export type RemoteConfig = Exclude<ConfigPlace, { kind: 'file' }>;

/** As the functions are told, else the bucket of the stack; undefined where neither is there. */
export function remoteConfigOf(
  { resources }: Stack,
  functions: readonly DeployedFunction[] | undefined,
): RemoteConfig | undefined {
  const told = functions?.map(({ environment }) => environment['TRANSSHIP_CONFIG'] ?? '').find((text) => text !== '');
  const place = told === undefined ? undefined : configPlace(told);
  if (place !== undefined) return place.kind === 'file' ? undefined : place;
  const bucket = resources.get(CONFIG_BUCKET);
  return bucket === undefined ? undefined : { kind: 's3', bucket, key: CONFIG_KEY };
}

/** Undefined where there is none yet. @throws TransshipError denied, and what AWS answers else */
export async function readRemoteConfig(place: AwsPlace, where: RemoteConfig): Promise<string | undefined> {
  const { region, surroundings } = place;
  try {
    if (where.kind === 'ssm') return (await getParameterText(where.name, surroundings)).text.reveal();
    const { bucket, key } = where;
    return (await getObjectText({ bucket, key, region }, surroundings)).text;
  } catch (error) {
    if (isTransshipError(error, 'not-found')) return undefined;
    throw error;
  }
}

/**
 * What was there before can be had again from its versions.
 * @returns which version it is now, where AWS says that
 * @throws TransshipError denied, and what AWS answers else
 */
export async function writeRemoteConfig(
  place: AwsPlace,
  where: RemoteConfig,
  text: string,
): Promise<string | undefined> {
  const { region, surroundings } = place;
  if (where.kind === 's3') {
    const { bucket, key } = where;
    const written = await putObjectText(
      { bucket, key, region },
      { text, contentType: 'application/yaml' },
      surroundings,
    );
    return written.versionId;
  }
  assertFits(where, text);
  // https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html
  const { Version: version } = await askTarget(place, 'ssm', 'PutParameter', {
    Name: where.name,
    Value: text,
    Type: 'String',
    Tier: 'Intelligent-Tiering',
    Overwrite: true,
  });
  return typeof version === 'number' ? String(version) : undefined;
}

/** @throws TransshipError invalid-config for more than the place holds */
export function assertFits(where: RemoteConfig, text: string): void {
  if (where.kind === 's3' || Buffer.byteLength(text) <= MOST_PARAMETER_BYTES) return;
  throw new TransshipError('invalid-config', `${describePlace(where)}: a parameter holds at most 8 KiB`, {
    hint: 'keep the configuration in the bucket: transship aws deploy --param configParameter=',
  });
}
