// What those whom a grant names need in their own account: a policy of ECR alone lets nobody of another account pull, and nobody at all
// log in.
// https://docs.aws.amazon.com/AmazonECR/latest/userguide/repository-policies.html
import { ecrPullPolicy, type PolicyDocument } from '../../registries/aws-pull-policy.ts';
import type { PullPart } from '../grant.ts';

const LIST = ['ecr:DescribeImages', 'ecr:ListImages'];

/**
 * The identity policy to attach to a role or user that is granted these parts, or that an account or organization lets pull by its grant.
 * Undefined where no part is of a private registry of ECR. `team-a/*` reaches further down there than the grant does; both have to allow.
 */
export function ecrPrincipalPolicy(parts: readonly PullPart[]): PolicyDocument | undefined {
  const pull = ecrPullPolicy({ registries: parts.map(repositoryName) });
  const listed = ecrPullPolicy({
    registries: parts.filter(({ actions }) => actions.includes('list')).map(repositoryName),
  });
  const resources = listed?.Statement.find(({ Sid }) => Sid === 'Pull')?.Resource;
  if (pull === undefined || resources === undefined) return pull;
  const list = { Sid: 'List', Effect: 'Allow', Action: LIST, Resource: resources } as const;
  return { ...pull, Statement: [...pull.Statement, list] };
}

function repositoryName({ registry, what }: PullPart): string {
  return `${registry}/${what.kind === 'repository' ? what.pattern.replace(/\*+$/, '*') : `${what.name}/*`}`;
}
