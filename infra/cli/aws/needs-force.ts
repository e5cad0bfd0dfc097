// When osls must not decide by itself that there is nothing to deploy.
import { VERSION } from '../../aws/host/user-agent.ts';
import type { Deployment } from './deployment.ts';
import { isDeployedWith, type Parameters } from './parameters.ts';
import type { Stack } from './stack.ts';

/**
 * osls deploys nothing where all is as it uploaded it last and functions were changed since. That is not what runs where CloudFormation took
 * that deployment back, or somebody did: then what the stack says of itself differs from what is to be.
 * https://github.com/oss-serverless/osls/blob/main/lib/plugins/aws/deploy/lib/check-for-changes.js
 *
 * @param deployed undefined where the stack does not say
 * @param parameters that it is to have
 */
export function needsForce(
  { status }: Pick<Stack, 'status'>,
  deployed: Deployment | undefined,
  parameters: Parameters,
): boolean {
  if (status.includes('ROLLBACK') || deployed?.version !== VERSION) return true;
  return !isDeployedWith(deployed, parameters);
}
