// Whether policies let somebody pull, by the rules of AWS.
import { describe, expect, test } from 'vitest';
import type { Json } from '../../../../shared/grants/canonical.ts';
import { canonicalStatement } from '../../../../shared/grants/ecr/canonical-statement.ts';
import { evaluatePolicy, type Puller } from '../../../../shared/grants/ecr/evaluate-policy.ts';
import { judgeEntry } from '../../../../shared/grants/ecr/verify-entry.ts';

type Statement = { [key: string]: Json };

const at = new Date('2026-11-21T12:00:00Z');
const resource = 'arn:aws:ecr:eu-west-1:012345678901:repository/team-a/app';
const root = { arn: 'arn:aws:iam::111122223333:root' };
const role = { arn: 'arn:aws:iam::111122223333:role/ci/pull' };
const session = { arn: 'arn:aws:sts::111122223333:assumed-role/pull/build-1' };
const organization = { organization: 'o-a1b2c3d4e5' };
const path = { organizationPath: 'o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/*' };

function allow(principal: Json, more: Statement = {}): Statement {
  return { Effect: 'Allow', Principal: principal, Action: 'ecr:BatchGetImage', ...more };
}

function deny(principal: Json, more: Statement = {}): Statement {
  return allow(principal, { Effect: 'Deny', ...more });
}

function when(operator: string, key: string, value: Json): Statement {
  return { Condition: { [operator]: { [key]: value } } };
}

function judged(who: Puller, ...statements: Statement[]) {
  const all = statements.map((one, index) => ({ label: `Sid s${index}`, content: canonicalStatement(one, 'aws') }));
  return evaluatePolicy(all, { who, actions: ['ecr:BatchGetImage'], resource, at }).answer;
}

test.each<[string, Puller, Statement[], string]>([
  ['nothing allows nobody', role, [], 'denied'],
  ['the principal itself', role, [allow({ AWS: role.arn })], 'allowed'],
  ['its account', role, [allow({ AWS: '111122223333' })], 'allowed'],
  ['another account', role, [allow({ AWS: '111122223334' })], 'denied'],
  ['everybody', role, [allow('*')], 'allowed'],
  ['another role of the account', role, [allow({ AWS: 'arn:aws:iam::111122223333:role/other' })], 'denied'],
  ['a session of the role, whose path it does not tell', session, [allow({ AWS: role.arn })], 'allowed'],
  ['a session of another role', session, [allow({ AWS: 'arn:aws:iam::111122223333:role/push' })], 'denied'],
  ['one role says nothing for its account', root, [allow({ AWS: role.arn })], 'denied'],
  ['a service', role, [allow({ Service: 'lambda.amazonaws.com' })], 'denied'],
  ['a deleted one', role, [allow({ AWS: 'AROAEXAMPLEID12345' })], 'denied'],
  ['another action', role, [allow('*', { Action: 'ecr:PutImage' })], 'denied'],
  ['a wildcard of actions', role, [allow('*', { Action: ['ECR:batch*'] })], 'allowed'],
  ['all actions', role, [allow('*', { Action: '*' })], 'allowed'],
  ['all actions but it', role, [{ Effect: 'Allow', Principal: '*', NotAction: 'ecr:Batch*' }], 'denied'],
  ['all actions but others', role, [{ Effect: 'Allow', Principal: '*', NotAction: 'ecr:Put*' }], 'allowed'],
  [
    'a repository of the registry',
    role,
    [allow('*', { Resource: 'arn:aws:ecr:*:012345678901:repository/team-a/*' })],
    'allowed',
  ],
  ['another repository', role, [allow('*', { Resource: 'arn:aws:ecr:*:012345678901:repository/team-ab/*' })], 'denied'],
  ['all but others', role, [{ ...allow('*'), NotResource: 'arn:aws:ecr:*:*:repository/x' }], 'allowed'],
  [
    'everybody but',
    role,
    [{ Effect: 'Deny', NotPrincipal: { AWS: role.arn }, Action: '*' }, allow('*')],
    'unverifiable',
  ],
  ['a Deny counts more', role, [allow({ AWS: role.arn }), deny('*')], 'denied'],
  ['a Deny for another one', role, [allow('*'), deny({ AWS: '111122223334' })], 'allowed'],
  ['a Deny for one role denies a part of the account', root, [allow('*'), deny({ AWS: role.arn })], 'unverifiable'],
  ['a Deny without TLS', role, [allow('*'), deny('*', when('Bool', 'aws:SecureTransport', false))], 'allowed'],
  [
    'a Deny from elsewhere',
    role,
    [allow('*'), deny('*', when('NotIpAddress', 'aws:SourceIp', '10.0.0.0/8'))],
    'unverifiable',
  ],
  ['a Deny that nothing needs', role, [deny('*', when('NotIpAddress', 'aws:SourceIp', '10.0.0.0/8'))], 'denied'],
  ['from an endpoint', role, [allow('*', when('StringEquals', 'aws:SourceVpce', 'vpce-1'))], 'unverifiable'],
  ['with a variable', role, [allow('*', when('StringEquals', 'aws:PrincipalAccount', '${aws:x}'))], 'unverifiable'],
  ['with what is no condition', role, [allow('*', { Condition: 'x' })], 'unverifiable'],
  ['before its end', role, [allow('*', when('DateLessThan', 'aws:CurrentTime', '2026-11-21T12:00:01Z'))], 'allowed'],
  ['at its end', role, [allow('*', when('DateLessThan', 'aws:CurrentTime', '2026-11-21T12:00:00Z'))], 'denied'],
  [
    'before its beginning',
    role,
    [allow('*', when('DateGreaterThanEquals', 'aws:CurrentTime', '2026-11-22T00:00:00Z'))],
    'denied',
  ],
  ['by account', role, [allow('*', when('StringEquals', 'aws:PrincipalAccount', ['111122223333']))], 'allowed'],
  ['by another account', role, [allow('*', when('StringNotEquals', 'aws:PrincipalAccount', '111122223333'))], 'denied'],
  ['by ARN', role, [allow('*', when('ArnLike', 'aws:PrincipalArn', 'arn:aws:iam::*:role/ci/*'))], 'allowed'],
  ['by another ARN', role, [allow('*', when('ArnNotLike', 'aws:PrincipalArn', 'arn:aws:iam::*:role/ci/*'))], 'denied'],
  [
    'by an organization that may be its own',
    role,
    [allow('*', when('StringEquals', 'aws:PrincipalOrgID', 'o-a1b2c3d4e5'))],
    'unverifiable',
  ],
  [
    'its organization',
    organization,
    [allow('*', when('StringEquals', 'aws:PrincipalOrgID', 'o-a1b2c3d4e5'))],
    'allowed',
  ],
  [
    'another organization',
    organization,
    [allow('*', when('StringEquals', 'aws:PrincipalOrgID', 'o-zzzzzzzzzz'))],
    'denied',
  ],
  ['an account of it, perhaps', organization, [allow({ AWS: '111122223333' })], 'denied'],
  [
    'a part of it',
    path,
    [allow('*', when('ForAnyValue:StringLike', 'aws:PrincipalOrgPaths', path.organizationPath))],
    'allowed',
  ],
  ['the whole of it', path, [allow('*', when('StringEquals', 'aws:PrincipalOrgID', 'o-a1b2c3d4e5'))], 'allowed'],
  [
    'another part',
    path,
    [allow('*', when('ForAnyValue:StringLike', 'aws:PrincipalOrgPaths', 'o-a1b2c3d4e5/r-zz99/*'))],
    'denied',
  ],
])('%s', (_, who, statements, expected) => expect(judged(who, ...statements)).toBe(expected));

test('every action is needed', () => {
  const statements = [{ label: 'Sid a', content: canonicalStatement(allow('*'), 'aws') }];
  const actions = ['ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer'];
  expect(evaluatePolicy(statements, { who: role, actions, resource, at })).toEqual({
    answer: 'denied',
    note: 'no statement allows ecr:GetDownloadUrlForLayer',
  });
});

describe('an entry', () => {
  const host = '012345678901.dkr.ecr.eu-west-1.amazonaws.com';
  const own = 'arn:aws:iam::012345678901:role/node';
  const judge = (content: Statement, statements: Statement[], expected: 'allowed' | 'denied') =>
    judgeEntry({
      host,
      content: canonicalStatement(content, 'aws'),
      statements: statements.map((one) => ({ label: 'Sid other', content: canonicalStatement(one, 'aws') })),
      resources: [resource],
      expected,
      at,
    });

  test('is allowed when everybody in it is, and the one that is not is named', () => {
    const both = allow({ AWS: ['111122223333', '444455556666'] });
    expect(judge(both, [both], 'allowed')).toMatchObject({ answer: 'allowed', method: 'policy-evaluation' });
    expect(judge(both, [allow({ AWS: '111122223333' })], 'allowed')).toMatchObject({
      answer: 'denied',
      note: 'arn:aws:iam::444455556666:root: no statement allows ecr:BatchGetImage',
    });
  });

  test('that is gone is still allowed where another statement says the same', () => {
    const gone = allow({ AWS: '111122223333' });
    expect(judge(gone, [], 'denied')).toMatchObject({ answer: 'denied' });
    expect(judge(gone, [allow('*')], 'denied')).toMatchObject({
      answer: 'allowed',
      note: expect.stringContaining('Sid other'),
    });
  });

  test('of the registry’s own account may be allowed by a policy that is not seen', () => {
    expect(judge(allow({ AWS: own }), [], 'denied')).toMatchObject({
      answer: 'unverifiable',
      note: expect.stringContaining('same account'),
    });
    expect(judge(allow({ AWS: own }), [deny('*')], 'denied')).toMatchObject({ answer: 'denied' });
    expect(judge(allow({ AWS: own }), [allow({ AWS: own })], 'allowed').note).toBe(`${own}: Sid other allows it`);
  });

  test('of an organization is asked for as that', () => {
    const content = allow('*', when('StringEquals', 'aws:PrincipalOrgID', ['o-a1b2c3d4e5', 'o-zzzzzzzzzz']));
    expect(judge(content, [content], 'allowed')).toMatchObject({ answer: 'allowed' });
    expect(
      judge(content, [allow('*', when('StringEquals', 'aws:PrincipalOrgID', 'o-a1b2c3d4e5'))], 'allowed'),
    ).toMatchObject({
      answer: 'denied',
      note: expect.stringContaining('organization o-zzzzzzzzzz'),
    });
  });

  test('that is no statement, or names nobody, cannot be told', () => {
    expect(judge(allow({ Service: 'x.amazonaws.com' }), [], 'allowed').answer).toBe('unverifiable');
    const nothing = judgeEntry({ host, content: null, statements: [], resources: [resource], expected: 'allowed', at });
    expect(nothing.answer).toBe('unverifiable');
  });
});
