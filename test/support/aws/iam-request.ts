// From a request to an API of AWS to what it needs of a policy: the caller's key, the actions and the resources, for each service that
// functions of ours call. A call that nobody has written down here is a mistake.
// https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
import type { IamNeed } from './iam-policy.ts';

export type AwsRequest = {
  method: string;
  /** Path and query. */
  target: string;
  headers: Readonly<Record<string, string | string[] | undefined>>;
  body: string;
};

export type ReadRequest = {
  accessKeyId: string;
  service: string;
  region: string;
  /** As AWS calls it: `TransactWriteItems`. */
  operation: string;
  /** How the service says no. */
  form: 'json' | 'query' | 's3' | 'rest-json';
  /** None: everybody may call it. */
  needs: readonly IamNeed[];
};

type Place = { service: string; region: string; account: string };
type Body = Readonly<Record<string, unknown>>;
type Needs = [action: string, resource: string][];

/** @throws Error for a request that is not signed, or of which nobody knows what it needs */
export function readRequest(request: AwsRequest, account: string): ReadRequest {
  const { headers, method, target, body } = request;
  const signed = /Credential=(?<key>[^/]+)\/\d+\/(?<region>[^/]+)\/(?<service>[^/]+)\//.exec(
    String(headers['authorization']),
  )?.groups;
  if (signed === undefined) throw new Error(`${method} ${target} is not signed`);
  const { key: accessKeyId = '', region = '', service = '' } = signed;
  const place = { service, region, account };
  const of = (form: ReadRequest['form'], operation: string, pairs: Needs): ReadRequest => {
    const context = { 'aws:RequestedRegion': region };
    const needs = pairs.map(([action, resource]) => ({ action, resource, context }));
    return { accessKeyId, service, region, operation, form, needs };
  };
  const amzTarget = headers['x-amz-target'];
  if (typeof amzTarget === 'string') {
    const operation = amzTarget.slice(amzTarget.lastIndexOf('.') + 1);
    return of('json', operation, jsonNeeds(operation, JSON.parse(body || '{}'), place));
  }
  if (service === 's3') return of('s3', method, s3Needs(method, target));
  if (service === 'eks') {
    const name = /^\/clusters\/([^/?]+)$/.exec(target)?.[1];
    if (name === undefined || method !== 'GET') throw unknown(service, `${method} ${target}`);
    return of('rest-json', 'DescribeCluster', [['eks:DescribeCluster', arn(place, `cluster/${name}`)]]);
  }
  const parameters = Object.fromEntries(new URLSearchParams(body || target.split('?')[1]));
  const operation = parameters['Action'] ?? '';
  return of('query', operation, queryNeeds(operation, parameters, place));
}

function jsonNeeds(operation: string, body: Body, place: Place): Needs {
  switch (place.service) {
    case 'dynamodb':
      return dynamoNeeds(operation, body, place);
    case 'sqs': {
      const name = textAt(body, 'QueueUrl').split('/').at(-1) ?? '';
      return [[`sqs:${operation.replace(/Batch$/, '')}`, arn(place, name)]];
    }
    case 'ecr':
      return ecrNeeds(operation, body, place);
    case 'secretsmanager': {
      const id = textAt(body, 'SecretId');
      // six characters stand behind the name
      return [[`secretsmanager:${operation}`, id.startsWith('arn:') ? id : arn(place, `secret:${id}-AbCdEf`)]];
    }
    case 'ssm':
      return [[`ssm:${operation}`, arn(place, `parameter/${textAt(body, 'Name').replace(/^\//, '')}`)]];
    default:
      throw unknown(place.service, operation);
  }
}

/** https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html#transaction-apis-iam */
const TRANSACTED: Readonly<Record<string, string>> = {
  ConditionCheck: 'ConditionCheckItem',
  Delete: 'DeleteItem',
  Get: 'GetItem',
  Put: 'PutItem',
  Update: 'UpdateItem',
};

function dynamoNeeds(operation: string, body: Body, place: Place): Needs {
  const table = (name: string): string => (name.startsWith('arn:') ? name : arn(place, `table/${name}`));
  if (operation.startsWith('Transact')) {
    const items = body['TransactItems'] as Readonly<Record<string, Body>>[];
    return items.flatMap((item) =>
      Object.entries(item).map(([kind, what]): [string, string] => [
        `dynamodb:${TRANSACTED[kind]}`,
        table(textAt(what, 'TableName')),
      ]),
    );
  }
  if (operation.startsWith('Batch')) {
    return Object.keys(body['RequestItems'] ?? {}).map((name) => [`dynamodb:${operation}`, table(name)]);
  }
  const index = body['IndexName'];
  const own = table(textAt(body, 'TableName'));
  return [[`dynamodb:${operation}`, typeof index === 'string' ? `${own}/index/${index}` : own]];
}

const OF_THE_REGISTRY = /^(?:GetAuthorizationToken|GetAccountSetting|(?:Get|Put|Delete)RegistryPolicy)$/;

function ecrNeeds(operation: string, body: Body, place: Place): Needs {
  if (OF_THE_REGISTRY.test(operation)) return [[`ecr:${operation}`, '*']];
  const account = typeof body['registryId'] === 'string' ? body['registryId'] : place.account;
  const repository = (name: string): string => arn({ ...place, account }, `repository/${name}`);
  const names = body['repositoryNames'];
  if (operation === 'DescribeRepositories') {
    const asked = Array.isArray(names) && names.length > 0 ? names.map(String) : ['*'];
    return asked.map((name) => ['ecr:DescribeRepositories', repository(name)]);
  }
  const own = repository(textAt(body, 'repositoryName'));
  const tags = body['tags'];
  const tagged: Needs = Array.isArray(tags) && tags.length > 0 ? [['ecr:TagResource', own]] : [];
  return [[`ecr:${operation}`, own], ...tagged];
}

function s3Needs(method: string, target: string): Needs {
  const [, bucket = '', key = ''] = /^\/([^/?]+)\/?([^?]*)/.exec(target) ?? [];
  if ((method === 'GET' || method === 'HEAD') && key !== '') {
    return [['s3:GetObject', `arn:aws:s3:::${bucket}/${decodeURIComponent(key)}`]];
  }
  throw unknown('s3', `${method} ${target}`);
}

function queryNeeds(operation: string, parameters: Readonly<Record<string, string>>, { service }: Place): Needs {
  if (service !== 'sts') throw unknown(service, operation);
  // https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html: no permissions are required
  if (operation === 'GetCallerIdentity') return [];
  if (operation === 'AssumeRole') return [['sts:AssumeRole', parameters['RoleArn'] ?? '']];
  throw unknown(service, operation);
}

function arn({ service, region, account }: Place, rest: string): string {
  return `arn:aws:${service}:${region}:${account}:${rest}`;
}

function textAt(body: Body, name: string): string {
  const value = body[name];
  if (typeof value !== 'string') throw new Error(`a request has no ${name}: ${JSON.stringify(body).slice(0, 200)}`);
  return value;
}

function unknown(service: string, operation: string): Error {
  return new Error(`what ${service} ${operation} needs of a policy is not written down in iam-request.ts`);
}
