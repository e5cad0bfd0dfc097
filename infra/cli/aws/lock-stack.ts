// Locks the stack against its removal, or unlocks it, as its parameter `protectStack` says. CloudFormation keeps that beside the template.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-protect-stacks.html
import { isTransshipError, messageOf } from '../../../shared/errors.ts';
import { askQuery } from './ask-aws.ts';
import type { AwsPlace } from './aws-place.ts';
import type { Warning } from './deploy-warnings.ts';
import { readDeployment } from './deployment.ts';
import type { Stack } from './stack.ts';

/**
 * What is as it should be is not touched.
 * @returns what is to be told where it could not be done: the deployment is good all the same
 */
export async function lockStack(place: AwsPlace, { isProtected }: Stack): Promise<Warning[]> {
  try {
    const wanted = (await readDeployment(place))?.parameters.get('protectStack');
    if (wanted === undefined || (wanted === 'true') === isProtected) return [];
    await askQuery(place, 'cloudformation', 'UpdateTerminationProtection', {
      StackName: place.stack,
      EnableTerminationProtection: wanted,
    });
    return [];
  } catch (error) {
    if (!isTransshipError(error) || error.code === 'interrupted') throw error;
    return [
      {
        message: `${place.stack} is deployed, but whether it may be removed could not be set: ${messageOf(error)}`,
        hint: `transship aws doctor says how it is; somebody who may sets it: ${lockCommand(place, !isProtected)}`,
      },
    ];
  }
}

export function lockCommand({ stack, region }: AwsPlace, isLocked: boolean): string {
  const option = isLocked ? '--enable-termination-protection' : '--no-enable-termination-protection';
  return `aws cloudformation update-termination-protection ${option} --stack-name ${stack} --region ${region}`;
}
