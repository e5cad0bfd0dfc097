// Makes what a packaged template keeps things in (tables, queues, buckets, parameters, buses) through moto's CloudFormation, secrets through
// its Secrets Manager, and names all other resources as AWS would: they are emulated, or nothing but names.
import { callMoto, callMotoJson, textsIn, type MotoPlace } from './moto-call.ts';
import { isWanted, resolve, type CreatedResource, type ResolveContext, type Template } from './intrinsics.ts';

/** What moto makes. Not: IAM and log groups, which nothing here reads; Lambda, EventBridge, Scheduler and HTTP APIs, which are emulated. */
const MADE = new Set([
  'AWS::DynamoDB::Table',
  'AWS::Events::EventBus',
  'AWS::KMS::Key',
  'AWS::S3::Bucket',
  'AWS::SNS::Topic',
  'AWS::SQS::Queue',
  'AWS::SSM::Parameter',
]);

/** moto's one account. */
export const ACCOUNT = '123456789012';

export type CreateOptions = {
  template: Template;
  stackName: string;
  place: MotoPlace;
  /** Where the functions call AWS: the URLs of queues lie there, and the SDK goes where they lie. */
  endpoint: string;
  parameters: Readonly<Record<string, string>>;
  imports?: Readonly<Record<string, string>>;
};

/** @throws Error with moto's words, where it refuses the template */
export async function createResources(options: CreateOptions): Promise<ResolveContext> {
  const { template, stackName, place, endpoint, parameters, imports } = options;
  const { region } = place;
  const context: ResolveContext & { resources: Map<string, CreatedResource> } = {
    template,
    parameters: {
      ...parameterValues(template, parameters),
      'AWS::Region': region,
      'AWS::AccountId': ACCOUNT,
      'AWS::Partition': 'aws',
      'AWS::StackName': stackName,
      'AWS::StackId': `arn:aws:cloudformation:${region}:${ACCOUNT}:stack/${stackName}/emulated`,
      'AWS::URLSuffix': 'amazonaws.com',
    },
    resources: new Map(),
    ...(imports === undefined ? {} : { imports }),
  };
  const wanted = Object.entries(template.Resources).filter(([, resource]) => isWanted(resource, context));
  const made = wanted.filter(([, { Type }]) => MADE.has(Type));
  for (const [id, { Type }] of wanted) {
    if (!MADE.has(Type)) context.resources.set(id, named(Type, id, { stackName, region }));
  }
  const body = { ...template, Outputs: undefined, Resources: Object.fromEntries(made.map(withoutOrder)) };
  const asked = {
    Version: '2010-05-15',
    StackName: stackName,
    TemplateBody: JSON.stringify(body),
    ...parametersOf(parameters),
  };
  await callMoto(place, 'cloudformation', { Action: 'CreateStack', ...asked });
  const described = await callMoto(place, 'cloudformation', {
    Action: 'DescribeStackResources',
    Version: '2010-05-15',
    StackName: stackName,
  });
  const physical = textsIn(described, 'PhysicalResourceId');
  for (const [index, id] of textsIn(described, 'LogicalResourceId').entries()) {
    const type = template.Resources[id]?.Type ?? '';
    context.resources.set(id, created(type, physical[index] ?? '', { region, endpoint }));
  }
  for (const [id, { Type, Properties = {} }] of wanted) {
    if (Type === 'AWS::SecretsManager::Secret')
      context.resources.set(id, await makeSecret(id, Properties, context, place));
  }
  const missing = made.filter(([id]) => !context.resources.has(id)).map(([id, { Type }]) => `${id} (${Type})`);
  if (missing.length > 0) throw new Error(`moto did not create ${missing.join(', ')}:\n${described}`);
  nameFunctions(
    wanted.map(([id]) => id),
    context,
  );
  return context;
}

type GeneratedSecret = { GenerateStringKey?: string; SecretStringTemplate?: string } & Record<string, unknown>;

/** moto's CloudFormation knows no secrets. */
async function makeSecret(
  id: string,
  properties: Readonly<Record<string, unknown>>,
  context: ResolveContext,
  place: MotoPlace,
): Promise<CreatedResource> {
  const { Name, SecretString, GenerateSecretString } = resolve(properties, context) as Record<string, unknown>;
  const random = async () => {
    const { GenerateStringKey, SecretStringTemplate = '{}', ...asked } = GenerateSecretString as GeneratedSecret;
    const made = (await callMotoJson(place, 'secretsmanager.GetRandomPassword', asked)) as { RandomPassword: string };
    if (GenerateStringKey === undefined) return made.RandomPassword;
    const members = JSON.parse(SecretStringTemplate) as Record<string, unknown>;
    return JSON.stringify({ ...members, [GenerateStringKey]: made.RandomPassword });
  };
  const { ARN } = (await callMotoJson(place, 'secretsmanager.CreateSecret', {
    Name: Name ?? `${String(context.parameters['AWS::StackName'])}-${id}`,
    SecretString: SecretString ?? (await random()),
  })) as { ARN: string };
  return { ref: ARN, attributes: { Id: ARN } };
}

/** Names that the template gives may need what was created. */
function nameFunctions(ids: readonly string[], context: ResolveContext & { resources: Map<string, CreatedResource> }) {
  for (const id of ids) {
    const { Type, Properties = {} } = context.template.Resources[id] ?? { Type: '' };
    if (Type === 'AWS::Lambda::Function' && Properties['FunctionName'] !== undefined) {
      const ref = String(resolve(Properties['FunctionName'], context));
      context.resources.set(id, { ref, attributes: { Arn: arn('lambda', `function:${ref}`, context) } });
    }
    if (Type === 'AWS::Logs::LogGroup' && Properties['LogGroupName'] !== undefined) {
      const ref = String(resolve(Properties['LogGroupName'], context));
      context.resources.set(id, { ref, attributes: { Arn: arn('logs', `log-group:${ref}:*`, context) } });
    }
  }
}

function arn(service: string, rest: string, { parameters }: ResolveContext): string {
  return `arn:aws:${service}:${String(parameters['AWS::Region'])}:${ACCOUNT}:${rest}`;
}

/** Of the resources that are left out nothing can be waited for. */
function withoutOrder([id, { DependsOn: _, ...resource }]: [string, Record<string, unknown>]): [string, unknown] {
  return [id, resource];
}

function parameterValues(template: Template, given: Readonly<Record<string, string>>): Record<string, unknown> {
  const values = Object.entries(template.Parameters ?? {}).map(([name, { Type, Default }]) => {
    const value = given[name] ?? Default;
    return [name, Type === 'CommaDelimitedList' ? String(value).split(',') : value];
  });
  return Object.fromEntries(values);
}

function parametersOf(parameters: Readonly<Record<string, string>>): Record<string, string> {
  const pairs = Object.entries(parameters).flatMap(([name, value], index) => [
    [`Parameters.member.${index + 1}.ParameterKey`, name],
    [`Parameters.member.${index + 1}.ParameterValue`, value],
  ]);
  return Object.fromEntries(pairs);
}

/** @see https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-template-resource-type-ref.html: return values of each */
function created(
  type: string,
  ref: string,
  { region, endpoint }: { region: string; endpoint: string },
): CreatedResource {
  const last = ref.split('/').at(-1) ?? '';
  const of = (service: string, rest: string) => `arn:aws:${service}:${region}:${ACCOUNT}:${rest}`;
  switch (type) {
    case 'AWS::SQS::Queue': {
      const url = new URL(new URL(ref).pathname, endpoint).href;
      return { ref: url, attributes: { Arn: of('sqs', last), QueueName: last, QueueUrl: url } };
    }
    case 'AWS::DynamoDB::Table':
      return { ref, attributes: { Arn: of('dynamodb', `table/${ref}`) } };
    case 'AWS::S3::Bucket':
      return { ref, attributes: { Arn: `arn:aws:s3:::${ref}` } };
    case 'AWS::Events::EventBus':
      return { ref, attributes: { Arn: of('events', `event-bus/${ref}`), Name: ref } };
    case 'AWS::SNS::Topic':
      return { ref, attributes: { TopicArn: ref, TopicName: ref.split(':').at(-1) ?? '' } };
    case 'AWS::KMS::Key':
      return { ref, attributes: { Arn: of('kms', `key/${ref}`), KeyId: ref } };
    default:
      return { ref, attributes: {} };
  }
}

/** What stands in for a resource that is nothing but a name here. */
function named(
  type: string,
  id: string,
  { stackName, region }: { stackName: string; region: string },
): CreatedResource {
  const ref = `${stackName}-${id}`;
  const of = (service: string, rest: string) => `arn:aws:${service}:${region}:${ACCOUNT}:${rest}`;
  switch (type) {
    case 'AWS::IAM::Role':
      return { ref, attributes: { Arn: `arn:aws:iam::${ACCOUNT}:role/${ref}`, RoleId: `AROA${id.toUpperCase()}` } };
    case 'AWS::Lambda::Function':
      return { ref, attributes: { Arn: of('lambda', `function:${ref}`) } };
    case 'AWS::Logs::LogGroup':
      return { ref, attributes: { Arn: of('logs', `log-group:${ref}:*`) } };
    case 'AWS::Events::Rule':
      return { ref, attributes: { Arn: of('events', `rule/${ref}`) } };
    case 'AWS::ApiGatewayV2::Api':
      return { ref: 'emulated', attributes: { ApiEndpoint: `https://emulated.execute-api.${region}.amazonaws.com` } };
    default:
      return { ref, attributes: { Arn: of('emulated', ref), Name: ref } };
  }
}
