// The roles of the configuration that are assumed. Whether they let the functions in is written in their own trust policies; asked is
// only on demand, and then it is the caller here who is let in or not.
import type { Config } from '../../../../shared/config/config.ts';
import { isTransshipError } from '../../../../shared/errors.ts';
import { printable } from '../../../../shared/telemetry/printable.ts';
import { askQuery } from '../ask-aws.ts';
import type { AwsPlace } from '../aws-place.ts';
import { unanswered, type Finding } from './finding.ts';

type Role = { arn: string; externalId: string | undefined };

export async function checkRoles(
  place: AwsPlace,
  config: Config,
  { assumesRoles }: { assumesRoles: boolean },
): Promise<Finding[]> {
  const roles = rolesOf(config);
  if (roles.length === 0) return [{ id: 'roles', state: 'ok', message: 'the configuration assumes none' }];
  if (!assumesRoles) {
    return roles.map(({ arn }) => ({
      id: 'roles',
      state: 'skipped',
      about: arn,
      message: 'not tried',
      hint: 'try as the identity here: transship aws doctor --assume-roles',
    }));
  }
  return Promise.all(roles.map((role) => tryRole(place, role)));
}

/** https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html */
async function tryRole(place: AwsPlace, { arn, externalId }: Role): Promise<Finding> {
  try {
    await askQuery(place, 'sts', 'AssumeRole', {
      RoleArn: arn,
      RoleSessionName: 'transship-doctor',
      DurationSeconds: '900',
      ...(externalId === undefined ? {} : { ExternalId: externalId }),
    });
    const message = 'the identity here may assume it; the roles of the functions have to be in its trust policy, too';
    return { id: 'roles', state: 'ok', about: arn, message };
  } catch (error) {
    if (!isTransshipError(error, 'denied')) return unanswered('roles', error, arn);
    const message = `the identity here may not assume it: ${printable(error.message, 300)}`;
    const hint = 'that says nothing of the functions: look whether its trust policy names their roles (docs/aws.md)';
    return { id: 'roles', state: 'warn', about: arn, message, hint };
  }
}

function rolesOf({ registries, clusters }: Config): Role[] {
  const all: Role[] = [];
  for (const { credential } of registries) {
    if (typeof credential !== 'object' || !('aws' in credential)) continue;
    const { roleArn, externalId } = credential.aws;
    if (roleArn !== undefined) all.push({ arn: roleArn, externalId });
  }
  for (const cluster of clusters) {
    if (!('eks' in cluster) || cluster.eks.roleArn === undefined) continue;
    all.push({ arn: cluster.eks.roleArn, externalId: cluster.eks.externalId });
  }
  return [...new Map(all.map((role) => [role.arn, role])).values()];
}
