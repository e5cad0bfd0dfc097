// A role for each function, with what it calls and nothing else.
import type { Config } from '../../../shared/config/config.ts';
import { ownCalls } from './calls/own-calls.ts';
import { arnOf, sub, when, type Fragment, type Resource } from './fragment.ts';
import { AWS_FUNCTIONS, type AwsFunctionName } from './functions.ts';
import { pascal, roleId } from './names.ts';
import { HAS_VPC } from './parameters.ts';

export function roles(_config: Config): Fragment {
  return {
    Resources: Object.fromEntries(AWS_FUNCTIONS.map(({ name }) => [roleId(name), role(name)])),
    Outputs: Object.fromEntries(
      AWS_FUNCTIONS.map(({ name }) => [
        `${pascal(name)}RoleArn`,
        { Description: `The role of ${name}`, Value: arnOf(roleId(name)) },
      ]),
    ),
  };
}

function role(name: AwsFunctionName): Resource {
  return {
    Type: 'AWS::IAM::Role',
    Properties: {
      AssumeRolePolicyDocument: {
        Version: '2012-10-17',
        Statement: [{ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }],
      },
      // network interfaces have no names before they are there: a policy of AWS, and only where there is a VPC
      ManagedPolicyArns: [
        when(HAS_VPC, sub('arn:${AWS::Partition}:iam::aws:policy/service-role/AWSLambdaVPCAccessExecutionRole')),
      ],
      Policies: [{ PolicyName: 'calls', PolicyDocument: { Version: '2012-10-17', Statement: ownCalls(name) } }],
    },
  };
}
