// The least policies for pulls from ECR: what stands on every resource, what on repositories, and in which partition.
import { expect, test } from 'vitest';
import { assumeRolePolicy, ecrPullPolicy } from '../../../shared/registries/aws-pull-policy.ts';

const HOST = '123456789012.dkr.ecr.eu-west-1.amazonaws.com';
const PULL = ['ecr:BatchCheckLayerAvailability', 'ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer'];

test('logs in on everything and pulls from the repositories, with no action more', () => {
  expect(ecrPullPolicy({ registries: [HOST, 'ghcr.io'] })).toEqual({
    Version: '2012-10-17',
    Statement: [
      { Sid: 'LogIn', Effect: 'Allow', Action: ['ecr:GetAuthorizationToken'], Resource: '*' },
      {
        Sid: 'Pull',
        Effect: 'Allow',
        Action: PULL,
        Resource: ['arn:aws:ecr:eu-west-1:123456789012:repository/*'],
      },
    ],
  });
});

test.each([
  [`${HOST}/team/*`, 'arn:aws:ecr:eu-west-1:123456789012:repository/team/*'],
  ['123456789012.dkr-ecr.eu-west-1.on.aws/app', 'arn:aws:ecr:eu-west-1:123456789012:repository/app'],
  ['123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn', 'arn:aws-cn:ecr:cn-north-1:123456789012:repository/*'],
  [
    '123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com',
    'arn:aws-us-gov:ecr:us-gov-west-1:123456789012:repository/*',
  ],
  ['123456789012.dkr.ecr.us-iso-east-1.c2s.ic.gov', 'arn:aws-iso:ecr:us-iso-east-1:123456789012:repository/*'],
])('names the repositories of %s in their partition', (registry, arn) => {
  expect(ecrPullPolicy({ registries: [registry, registry] })?.Statement[1]?.Resource).toEqual([arn]);
});

test('lets first pulls through a cache make repositories only if that is wanted', () => {
  const [, , through] = ecrPullPolicy({ registries: [HOST], pullThrough: true })?.Statement ?? [];
  expect(through?.Action).toEqual(['ecr:BatchImportUpstreamImage', 'ecr:CreateRepository']);
});

test('ECR Public needs a bearer token of STS as well', () => {
  expect(ecrPullPolicy({ registries: ['public.ecr.aws'] })?.Statement).toEqual([
    {
      Sid: 'LogInToPublic',
      Effect: 'Allow',
      Action: ['ecr-public:GetAuthorizationToken', 'sts:GetServiceBearerToken'],
      Resource: '*',
    },
  ]);
});

test('there is no policy where there is nothing of AWS', () => {
  expect(ecrPullPolicy({ registries: ['ghcr.io'] })).toBeUndefined();
  expect(assumeRolePolicy([])).toBeUndefined();
});

test('an identity that assumes roles needs these, each once', () => {
  const role = 'arn:aws:iam::123456789012:role/pull';
  expect(assumeRolePolicy([role, role])?.Statement).toEqual([
    { Sid: 'AssumePullRoles', Effect: 'Allow', Action: ['sts:AssumeRole'], Resource: [role] },
  ]);
});
