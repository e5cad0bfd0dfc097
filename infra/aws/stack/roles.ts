// A role for each function, with what it calls and nothing else.
import type { Config } from '../../../shared/config/config.ts';
import { configCalls, reachesClusters } from './calls/config-calls.ts';
import { ownCalls } from './calls/own-calls.ts';
import { allow, type Statement } from './calls/statement.ts';
import { arnOf, ref, sub, when, type Fragment, type Resource } from './fragment.ts';
import { AWS_FUNCTIONS, type AwsFunctionName } from './functions.ts';
import { pascal, roleId } from './names.ts';
import { CONFIG_PARAMETER, HAS_CONFIG_PARAMETER, HAS_SECRET_KEYS, HAS_VPC, SECRET_KEYS } from './parameters.ts';
import { placed } from './policies.ts';

/** @throws TransshipError invalid-config for a configuration that asks for more than a role can hold */
export function roles(config: Config): Fragment {
  const calls = AWS_FUNCTIONS.map(({ name }) => ({ name, derived: configCalls(name, config) }));
  const readers = calls.filter(({ derived }) =>
    derived.some(({ Sid }) => Sid === 'ReadSecrets' || Sid === 'ReadParameters'),
  );
  return {
    Resources: {
      ...Object.fromEntries(calls.flatMap(({ name, derived }) => rolesOf(name, derived))),
      ...secretKeys(readers.map(({ name }) => name)),
      ConfigParameterPolicy: configParameter,
    },
    Outputs: Object.fromEntries(
      AWS_FUNCTIONS.map(({ name }) => [
        `${pascal(name)}RoleArn`,
        {
          Description: reachesClusters(name)
            ? `The role of ${name}, which needs an access entry in clusters of EKS`
            : `The role of ${name}`,
          Value: arnOf(roleId(name)),
        },
      ]),
    ),
  };
}

function rolesOf(name: AwsFunctionName, derived: readonly Statement[]): [string, Resource][] {
  const [inline = [], ...more] = placed(name, ownCalls(name), derived);
  return [
    [roleId(name), role(inline)],
    ...more.map((statements, index): [string, Resource] => [
      `${pascal(name)}Policy${index + 1}`,
      {
        Type: 'AWS::IAM::ManagedPolicy',
        Properties: { PolicyDocument: document(statements), Roles: [ref(roleId(name))] },
      },
    ]),
  ];
}

function role(statements: readonly Statement[]): Resource {
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
      Policies: [{ PolicyName: 'calls', PolicyDocument: document(statements) }],
    },
  };
}

/** For whoever reads secrets that a key of their owner encrypts. */
function secretKeys(readers: readonly AwsFunctionName[]): Record<string, Resource> {
  if (readers.length === 0) return {};
  const decrypt = {
    ...allow('DecryptSecrets', ['kms:Decrypt'], []),
    Resource: ref(SECRET_KEYS),
    Condition: { StringLike: { 'kms:ViaService': ['secretsmanager.*', 'ssm.*'] } },
  };
  return {
    SecretKeysPolicy: {
      Type: 'AWS::IAM::Policy',
      Condition: HAS_SECRET_KEYS,
      Properties: {
        PolicyName: 'secret-keys',
        PolicyDocument: { Version: '2012-10-17', Statement: [decrypt] },
        Roles: readers.map((name) => ref(roleId(name))),
      },
    },
  };
}

const configParameter: Resource = {
  Type: 'AWS::IAM::Policy',
  Condition: HAS_CONFIG_PARAMETER,
  Properties: {
    PolicyName: 'configuration',
    PolicyDocument: document([
      allow(
        'ReadConfiguration',
        ['ssm:GetParameter'],
        [sub(`arn:\${AWS::Partition}:ssm:\${AWS::Region}:\${AWS::AccountId}:parameter\${${CONFIG_PARAMETER}}`)],
      ),
    ]),
    Roles: AWS_FUNCTIONS.map(({ name }) => ref(roleId(name))),
  },
};

function document(statements: readonly Statement[]) {
  return { Version: '2012-10-17', Statement: statements };
}
