// What statements of policies let whom pull.
import { expect, test } from 'vitest';
import type { AuditFinding } from '../../../../shared/grants/audit-finding.ts';
import { auditStatement } from '../../../../shared/grants/ecr/audit-statement.ts';
import { parsePolicy, policyEntries } from '../../../../shared/grants/ecr/policy-document.ts';
import { statementMark } from '../../../../shared/grants/ecr/statement-mark.ts';

const HOST = '012345678901.dkr.ecr.eu-west-1.amazonaws.com';
const PULL = ['ecr:BatchCheckLayerAvailability', 'ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer'];

function audited(statement: object, place = 'team-a/app', denials: string[] = []): AuditFinding | undefined {
  const text = JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
  const [entry] = policyEntries(parsePolicy(text, { partition: 'aws', what: 'x' }), 'transship');
  if (entry === undefined) throw new Error('no statement');
  return auditStatement({ target: { backend: 'ecr', host: HOST, place }, entry, denials });
}

const partners = {
  Sid: 'Partners',
  Effect: 'Allow',
  Principal: { AWS: ['000000000042', 'arn:aws:iam::111122223333:role/ci'] },
  Action: PULL,
};
const when = (operator: string, key: string, value: string) => ({ Condition: { [operator]: { [key]: value } } });

test('a statement by hand is told with the grant that says the same', () => {
  expect(
    audited({ ...partners, ...when('DateLessThan', 'aws:CurrentTime', '2027-01-31T00:00:00Z') }, 'team-a/app', [
      'Sid No',
    ]),
  ).toEqual({
    target: { backend: 'ecr', host: HOST, place: 'team-a/app' },
    object: 'Sid Partners',
    who: ['account 000000000042', 'arn:aws:iam::111122223333:role/ci'],
    what: 'team-a/app',
    until: '2027-01-31T00:00:00Z',
    class: 'adoptable',
    flags: ['a Deny stands beside it: Sid No'],
    isUncertain: true,
    asGrant: {
      grantees: [
        { kind: 'AwsAccount', id: '000000000042' },
        { kind: 'AwsPrincipal', arn: 'arn:aws:iam::111122223333:role/ci' },
      ],
      what: [{ registry: HOST, what: { kind: 'repository', pattern: 'team-a/app' }, actions: ['pull'] }],
    },
  });
});

test.each<[string, object, Partial<AuditFinding>]>([
  ['ours', { ...partners, Sid: statementMark('transship', 'base', 0) }, { class: 'ours' }],
  ['of another instance', { ...partners, Sid: statementMark('other', 'base', 0) }, { class: 'adoptable' }],
  [
    'everybody',
    { ...partners, Principal: '*' },
    { class: 'over-broad', who: ['everybody'], flags: ['everybody: "Principal":"*"'] },
  ],
  ['everybody, in a list', { ...partners, Principal: { AWS: ['*', '000000000042'] } }, { class: 'over-broad' }],
  [
    'everybody under a condition',
    { ...partners, Principal: '*', ...when('IpAddress', 'aws:SourceIp', '10.0.0.0/8') },
    {
      class: 'over-broad',
      flags: ['everybody: "Principal":"*"', 'only under a condition: IpAddress aws:SourceIp'],
      isUncertain: true,
    },
  ],
  [
    'an organization',
    { ...partners, Principal: '*', ...when('StringEquals', 'AWS:principalorgid', 'o-a1b2c3d4e5') },
    {
      class: 'adoptable',
      who: ['everybody of organization o-a1b2c3d4e5'],
      asGrant: expect.objectContaining({ grantees: [{ kind: 'AwsOrganization', id: 'o-a1b2c3d4e5' }] }),
    },
  ],
  [
    'a part of one',
    {
      ...partners,
      Principal: '*',
      ...when('ForAnyValue:StringLike', 'aws:PrincipalOrgPaths', 'o-a1b2c3d4e5/r-ab12/*'),
    },
    {
      class: 'adoptable',
      who: ['everybody of organization o-a1b2c3d4e5/r-ab12/*'],
      asGrant: expect.objectContaining({
        grantees: [{ kind: 'AwsOrganization', id: 'o-a1b2c3d4e5', paths: ['o-a1b2c3d4e5/r-ab12/*'] }],
      }),
    },
  ],
  ['a wildcard', { ...partners, Action: 'ecr:*' }, { class: 'over-broad', flags: ['wildcard action ecr:*'] }],
  [
    'all but some actions',
    { Sid: 'x', Effect: 'Allow', Principal: { AWS: '000000000042' }, NotAction: 'ecr:Put*' },
    { class: 'over-broad', flags: ['NotAction: all but those named'] },
  ],
  [
    'all but some principals',
    { Sid: 'x', Effect: 'Allow', NotPrincipal: { AWS: '000000000042' }, Action: PULL },
    { class: 'over-broad', who: ['everybody but account 000000000042'] },
  ],
  [
    'pushes as well',
    { ...partners, Action: [...PULL, 'ecr:PutImage'] },
    { class: 'over-broad', flags: ['more than pulling: ecr:PutImage'] },
  ],
  [
    'lists as well',
    { ...partners, Action: [...PULL, 'ecr:ListImages'] },
    {
      class: 'adoptable',
      asGrant: expect.objectContaining({ what: [expect.objectContaining({ actions: ['pull', 'list'] })] }),
    },
  ],
  [
    'a deleted role',
    { ...partners, Principal: { AWS: 'AROAEXAMPLEID12345' } },
    { class: 'foreign', flags: ['dead principal AROAEXAMPLEID12345'] },
  ],
  [
    'a service',
    { ...partners, Principal: { Service: 'codebuild.amazonaws.com' } },
    { class: 'foreign', who: ['service codebuild.amazonaws.com'] },
  ],
  [
    'Lambda',
    {
      Sid: 'LambdaECRImageRetrievalPolicy',
      Effect: 'Allow',
      Principal: { Service: 'lambda.amazonaws.com' },
      Action: [...PULL, 'ecr:SetRepositoryPolicy'],
    },
    { class: 'platform' },
  ],
  ['without a Sid', { ...partners, Sid: undefined }, { object: 'statement without a Sid' }],
])('%s', (_, statement, expected) => expect(audited(statement)).toMatchObject(expected));

test.each([
  ['a Deny', { ...partners, Effect: 'Deny' }],
  ['a push only', { ...partners, Action: 'ecr:PutImage' }],
  ['a check for layers only', { ...partners, Action: 'ecr:BatchCheckLayerAvailability' }],
  ['all but pulls', { Effect: 'Allow', Principal: '*', NotAction: ['ecr:BatchGet*', 'ecr:GetDownload*'] }],
])('%s lets nobody pull', (_, statement) => expect(audited(statement)).toBeUndefined());

test('a statement of the registry is told by its patterns', () => {
  const arn = (name: string) => `arn:aws:ecr:eu-west-1:012345678901:repository/${name}`;
  expect(audited({ ...partners, Resource: [arn('team-a/*'), arn('app')] }, '')).toMatchObject({
    what: 'app, team-a/**',
    class: 'adoptable',
  });
  expect(audited({ ...partners, Resource: '*' }, '')).toMatchObject({ what: 'every repository', class: 'over-broad' });
  expect(audited({ ...partners, Resource: arn('*') }, '')).toMatchObject({
    what: 'every repository',
    flags: ['every repository'],
  });
});
