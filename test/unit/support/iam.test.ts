// The IAM of tests says what AWS documents: which statement allows a call, and what each call needs.
import { describe, expect, it } from 'vitest';
import { allowing, parseStatement } from '../../support/aws/iam-policy.ts';
import { readRequest } from '../../support/aws/iam-request.ts';

const ACCOUNT = '123456789012';
const TABLE = `arn:aws:dynamodb:eu-west-1:${ACCOUNT}:table/jobs`;

function statement(more: object) {
  return parseStatement({ Sid: 'Test', Effect: 'Allow', Action: ['s3:GetObject'], Resource: ['*'], ...more });
}

const need = (action: string, resource: string, context = {}) => ({ action, resource, context });

describe('a policy', () => {
  it.each<[string, object, ReturnType<typeof need>, boolean]>([
    ['names', { Action: 'sqs:SendMessage', Resource: 'a' }, need('sqs:SendMessage', 'a'), true],
    ['actions in any case', { Action: 'SQS:sendmessage' }, need('sqs:SendMessage', 'a'), true],
    ['other actions', { Action: 'sqs:SendMessage' }, need('sqs:SendMessageBatch', 'a'), false],
    ['other resources', { Action: 's3:*', Resource: ['a', 'b'] }, need('s3:GetObject', 'ab'), false],
    ['stars over slashes', { Action: 's3:Get*', Resource: 'b/*/c' }, need('s3:GetObject', 'b/x/y/c'), true],
    ['six characters', { Resource: 'secret-??????' }, need('s3:GetObject', 'secret-AbCdEf'), true],
    ['five characters', { Resource: 'secret-??????' }, need('s3:GetObject', 'secret-AbCdE'), false],
    ['points as points', { Resource: 'a.b' }, need('s3:GetObject', 'axb'), false],
    [
      'a condition that holds',
      { Condition: { StringEquals: { 'aws:RequestedRegion': ['a', 'b'] } } },
      need('s3:GetObject', 'x', { 'aws:RequestedRegion': 'b' }),
      true,
    ],
    [
      'a condition that does not hold',
      { Condition: { StringLike: { 'kms:ViaService': 'ssm.*' } } },
      need('s3:GetObject', 'x', { 'kms:ViaService': 's3.eu-west-1' }),
      false,
    ],
    ['a key that is not there', { Condition: { StringLike: { k: '*' } } }, need('s3:GetObject', 'x'), false],
  ])('speaks of %s', (_, more, asked, expected) => {
    expect(allowing([statement(more)], asked).length > 0).toBe(expected);
  });

  it('allows nothing that another statement denies', () => {
    const deny = statement({ Effect: 'Deny', Resource: 'secret/*' });
    expect(allowing([statement({}), deny], need('s3:GetObject', 'open/a'))).toHaveLength(1);
    expect(allowing([statement({}), deny], need('s3:GetObject', 'secret/a'))).toEqual([]);
  });

  it.each([[{ NotAction: ['s3:*'] }], [{ NotResource: '*' }], [{ Condition: { Bool: {} } }], [{ Effect: 'allow' }]])(
    'of other words is a mistake: %j',
    (more) => {
      expect(() => statement(more)).toThrow(/Test/);
    },
  );
});

describe('a call', () => {
  function needsOf(service: string, target: string, body: unknown, more: { path?: string; method?: string } = {}) {
    const { path = '/', method = 'POST' } = more;
    const headers = {
      authorization: `AWS4-HMAC-SHA256 Credential=KEY/20260101/eu-west-1/${service}/aws4_request, Signature=0`,
      ...(target === '' ? {} : { 'x-amz-target': target }),
    };
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    const { accessKeyId, needs } = readRequest({ method, target: path, headers, body: text }, ACCOUNT);
    expect(accessKeyId).toBe('KEY');
    return needs.map(({ action, resource }) => `${action} ${resource}`);
  }

  it.each<[string, string, unknown, string[]]>([
    ['dynamodb', 'DynamoDB_20120810.GetItem', { TableName: 'jobs' }, [`dynamodb:GetItem ${TABLE}`]],
    [
      'dynamodb',
      'DynamoDB_20120810.Query',
      { TableName: 'jobs', IndexName: 'work' },
      [`dynamodb:Query ${TABLE}/index/work`],
    ],
    ['dynamodb', 'DynamoDB_20120810.BatchGetItem', { RequestItems: { jobs: {} } }, [`dynamodb:BatchGetItem ${TABLE}`]],
    [
      'dynamodb',
      'DynamoDB_20120810.TransactWriteItems',
      { TransactItems: [{ Put: { TableName: 'jobs' } }, { ConditionCheck: { TableName: 'jobs' } }] },
      [`dynamodb:PutItem ${TABLE}`, `dynamodb:ConditionCheckItem ${TABLE}`],
    ],
    [
      'sqs',
      'AmazonSQS.SendMessageBatch',
      { QueueUrl: 'http://127.0.0.1:1/123456789012/mirror' },
      [`sqs:SendMessage arn:aws:sqs:eu-west-1:${ACCOUNT}:mirror`],
    ],
    ['ecr', 'AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken', {}, ['ecr:GetAuthorizationToken *']],
    [
      'ecr',
      'AmazonEC2ContainerRegistry_V20150921.CreateRepository',
      { repositoryName: 'a/b', tags: [{ Key: 'k', Value: 'v' }] },
      ['CreateRepository', 'TagResource'].map((one) => `ecr:${one} arn:aws:ecr:eu-west-1:${ACCOUNT}:repository/a/b`),
    ],
    [
      'secretsmanager',
      'secretsmanager.GetSecretValue',
      { SecretId: 'transship/hub' },
      [`secretsmanager:GetSecretValue arn:aws:secretsmanager:eu-west-1:${ACCOUNT}:secret:transship/hub-AbCdEf`],
    ],
    [
      'ssm',
      'AmazonSSM.GetParameter',
      { Name: '/transship/config' },
      [`ssm:GetParameter arn:aws:ssm:eu-west-1:${ACCOUNT}:parameter/transship/config`],
    ],
    ['sts', '', 'Action=AssumeRole&RoleArn=arn%3Arole', ['sts:AssumeRole arn:role']],
    ['sts', '', 'Action=GetCallerIdentity', []],
  ])('of %s %s needs what its documentation says', (service, target, body, expected) => {
    expect(needsOf(service, target, body)).toEqual(expected);
  });

  it('by method and path needs what its documentation says', () => {
    const object = needsOf('s3', '', '', { method: 'GET', path: '/bucket/a/b.yaml?x=1' });
    expect(object).toEqual(['s3:GetObject arn:aws:s3:::bucket/a/b.yaml']);
    const cluster = needsOf('eks', '', '', { method: 'GET', path: '/clusters/prod' });
    expect(cluster).toEqual([`eks:DescribeCluster arn:aws:eks:eu-west-1:${ACCOUNT}:cluster/prod`]);
  });

  it('that nobody has written down is a mistake', () => {
    expect(() => needsOf('sts', '', 'Action=GetSessionToken')).toThrow(/not written down/);
    expect(() => needsOf('kms', 'TrentService.Decrypt', {})).toThrow(/not written down/);
  });
});
