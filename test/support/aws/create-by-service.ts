// Makes what moto's CloudFormation leaves out (schedules, alarms, HTTP APIs, secrets, policies of queues and buckets, settings of
// asynchronous calls) through moto's own APIs of these services, with the properties that the template has.
import type { MotoPlace } from './moto-call.ts';
import { textsIn, callMoto, callMotoJson } from './moto-call.ts';

export type Given = Readonly<Record<string, unknown>>;

/** What `Ref` gives of it. */
type Made = string;

type Maker = (properties: Given, place: MotoPlace, id: string) => Promise<Made>;

/** By type of resource, in the order in which they need each other. */
export const MAKERS: Readonly<Record<string, Maker>> = {
  'AWS::Scheduler::ScheduleGroup': async ({ Name }, place) => {
    await rest(place, 'scheduler', 'POST', `/schedule-groups/${String(Name)}`, {});
    return String(Name);
  },
  'AWS::Scheduler::Schedule': async (properties, place, id) => {
    const answer = await rest(place, 'scheduler', 'POST', `/schedules/${id}`, properties);
    return String(answer['ScheduleArn']);
  },
  'AWS::SecretsManager::Secret': async ({ GenerateSecretString, Description }, place, id) => {
    const made = await callMotoJson(place, 'secretsmanager.GetRandomPassword', GenerateSecretString);
    const SecretString = textOf(made, 'RandomPassword');
    return textOf(
      await callMotoJson(place, 'secretsmanager.CreateSecret', { Name: id, Description, SecretString }),
      'ARN',
    );
  },
  'AWS::ApiGatewayV2::Api': async (properties, place) => made(await api(place, '', properties), 'apiId'),
  'AWS::ApiGatewayV2::Integration': async ({ ApiId, ...properties }, place) =>
    made(await api(place, `/${String(ApiId)}/integrations`, properties), 'integrationId'),
  'AWS::ApiGatewayV2::Route': async ({ ApiId, ...properties }, place) =>
    made(await api(place, `/${String(ApiId)}/routes`, properties), 'routeId'),
  'AWS::ApiGatewayV2::Stage': async ({ ApiId, ...properties }, place) =>
    made(await api(place, `/${String(ApiId)}/stages`, properties), 'stageName'),
  'AWS::CloudWatch::Alarm': async (properties, place, id) => {
    const asked = { Action: 'PutMetricAlarm', Version: '2010-08-01', AlarmName: id, ...flat(properties) };
    await callMoto(place, 'monitoring', asked);
    return id;
  },
  // moto has no call of its own for it, and takes its rule beside those of the others
  'AWS::CloudWatch::CompositeAlarm': async (properties, place, id) => {
    const asked = { Action: 'PutMetricAlarm', Version: '2010-08-01', AlarmName: id, ...flat(properties) };
    await callMoto(place, 'monitoring', asked);
    return id;
  },
  'AWS::Logs::MetricFilter': async ({ LogGroupName, FilterPattern, MetricTransformations }, place, id) => {
    const [transformation] = listOf(MetricTransformations);
    await targeted(place, 'logs', 'Logs_20140328.PutMetricFilter', {
      filterName: id,
      logGroupName: LogGroupName,
      filterPattern: FilterPattern,
      metricTransformations: [isObject(transformation) ? lowerFirst(transformation) : {}],
    });
    return id;
  },
  'AWS::SQS::QueuePolicy': async ({ Queues, PolicyDocument }, place, id) => {
    for (const QueueUrl of listOf(Queues)) {
      const Attributes = { Policy: JSON.stringify(PolicyDocument) };
      await targeted(place, 'sqs', 'AmazonSQS.SetQueueAttributes', { QueueUrl, Attributes });
    }
    return id;
  },
  'AWS::S3::BucketPolicy': async ({ Bucket, PolicyDocument }, place, id) => {
    await rest(place, 's3', 'PUT', `/${String(Bucket)}?policy`, PolicyDocument);
    return id;
  },
  'AWS::Events::EventBusPolicy': async ({ EventBusName, StatementId, Statement }, place, id) => {
    const Policy = {
      Version: '2012-10-17',
      Statement: [{ Sid: StatementId, ...(isObject(Statement) ? Statement : {}) }],
    };
    await targeted(place, 'events', 'AWSEvents.PutPermission', { EventBusName, Policy: JSON.stringify(Policy) });
    return id;
  },
  'AWS::Lambda::EventInvokeConfig': async ({ FunctionName, Qualifier: _, ...properties }, place, id) => {
    await rest(place, 'lambda', 'PUT', `/2019-09-25/functions/${String(FunctionName)}/event-invoke-config`, properties);
    return id;
  },
};

/** How many alarms moto has. */
export async function countAlarms(place: MotoPlace): Promise<number> {
  const asked = { Action: 'DescribeAlarms', Version: '2010-08-01', MaxRecords: '100' };
  return textsIn(await callMoto(place, 'monitoring', asked), 'AlarmName').length;
}

/** The names of the inline policies of a role. */
export async function policiesOf(place: MotoPlace, RoleName: string): Promise<string[]> {
  return textsIn(
    await callMoto(place, 'iam', { Action: 'ListRolePolicies', Version: '2010-05-08', RoleName }),
    'member',
  );
}

async function api(place: MotoPlace, path: string, properties: Given): Promise<Given> {
  return rest(place, 'apigateway', 'POST', `/v2/apis${path}`, lowerFirst(properties));
}

function lowerFirst(properties: Given): Given {
  return Object.fromEntries(
    Object.entries(properties).map(([key, value]) => [key.charAt(0).toLowerCase() + key.slice(1), value]),
  );
}

/** Where the name before the dot is not what the service is called in signatures. */
async function targeted(place: MotoPlace, service: string, target: string, body: unknown): Promise<void> {
  const headers = { 'x-amz-target': target, 'content-type': 'application/x-amz-json-1.0' };
  await rest(place, service, 'POST', '/', body, headers);
}

async function rest(
  { url, region }: MotoPlace,
  service: string,
  method: string,
  path: string,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<Given> {
  const scope = `Credential=AKIATEST/20260101/${region}/${service}/aws4_request`;
  const response = await fetch(new URL(path, url), {
    method,
    headers: {
      'content-type': 'application/json',
      ...headers,
      authorization: `AWS4-HMAC-SHA256 ${scope}, SignedHeaders=host, Signature=0`,
    },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${service} ${method} ${path}: ${response.status} ${text.slice(0, 400)}`);
  return text.startsWith('{') ? JSON.parse(text) : {};
}

function made(answer: Given, key: string): string {
  return textOf(answer, key);
}

function textOf(answer: unknown, key: string): string {
  const value = isObject(answer) ? answer[key] : undefined;
  if (typeof value !== 'string') throw new Error(`there is no ${key} in ${JSON.stringify(answer)}`);
  return value;
}

function isObject(value: unknown): value is Given {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [value];
}

/** As the query protocol writes lists and objects. */
function flat(value: unknown, prefix = ''): Record<string, string> {
  if (typeof value !== 'object' || value === null) return { [prefix]: String(value) };
  const entries = Array.isArray(value)
    ? value.map((one, index): [string, unknown] => [`member.${index + 1}`, one])
    : Object.entries(value);
  return Object.assign({}, ...entries.map(([key, one]) => flat(one, prefix === '' ? key : `${prefix}.${key}`)));
}
