// The secrets that the configuration refers to: whether they are there. None is read.
import { isTransshipError } from '../../../../shared/errors.ts';
import { askTarget } from '../ask-aws.ts';
import type { AwsPlace } from '../aws-place.ts';
import { secretReferencesIn, type FoundReference } from '../secret-references.ts';
import { unanswered, type Finding } from './finding.ts';

export async function checkSecrets(place: AwsPlace, effective: unknown): Promise<Finding[]> {
  const references = secretReferencesIn(effective).filter(({ kind }) => kind.startsWith('aws'));
  const unique = [...new Map(references.map((one) => [`${one.kind} ${one.target}`, one])).values()];
  if (unique.length === 0) {
    return [{ id: 'secrets', state: 'ok', message: 'the configuration refers to none of AWS' }];
  }
  return Promise.all(unique.map((one) => look(place, one).catch((error: unknown) => notSeen(place, one, error))));
}

/**
 * Neither answer has the value in it.
 * https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_DescribeSecret.html
 * https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_DescribeParameters.html
 */
async function look(place: AwsPlace, { kind, target }: FoundReference): Promise<Finding> {
  const there = regionOf(target) ?? place.region;
  const at = { ...place, region: there };
  if (kind === 'awsParameter') {
    const name = target.replace(/^arn:.*?:parameter(?=\/)/, '');
    const answer = await askTarget(at, 'ssm', 'DescribeParameters', {
      ParameterFilters: [{ Key: 'Name', Option: 'Equals', Values: [name] }],
    });
    const isThere = Array.isArray(answer['Parameters']) && answer['Parameters'].length > 0;
    return isThere
      ? { id: 'secrets', state: 'ok', about: target, message: 'it is there' }
      : missing(kind, target, there);
  }
  const secret = await askTarget(at, 'secretsmanager', 'DescribeSecret', { SecretId: target });
  const restore = `aws secretsmanager restore-secret --secret-id ${target} --region ${there}`;
  if (secret['DeletedDate'] !== undefined) {
    return { id: 'secrets', state: 'fail', about: target, message: 'it is about to be deleted', hint: restore };
  }
  const key = typeof secret['KmsKeyId'] === 'string' ? secret['KmsKeyId'] : '';
  const message = key === '' ? 'it is there' : `it is there, encrypted by ${key}`;
  return { id: 'secrets', state: 'ok', about: target, message };
}

function notSeen(place: AwsPlace, reference: FoundReference, error: unknown): Finding {
  const { kind, target } = reference;
  if (isTransshipError(error, 'not-found')) return missing(kind, target, regionOf(target) ?? place.region);
  return unanswered('secrets', error, target);
}

function missing(kind: FoundReference['kind'], target: string, region: string): Finding {
  const make =
    kind === 'awsParameter'
      ? `aws ssm put-parameter --type SecureString --name ${target} --region ${region} --value file://FILE`
      : `aws secretsmanager create-secret --name ${target} --region ${region} --secret-string file://FILE`;
  const message = `there is no such secret in ${region}`;
  return { id: 'secrets', state: 'fail', about: target, message, hint: `make it: ${make}` };
}

/** ARNs say it, names do not. */
function regionOf(target: string): string | undefined {
  return /^arn:[\w-]+:(?:secretsmanager|ssm):([\w-]+):/.exec(target)?.[1];
}
