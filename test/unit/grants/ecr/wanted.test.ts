// What grants are in policies of ECR.
import { describe, expect, test } from 'vitest';
import { ecrPrincipalPolicy } from '../../../../shared/grants/ecr/principal-policy.ts';
import { ecrWanted } from '../../../../shared/grants/ecr/wanted.ts';
import type { Grantee, PullAction, PullGrant, PullPart } from '../../../../shared/grants/grant.ts';
import type { Survey } from '../../../../shared/grants/site.ts';
import { pullGrant } from '../../../support/grants/pull-grant.ts';

const HOST = '012345678901.dkr.ecr.eu-west-1.amazonaws.com';
const PULL = ['ecr:BatchCheckLayerAvailability', 'ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer'];
const partner: Grantee = { kind: 'AwsAccount', id: '000000000042' };
const role: Grantee = { kind: 'AwsPrincipal', arn: 'arn:aws:iam::000000000042:role/ci/pull' };
const organization: Grantee = { kind: 'AwsOrganization', id: 'o-a1b2c3d4e5' };

type Asked = { parts?: PullPart[]; survey?: Survey; grant?: Partial<PullGrant>; host?: string; instance?: string };

function wanted(
  grantees: Grantee[],
  { parts, survey = {}, grant = {}, host = HOST, instance = 'transship' }: Asked = {},
) {
  const site = { backend: 'ecr', host, profiles: new Map() } as const;
  return ecrWanted({ grant: pullGrant(grant), parts: parts ?? [part('team-a/app')], grantees, site, survey, instance });
}

function part(pattern: string, ...more: PullAction[]): PullPart {
  return { registry: HOST, what: { kind: 'repository', pattern }, actions: ['pull', ...more] };
}

describe('a grant', () => {
  test('is one statement with all its principals, sorted, and its end in whole seconds', () => {
    const expiresAt = new Date('2027-01-31T00:00:00.750Z');
    const { entries, shortfalls } = wanted([role, partner, partner], { grant: { expiresAt } });
    expect(shortfalls).toEqual([]);
    expect(entries).toEqual([
      {
        target: { backend: 'ecr', host: HOST, place: 'team-a/app' },
        key: expect.stringMatching(/^PG[a-z2-7]{10}x0$/),
        content: {
          Effect: 'Allow',
          Principal: { AWS: ['arn:aws:iam::000000000042:role/ci/pull', 'arn:aws:iam::000000000042:root'] },
          Action: PULL,
          Condition: { DateLessThan: { 'aws:CurrentTime': ['2027-01-31T00:00:00Z'] } },
        },
        grants: ['base'],
        endsAt: expiresAt,
        overbroad: 'the whole account 000000000042, which the configuration does not know',
      },
    ]);
  });

  test('that lists as well has the actions for it', () => {
    const [entry] = wanted([role], { parts: [part('app'), part('app', 'list')] }).entries;
    expect(entry?.content).toMatchObject({ Action: expect.arrayContaining(['ecr:ListImages', 'ecr:DescribeImages']) });
  });

  test('for organizations lets in everybody of them, and nobody else', () => {
    const paths = ['o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/*'];
    const { entries } = wanted([
      organization,
      { kind: 'AwsOrganization', id: 'o-zzzzzzzzzz' },
      { ...organization, paths },
      role,
    ]);
    expect(
      entries.map(({ key, content, overbroad }) => ({ shard: key.split('x').at(-1), content, overbroad })),
    ).toEqual([
      {
        shard: '0',
        content: expect.objectContaining({ Principal: { AWS: ['arn:aws:iam::000000000042:role/ci/pull'] } }),
      },
      {
        shard: '1',
        content: {
          Effect: 'Allow',
          Principal: { AWS: ['*'] },
          Action: PULL,
          Condition: { StringEquals: { 'aws:PrincipalOrgID': ['o-a1b2c3d4e5', 'o-zzzzzzzzzz'] } },
        },
      },
      {
        shard: '2',
        content: {
          Effect: 'Allow',
          Principal: { AWS: ['*'] },
          Action: PULL,
          Condition: { 'ForAnyValue:StringLike': { 'aws:PrincipalOrgPaths': paths } },
        },
      },
    ]);
  });

  test('has another mark in another instance, and at another grant', () => {
    const marks = [wanted([role]), wanted([role], { instance: 'b' }), wanted([role], { grant: { id: 'other' } })];
    expect(new Set(marks.map(({ entries }) => entries[0]?.key)).size).toBe(3);
  });
});

describe('partitions', () => {
  test.each([
    ['012345678901.dkr.ecr.cn-north-1.amazonaws.com.cn', 'aws-cn'],
    ['012345678901.dkr.ecr.us-gov-west-1.amazonaws.com', 'aws-us-gov'],
    ['012345678901.dkr.ecr-fips.us-east-1.amazonaws.com', 'aws'],
  ])('%s is of %s', (host, partition) => {
    expect(wanted([partner], { host }).entries[0]?.content).toMatchObject({
      Principal: { AWS: [`arn:${partition}:iam::000000000042:root`] },
    });
  });

  test('a principal of another one is not supported', () => {
    const { entries, shortfalls } = wanted([role], { host: '012345678901.dkr.ecr.cn-north-1.amazonaws.com.cn' });
    expect(entries).toEqual([]);
    expect(shortfalls).toMatchObject([
      { state: 'Unsupported', message: expect.stringContaining('is of partition aws') },
    ]);
  });
});

describe('further than without approval', () => {
  test.each<[string, Grantee[], Asked, string | undefined]>([
    ['its own account', [{ kind: 'AwsAccount', id: '012345678901' }], {}, undefined],
    ['a known account', [partner], { survey: { facts: { 'known-accounts': '1,000000000042' } } }, undefined],
    ['a stranger that somebody approved of', [partner], { grant: { approvedBy: 'alice' } }, undefined],
    [
      'everybody, approved or not',
      [{ kind: 'AwsPrincipal', arn: '*' }],
      { grant: { approvedBy: 'a' } },
      'everybody at all',
    ],
    ['a role', [role], {}, undefined],
    ['an organization', [organization], {}, undefined],
    ['a stranger', [partner], {}, 'the whole account 000000000042, which the configuration does not know'],
    [
      'the root of a stranger',
      [{ kind: 'AwsPrincipal', arn: 'arn:aws:iam::000000000042:root' }],
      {},
      'the whole account 000000000042, which the configuration does not know',
    ],
    ['everybody', [{ kind: 'AwsPrincipal', arn: '*' }], {}, 'everybody at all'],
    ['all', [role], { parts: [part('**')], survey: { repositories: ['a'] } }, 'every repository'],
    [
      'everybody to all',
      [{ kind: 'AwsPrincipal', arn: '*' }],
      { parts: [part('**')], survey: { repositories: ['a'] } },
      'everybody at all, every repository',
    ],
  ])('%s', (_, grantees, asked, overbroad) => {
    expect(wanted(grantees, asked).entries.map((entry) => entry.overbroad)).toEqual([overbroad]);
  });
});

describe('patterns', () => {
  const repositories = ['team-a/app', 'team-a/app/db', 'team-ab/app', 'team-a/zoo'];
  const placesOf = (asked: Asked) => wanted([role], asked).entries.map(({ target: { place } }) => place);

  test('are spelled out', () => {
    expect(placesOf({ parts: [part('team-a/*')], survey: { repositories } })).toEqual(['team-a/app', 'team-a/zoo']);
    expect(placesOf({ parts: [part('team-a/**')], survey: { repositories } })).toEqual([
      'team-a/app',
      'team-a/app/db',
      'team-a/zoo',
    ]);
  });

  test('that mean no repository yet are pending', () => {
    expect(wanted([role], { parts: [part('team-b/*')], survey: { repositories } })).toEqual({
      entries: [],
      shortfalls: [
        {
          grant: 'base',
          target: { backend: 'ecr', host: HOST, place: '' },
          state: 'Pending',
          message: 'no repository is called like team-b/* yet',
        },
      ],
    });
  });

  test('of any depth are for the policy of the registry, where it counts; of one level are not', () => {
    const survey = { repositories, facts: { 'registry-policy-scope': 'V2' } };
    const parts = [part('team-a/**'), part('team-c/**', 'list'), part('team-a/*')];
    const { entries } = wanted([role], { parts, survey });
    expect(
      entries.map(({ target: { place }, key, content }) => [
        place,
        key.slice(-1),
        'Resource' in Object(content) ? Object(content).Resource : undefined,
      ]),
    ).toEqual([
      ['team-a/app', '0', undefined],
      ['team-a/zoo', '0', undefined],
      ['', '0', ['arn:aws:ecr:eu-west-1:012345678901:repository/team-a/*']],
      ['', '3', ['arn:aws:ecr:eu-west-1:012345678901:repository/team-c/*']],
    ]);
  });

  test.each(['a', 'Team/app', 'x'.repeat(257), 'team//app'])('%s is no name of a repository', (name) => {
    expect(wanted([role], { parts: [part(name)] })).toMatchObject({
      entries: [],
      shortfalls: [{ state: 'Unsupported' }],
    });
  });

  test.each(['ab', 'x'.repeat(256), 'a_b/c.d-e'])('%s is one', (name) => {
    expect(placesOf({ parts: [part(name)] })).toEqual([name]);
  });

  test('an image namespace is not known', () => {
    const what = { kind: 'namespace', name: 'shared' } as const;
    expect(wanted([role], { parts: [{ registry: HOST, what, actions: ['pull'] }] }).shortfalls).toMatchObject([
      { state: 'Unsupported', hint: 'write repository: shared/** in place of the namespace' },
    ]);
  });
});

test.each<[Grantee, RegExp]>([
  [{ kind: 'ServiceAccount', cluster: 'prod', namespace: 'my-ns', name: 'default' }, /IRSA/],
  [{ kind: 'NamespaceServiceAccounts', cluster: 'prod', namespace: 'my-ns' }, /pull Secret/],
  [{ kind: 'NamespaceSelector', cluster: 'prod', selector: 'all' }, /pull Secret/],
  [{ kind: 'Group', cluster: 'prod', name: 'devs' }, /pull Secret/],
  [{ kind: 'User', name: 'alice' }, /awsRole/],
  [{ kind: 'GooglePrincipal', member: 'allUsers' }, /awsRole/],
  [{ kind: 'AzurePrincipal', objectId: 'x', principalType: 'User' }, /awsRole/],
  [{ kind: 'AwsAccount', id: '12345' }, /twelve digits/],
  [{ kind: 'AwsPrincipal', arn: 'arn:aws:iam::000000000042:role/*' }, /no wildcard/],
  [{ kind: 'AwsPrincipal', arn: 'arn:aws:iam::000000000042:group/devs' }, /no group/],
  [{ kind: 'AwsOrganization', id: 'o-a1b2c3d4e5', paths: ['*'] }, /o-a1b2c3d4e5/],
])('what no policy can say is told, and the others of the grant are in: %o', (grantee, hint) => {
  const { entries, shortfalls } = wanted([grantee, role]);
  expect(entries.map(({ content }) => content)).toMatchObject([
    { Principal: { AWS: ['arn:aws:iam::000000000042:role/ci/pull'] } },
  ]);
  expect(shortfalls).toMatchObject([{ grant: 'base', state: 'Unsupported', hint: expect.stringMatching(hint) }]);
});

describe('what the other side needs', () => {
  const repository = (name: string) => `arn:aws:ecr:eu-west-1:012345678901:repository/${name}`;

  test('is a login, and pulls from what is granted', () => {
    expect(ecrPrincipalPolicy([part('team-a/app'), part('team-b/**', 'list')])).toEqual({
      Version: '2012-10-17',
      Statement: [
        { Sid: 'LogIn', Effect: 'Allow', Action: ['ecr:GetAuthorizationToken'], Resource: '*' },
        { Sid: 'Pull', Effect: 'Allow', Action: PULL, Resource: [repository('team-a/app'), repository('team-b/*')] },
        {
          Sid: 'List',
          Effect: 'Allow',
          Action: ['ecr:DescribeImages', 'ecr:ListImages'],
          Resource: [repository('team-b/*')],
        },
      ],
    });
  });

  test('is nothing for other registries', () => {
    expect(ecrPrincipalPolicy([{ ...part('app'), registry: 'harbor.acme.io' }])).toBeUndefined();
  });
});
