// The functions in a VPC, where subnets are given: for API servers and registries that are not reached from the internet.
import { lambdaId } from './names.ts';
import { AWS_FUNCTIONS } from './functions.ts';
import { ref, when } from './fragment.ts';
import { HAS_VPC, SECURITY_GROUPS, SUBNETS } from './parameters.ts';

/** What osls adds to the functions that it makes. */
export const vpcExtensions = Object.fromEntries(
  AWS_FUNCTIONS.map(({ name }) => [
    lambdaId(name),
    {
      Properties: {
        VpcConfig: when(HAS_VPC, { SubnetIds: ref(SUBNETS), SecurityGroupIds: ref(SECURITY_GROUPS) }),
      },
    },
  ]),
);
