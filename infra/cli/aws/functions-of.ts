// The functions of a deployment as Lambda knows them: their state, and the role each has.
import { AWS_FUNCTIONS, type AwsFunctionName } from '../../aws/stack/functions.ts';
import { lambdaId } from '../../aws/stack/names.ts';
import { objectAt } from '../../../shared/identity/aws-call.ts';
import { askPath } from './ask-aws.ts';
import type { AwsPlace } from './aws-place.ts';
import type { Stack } from './stack.ts';

export type DeployedFunction = {
  name: AwsFunctionName;
  /** `Active`, `Pending`, `Inactive` or `Failed`. */
  state: string;
  /** Of the last change; empty where it went well. */
  trouble: string;
  roleArn: string;
  subnets: number;
  environment: Readonly<Record<string, string>>;
};

/** Those that the stack has. @throws TransshipError by what AWS answered */
export async function functionsOf(place: AwsPlace, { resources }: Stack): Promise<DeployedFunction[]> {
  const named = AWS_FUNCTIONS.flatMap(({ name }) => {
    const physical = resources.get(lambdaId(name));
    return physical === undefined ? [] : [{ name, physical }];
  });
  return Promise.all(named.map(({ name, physical }) => functionOf(place, name, physical)));
}

/** https://docs.aws.amazon.com/lambda/latest/api/API_GetFunctionConfiguration.html */
async function functionOf(place: AwsPlace, name: AwsFunctionName, physical: string): Promise<DeployedFunction> {
  const path = `/2015-03-31/functions/${encodeURIComponent(physical)}/configuration`;
  const body = await askPath(place, 'lambda', 'GetFunctionConfiguration', path);
  const { SubnetIds: subnets } = objectAt(body, 'VpcConfig');
  const variables = objectAt(objectAt(body, 'Environment'), 'Variables');
  const texts = Object.entries(variables).filter((entry): entry is [string, string] => typeof entry[1] === 'string');
  return {
    name,
    state: textOf(body['State']),
    trouble: body['LastUpdateStatus'] === 'Failed' ? textOf(body['LastUpdateStatusReason']) || 'it failed' : '',
    roleArn: textOf(body['Role']),
    subnets: Array.isArray(subnets) ? subnets.length : 0,
    environment: Object.fromEntries(texts),
  };
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
