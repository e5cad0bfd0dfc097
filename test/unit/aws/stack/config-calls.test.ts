// Rights of functions that follow from configurations, the tricky ones: exactly the statements that are needed, and none beside.
import { describe, expect, it } from 'vitest';
import { configCalls } from '../../../../infra/aws/stack/calls/config-calls.ts';
import type { AwsFunctionName } from '../../../../infra/aws/stack/functions.ts';
import { configOf } from '../../../support/config-of.ts';

const OWN = '123456789012.dkr.ecr.eu-west-1.amazonaws.com';
const OTHER = '111122223333.dkr.ecr.us-east-1.amazonaws.com';
const CHINA = '123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn';
const ROLE = 'arn:aws:iam::111122223333:role/transship';

/** `Sid: action,… on resource,…`, without the service of ECR. */
function told(name: AwsFunctionName, text: string): string[] {
  return configCalls(name, configOf(text)).map(({ Sid, Action, Resource }) => {
    const resources = Resource.map((one) => (typeof one === 'string' ? one : String(Object.values(one ?? {})[0])));
    return `${Sid}: ${Action.join(',').replaceAll('ecr:', '')} on ${resources.join(' ')}`;
  });
}

const PULL = 'BatchCheckLayerAvailability,BatchGetImage,GetDownloadUrlForLayer';
const PUSH =
  'BatchCheckLayerAvailability,BatchGetImage,CompleteLayerUpload,GetDownloadUrlForLayer,InitiateLayerUpload,PutImage,UploadLayerPart';
const LOGIN = 'LogIn: GetAuthorizationToken on *';

function mirror(from: string, to: string, more = ''): string {
  return `mirrors: [{ name: r, from: "${from}", to: ["${to}"]${more} }]`;
}

describe('rights of the functions at ECR', () => {
  it('are none where the configuration has no registry of ECR', () => {
    const text = mirror('docker.io/library/alpine', 'harbor.acme.io/m/{name}');
    for (const name of ['mirror-image', 'sync-mirrors', 'http-api', 'reconcile-grants'] as const) {
      expect(told(name, text)).toEqual([]);
    }
  });

  it('are none for a registry that is asked without an identity of AWS', () => {
    const text = mirror('docker.io/library/alpine', `${OWN}/m/{name}`);
    expect(told('mirror-image', text)).toEqual([]);
    for (const credential of [
      'anonymous',
      '{ username: u, password: { env: P } }',
      '{ aws: { profile: p } }',
      '{ docker: {} }',
    ]) {
      expect(told('mirror-image', `registries: { ${OWN}: { credential: ${credential} } }\n${text}`)).toEqual([]);
    }
  });

  it('are reading of sources and writing of targets, by their ARNs', () => {
    const text = `
registries:
  ${OWN}: { credential: { aws: {} }, createRepository: { tags: { team: a } } }
  ${OTHER}: { credential: { aws: {} } }
${mirror(`${OTHER}/team/*`, `${OWN}/mirror/{repository}`, ', prune: apply')}`;
    const sources = 'arn:aws:ecr:us-east-1:111122223333:repository/team/*';
    const targets = 'arn:aws:ecr:eu-west-1:123456789012:repository/mirror/team/*';
    expect(told('mirror-image', text)).toEqual([
      LOGIN,
      `ReadSources: ${PULL},ListImages on ${sources}`,
      `WriteTargets: ${PUSH} on ${targets}`,
      `CreateRepositories: CreateRepository on ${targets}`,
      `TagRepositories: TagResource on ${targets}`,
    ]);
    expect(told('sync-mirrors', text)).toEqual([
      LOGIN,
      `ListSources: BatchGetImage,ListImages on ${sources}`,
      `CompareTargets: BatchGetImage,ListImages on ${targets}`,
      `PruneTargets: BatchDeleteImage on ${targets}`,
      'ListRepositories: DescribeRepositories on arn:aws:ecr:us-east-1:111122223333:repository/*',
    ]);
  });

  it('have the partition of the registry, and the registry that an alias stands for', () => {
    const text = `
registries: { ${CHINA}: { credential: { aws: {} }, aliases: [images.acme.cn] } }
${mirror('docker.io/library/alpine', 'images.acme.cn/{name}')}`;
    expect(told('mirror-image', text)).toEqual([
      LOGIN,
      `WriteTargets: ${PUSH} on arn:aws-cn:ecr:cn-north-1:123456789012:repository/alpine`,
    ]);
  });

  it('are of this account where the name of a registry tells none', () => {
    const text = `
registries: { images.acme.io: { kind: ecr, credential: { aws: { region: eu-south-1 } } } }
${mirror('docker.io/library/alpine', 'images.acme.io/{name}')}`;
    expect(told('mirror-image', text)[1]).toBe(
      `WriteTargets: ${PUSH} on arn:\${AWS::Partition}:ecr:eu-south-1:\${AWS::AccountId}:repository/alpine`,
    );
  });

  it('are the role and nothing else where the registry is asked by one', () => {
    const text = `
registries: { ${OTHER}: { credential: { aws: { roleArn: "${ROLE}" } }, createRepository: {} } }
${mirror('docker.io/library/alpine', `${OTHER}/{name}`)}
credentials: [{ name: c, clusters: [k], registries: [${OTHER}], namespaces: { all: true }, secret: { name: s } }]
clusters: [{ name: k, server: "https://k.acme.io", token: { env: T } }]
grants: [{ name: g, to: { awsAccount: "444455556666" }, pull: [{ registry: ${OTHER}, repository: a }], reason: r }]`;
    const names = [
      'mirror-image',
      'sync-mirrors',
      'http-api',
      'refresh-credentials',
      'give-access',
      'reconcile-grants',
    ] as const;
    for (const name of names) expect(told(name, text)).toEqual([`AssumePullRoles: sts:AssumeRole on ${ROLE}`]);
    expect(told('registry-push', text)).toEqual([]);
  });

  it('are pulling and nothing else for whoever issues credentials to clusters', () => {
    const text = `
registries: { ${OWN}: { credential: { aws: {} } } }
clusters: [{ name: k, server: "https://k.acme.io", token: { env: T } }]
credentials: [{ name: c, clusters: [k], registries: [${OWN}], namespaces: { all: true }, secret: { name: s } }]`;
    const expected = [LOGIN, `Pull: ${PULL} on arn:aws:ecr:eu-west-1:123456789012:repository/*`];
    expect(told('refresh-credentials', text)).toEqual(expected);
    expect(told('give-access', text)).toEqual(expected);
  });

  it('are the login and pushes of our own in the public gallery', () => {
    const text = `
registries: { public.ecr.aws: { credential: { aws: {} } } }
${mirror('docker.io/library/alpine', 'public.ecr.aws/acme/tools/{name}')}`;
    const [login, write, ...more] = told('mirror-image', text);
    expect(login).toBe('LogInToPublic: ecr-public:GetAuthorizationToken,sts:GetServiceBearerToken on *');
    expect(write).toBe(
      'WriteTargetsInPublic: ecr-public:BatchCheckLayerAvailability,ecr-public:CompleteLayerUpload,ecr-public:InitiateLayerUpload,ecr-public:PutImage,ecr-public:UploadLayerPart on arn:aws:ecr-public::${AWS::AccountId}:repository/tools/alpine',
    );
    expect(more).toEqual([]);
  });
});

describe('rights of grants at ECR', () => {
  const grant = (repository: string) =>
    `grants: [{ name: g, to: { awsAccount: "444455556666" }, pull: [{ registry: ${OWN}, repository: "${repository}" }], reason: r }]`;
  const READ_REGISTRY = 'ReadRegistryPolicy: GetAccountSetting,GetRegistryPolicy on *';
  const WRITE = 'DeleteRepositoryPolicy,GetRepositoryPolicy,SetRepositoryPolicy';
  const arn = (repository: string) => `arn:aws:ecr:eu-west-1:123456789012:repository/${repository}`;

  it('are the policies of the repositories that they name, also without an entry for the registry', () => {
    expect(told('reconcile-grants', grant('team/app'))).toEqual([
      `WritePolicies: ${WRITE} on ${arn('team/app')}`,
      READ_REGISTRY,
    ]);
  });

  it('are also the list of repositories for a pattern of one level', () => {
    expect(told('reconcile-grants', grant('team/*'))).toEqual([
      `WritePolicies: ${WRITE} on ${arn('team/*')}`,
      `ListRepositories: DescribeRepositories on ${arn('*')}`,
      READ_REGISTRY,
    ]);
  });

  it("are also the registry's own policy, in its region, for a pattern of any depth", () => {
    const statements = configCalls('reconcile-grants', configOf(grant('team/**')));
    expect(statements.map(({ Sid }) => Sid)).toEqual([
      'WritePolicies',
      'ListRepositories',
      'ReadRegistryPolicy',
      'WriteRegistryPolicy',
    ]);
    expect(statements[3]).toMatchObject({
      Action: ['ecr:DeleteRegistryPolicy', 'ecr:PutRegistryPolicy'],
      Resource: ['*'],
      Condition: { StringEquals: { 'aws:RequestedRegion': ['eu-west-1'] } },
    });
  });

  it('are making repositories that they name in full, where the registry has them made', () => {
    const text = `registries: { ${OWN}: { createRepository: {} } }\n${grant('team/app')}`;
    expect(told('reconcile-grants', text)).toEqual([
      `WritePolicies: ${WRITE} on ${arn('team/app')}`,
      READ_REGISTRY,
      `CreateRepositories: CreateRepository on ${arn('team/app')}`,
    ]);
  });

  it('are only reading for the API, of every repository of the registries that an audit looks at', () => {
    expect(told('http-api', grant('team/app'))).toEqual([
      `ReadPolicies: DescribeRepositories,GetRepositoryPolicy on ${arn('*')}`,
      READ_REGISTRY,
    ]);
  });

  it("are for the API, where there are grants, whether a registry's own policy counts, in the regions of all of them", () => {
    const registries = `
registries:
  ${OTHER}: { credential: { aws: {} } }
  images.acme.io: { kind: ecr, credential: { aws: { region: eu-south-1 } } }
  here.acme.io: { kind: ecr, credential: { aws: {} } }
  ${CHINA}: { credential: { aws: { roleArn: "${ROLE}" } } }`;
    const text = `${registries}\n${grant('team/app')}`;
    const [found] = configCalls('http-api', configOf(text)).filter(({ Sid }) => Sid === 'ReadRegistryPolicy');
    expect(found?.Action).toEqual(['ecr:GetAccountSetting', 'ecr:GetRegistryPolicy']);
    expect(found?.Condition).toEqual({
      StringEquals: { 'aws:RequestedRegion': ['eu-south-1', 'eu-west-1', 'us-east-1', { Ref: 'AWS::Region' }] },
    });
    for (const [name, other] of [
      ['give-access', text],
      ['http-api', registries],
    ] as const) {
      expect(configCalls(name, configOf(other)).map(({ Sid }) => Sid)).not.toContain('ReadRegistryPolicy');
    }
  });
});

describe('rights for clusters', () => {
  const eks = (more: string) => `clusters: [{ name: k, eks: { region: eu-west-1, cluster: prod${more} } }]`;

  it('are the look at an EKS cluster, for the functions that log in there', () => {
    const expected = ['FindClusters: eks:DescribeCluster on arn:aws:eks:eu-west-1:${AWS::AccountId}:cluster/prod'];
    for (const name of ['http-api', 'refresh-credentials', 'reconcile-grants', 'give-access'] as const) {
      expect(told(name, eks(''))).toEqual(expected);
    }
    for (const name of ['mirror-image', 'sync-mirrors', 'namespace-created', 'registry-token', 'timers'] as const) {
      expect(told(name, eks(''))).toEqual([]);
    }
  });

  it('are no look where the address is known, and only the role where one is assumed', () => {
    expect(told('refresh-credentials', eks(', endpoint: "https://k.acme.io"'))).toEqual([]);
    expect(told('refresh-credentials', eks(`, roleArn: "${ROLE}"`))).toEqual([
      `AssumePullRoles: sts:AssumeRole on ${ROLE}`,
    ]);
  });

  it('are of the one cluster whose RBAC the token endpoint stands for', () => {
    const text = `
clusters:
  - { name: k, eks: { region: eu-west-1, cluster: prod }, registries: { registry.acme.io: openshift } }
  - { name: l, eks: { region: eu-west-1, cluster: test } }
tokenEndpoint: { issuer: i, service: s, registry: registry.acme.io }`;
    expect(told('registry-token', text)).toEqual([
      'FindClusters: eks:DescribeCluster on arn:aws:eks:eu-west-1:${AWS::AccountId}:cluster/prod',
    ]);
  });
});

describe('rights for secrets', () => {
  it('are the secrets and parameters that the part of the configuration names which a function reads', () => {
    const text = `
masterKey: { awsParameter: { name: /transship/key } }
registries:
  a.acme.io: { credential: { username: { awsSecret: { id: a, key: u } }, password: { awsSecret: { id: a, key: p } } } }
  b.acme.io: { ca: { awsParameter: { name: "ca:3" } } }
receivers:
  - id: h
    kind: harbor
    registry: a.acme.io
    auth: { mode: header, name: authorization, secrets: [{ awsSecret: { id: "arn:aws:secretsmanager:eu-west-1:111122223333:secret:hook-AbCdEf" } }] }
clusters: [{ name: k, server: "https://k.acme.io", token: { awsSecret: { id: "arn:aws:secretsmanager:eu-west-1:111122223333:secret:k" } } }]`;
    const secret = 'arn:${AWS::Partition}:secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:';
    const parameter = 'arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter/';
    expect(told('mirror-image', text)).toEqual([
      `ReadSecrets: secretsmanager:GetSecretValue on ${secret}a-??????`,
      `ReadParameters: ssm:GetParameter on ${parameter}ca`,
    ]);
    expect(told('registry-push', text)).toEqual([
      'ReadSecrets: secretsmanager:GetSecretValue on arn:aws:secretsmanager:eu-west-1:111122223333:secret:hook-AbCdEf',
      `ReadParameters: ssm:GetParameter on ${parameter}transship/key`,
    ]);
    expect(told('refresh-credentials', text)[0]).toBe(
      `ReadSecrets: secretsmanager:GetSecretValue on ${secret}a-?????? arn:aws:secretsmanager:eu-west-1:111122223333:secret:k-??????`,
    );
    for (const name of ['ecr-push', 'timers', 'dead-letters'] as const) expect(told(name, text)).toEqual([]);
  });
});
