// The least IAM policies for pulling from ECR: for the nodes of clusters, and for us who issue the credentials that clusters pull with.
// https://docs.aws.amazon.com/AmazonECR/latest/userguide/security_iam_id-based-policy-examples.html
import { awsPartition } from '../identity/aws-partition.ts';
import { parseEcrHost } from './ecr-host.ts';

export type PullPolicyOptions = {
  /** `host` or `host/repository`, where a repository may have `*` in it; a host alone is all its repositories. */
  registries: readonly string[];
  /** First pulls through rules of a cache make repositories: https://docs.aws.amazon.com/AmazonECR/latest/userguide/pull-through-cache-iam.html */
  pullThrough?: boolean;
};

type PolicyStatement = {
  Sid: string;
  Effect: 'Allow';
  Action: readonly string[];
  Resource: string | readonly string[];
};

export type PolicyDocument = { Version: '2012-10-17'; Statement: readonly PolicyStatement[] };

/** What reads an image, and no more: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelasticcontainerregistry.html */
const PULL = ['ecr:BatchCheckLayerAvailability', 'ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer'] as const;
const PULL_THROUGH = ['ecr:BatchImportUpstreamImage', 'ecr:CreateRepository'] as const;
const PUBLIC_HOSTS = new Set(['public.ecr.aws', 'ecr-public.aws.com']);

/**
 * One identity policy. It serves nodes that pull by themselves and the identity by which Transship issues: whoever has a token may what
 * the identity that asked for it may. Registries of other vendors are left out; undefined where no other is there.
 *
 * `GetAuthorizationToken` is no right on a repository: it takes `*`, and a repository policy with it is refused
 * (https://github.com/cloudposse/terraform-aws-ecr/issues/67).
 */
export function ecrPullPolicy({ registries, pullThrough = false }: PullPolicyOptions): PolicyDocument | undefined {
  const resources = [...new Set(registries.flatMap(repositoryArn))].toSorted();
  const hasPublic = registries.some((registry) => PUBLIC_HOSTS.has(hostOf(registry)));
  const statements: PolicyStatement[] = [];
  if (resources.length > 0) {
    statements.push(
      { Sid: 'LogIn', Effect: 'Allow', Action: ['ecr:GetAuthorizationToken'], Resource: '*' },
      { Sid: 'Pull', Effect: 'Allow', Action: PULL, Resource: resources },
    );
    if (pullThrough)
      statements.push({ Sid: 'PullThroughCache', Effect: 'Allow', Action: PULL_THROUGH, Resource: resources });
  }
  if (hasPublic) {
    statements.push({
      Sid: 'LogInToPublic',
      Effect: 'Allow',
      Action: ['ecr-public:GetAuthorizationToken', 'sts:GetServiceBearerToken'],
      Resource: '*',
    });
  }
  return statements.length === 0 ? undefined : { Version: '2012-10-17', Statement: statements };
}

/** The policy of whoever only issues the token, and lets others decide by theirs: to be assumed with a role that may pull. */
export function assumeRolePolicy(roleArns: readonly string[]): PolicyDocument | undefined {
  if (roleArns.length === 0) return undefined;
  const Resource = [...new Set(roleArns)].toSorted();
  return {
    Version: '2012-10-17',
    Statement: [{ Sid: 'AssumePullRoles', Effect: 'Allow', Action: ['sts:AssumeRole'], Resource }],
  };
}

function repositoryArn(registry: string): string[] {
  const told = parseEcrHost(hostOf(registry));
  if (told === undefined) return [];
  const repository = registry.includes('/') ? registry.slice(registry.indexOf('/') + 1) : '*';
  return [`arn:${awsPartition(told.region).name}:ecr:${told.region}:${told.account}:repository/${repository}`];
}

function hostOf(registry: string): string {
  return (registry.split('/')[0] ?? '').toLowerCase();
}
