// The stack of a deployment, as CloudFormation knows it: its state, and what the things in it are called.
import { isTransshipError, TransshipError } from '../../../shared/errors.ts';
import { awsPartition } from '../../../shared/identity/aws-partition.ts';
import { HTTP_API } from '../../aws/stack/names.ts';
import { askQuery } from './ask-aws.ts';
import type { AwsPlace } from './aws-place.ts';
import { elementsAt, textAt } from './read-xml.ts';

export type Stack = {
  /** `UPDATE_COMPLETE` */
  status: string;
  reason?: string;
  updatedAt?: string;
  /** Nobody can remove it before this is taken away. */
  isProtected: boolean;
  /** Physical ids by the logical ids of the template: for a queue its URL, for a secret its ARN. */
  resources: ReadonlyMap<string, string>;
};

/** Undefined where there is none. @throws TransshipError denied, and what AWS answers else */
export async function readStack(place: AwsPlace): Promise<Stack | undefined> {
  const answer = await askQuery(place, 'cloudformation', 'DescribeStacks', { StackName: place.stack }).catch(
    (error: unknown) => {
      // https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStacks.html
      if (isTransshipError(error) && /does not exist/.test(error.message)) return undefined;
      throw error;
    },
  );
  const [stack] = answer === undefined ? [] : elementsAt(answer, ['DescribeStacksResult', 'Stacks', 'member']);
  const status = stack === undefined ? undefined : textAt(stack, ['StackStatus']);
  if (stack === undefined || status === undefined) return undefined;
  const reason = textAt(stack, ['StackStatusReason']);
  const updatedAt = textAt(stack, ['LastUpdatedTime']) ?? textAt(stack, ['CreationTime']);
  return {
    status,
    ...(reason === undefined ? {} : { reason }),
    ...(updatedAt === undefined ? {} : { updatedAt }),
    isProtected: textAt(stack, ['EnableTerminationProtection']) === 'true',
    resources: await readResources(place),
  };
}

/** @throws TransshipError not-found where it is not deployed */
export async function stackOf(place: AwsPlace): Promise<Stack> {
  const stack = await readStack(place);
  if (stack !== undefined) return stack;
  throw new TransshipError('not-found', `there is no stack ${place.stack} in ${place.region}`, {
    hint: `deploy it: transship aws deploy --stage ${place.stage} --region ${place.region}; or name the right --stage and --region`,
  });
}

/** The physical id of what must be there. @throws TransshipError not-found */
export function resourceOf({ resources }: Stack, logicalId: string, { stack, region, stage }: AwsPlace): string {
  const found = resources.get(logicalId);
  if (found !== undefined) return found;
  throw new TransshipError('not-found', `the stack ${stack} in ${region} has no ${logicalId}`, {
    hint: `it was not made by this version, or not to its end: transship aws deploy --stage ${stage}`,
  });
}

/** Where requests go; undefined where the stack has no API. */
export function apiUrlOf({ resources }: Stack, { region }: AwsPlace): string | undefined {
  const id = resources.get(HTTP_API);
  return id === undefined ? undefined : `https://${id}.execute-api.${region}.${awsPartition(region).dnsSuffix}`;
}

/** https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ListStackResources.html */
async function readResources(place: AwsPlace): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  let next: string | undefined;
  do {
    const answer = await askQuery(place, 'cloudformation', 'ListStackResources', {
      StackName: place.stack,
      ...(next === undefined ? {} : { NextToken: next }),
    });
    for (const member of elementsAt(answer, ['ListStackResourcesResult', 'StackResourceSummaries', 'member'])) {
      const logical = textAt(member, ['LogicalResourceId']);
      const physical = textAt(member, ['PhysicalResourceId']) ?? '';
      const isGone = textAt(member, ['ResourceStatus']) === 'DELETE_COMPLETE';
      if (logical !== undefined && physical !== '' && !isGone) found.set(logical, physical);
    }
    next = textAt(answer, ['ListStackResourcesResult', 'NextToken']);
  } while (next !== undefined && next !== '');
  return found;
}
