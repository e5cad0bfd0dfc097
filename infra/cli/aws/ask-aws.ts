// Asks the APIs of AWS that the commands need, each in the way it wants to be asked.
import { callAws, callAwsForText } from '../../../shared/identity/aws-call.ts';
import { awsEndpoint } from '../../../shared/identity/aws-endpoint.ts';
import type { AwsPlace } from './aws-place.ts';
import { readXml, type XmlElement } from './read-xml.ts';

type Answer = Readonly<Record<string, unknown>>;

/** Form in, XML out. */
const QUERY = {
  sts: { host: 'sts', variable: 'STS', version: '2011-06-15' },
  cloudformation: { host: 'cloudformation', variable: 'CLOUDFORMATION', version: '2010-05-15' },
  monitoring: { host: 'monitoring', variable: 'CLOUDWATCH', version: '2010-08-01' },
} as const;

/** JSON in, JSON out; a header says what is asked. */
const TARGET = {
  sqs: { host: 'sqs', variable: 'SQS', prefix: 'AmazonSQS', version: '1.0' },
  dynamodb: { host: 'dynamodb', variable: 'DYNAMODB', prefix: 'DynamoDB_20120810', version: '1.0' },
  secretsmanager: { host: 'secretsmanager', variable: 'SECRETS_MANAGER', prefix: 'secretsmanager', version: '1.1' },
  ssm: { host: 'ssm', variable: 'SSM', prefix: 'AmazonSSM', version: '1.1' },
  events: { host: 'events', variable: 'EVENTBRIDGE', prefix: 'AWSEvents', version: '1.1' },
  ecr: { host: 'api.ecr', variable: 'ECR', prefix: 'AmazonEC2ContainerRegistry_V20150921', version: '1.1' },
} as const;

/** The path says what is asked. */
const PATH = {
  lambda: { host: 'lambda', variable: 'LAMBDA' },
  eks: { host: 'eks', variable: 'EKS' },
  scheduler: { host: 'scheduler', variable: 'SCHEDULER' },
} as const;

/**
 * @param parameters as the API names them: `StackName`
 * @param mostBytes of the answer, where 1 MiB may be too little
 * @throws TransshipError by what AWS answered
 */
export async function askQuery(
  place: AwsPlace,
  service: keyof typeof QUERY,
  action: string,
  parameters: Readonly<Record<string, string>> = {},
  mostBytes?: number,
): Promise<XmlElement> {
  const { version, ...where } = QUERY[service];
  const { text } = await callAwsForText(
    {
      ...callFor(place, service, action),
      method: 'POST',
      url: new URL('/', awsEndpoint({ ...where, region: place.region }, place.surroundings.env)),
      headers: { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8', accept: 'application/xml' },
      body: new URLSearchParams({ Action: action, Version: version, ...parameters }).toString(),
      ...(mostBytes === undefined ? {} : { mostBytes }),
    },
    place.surroundings,
  );
  return readXml(text);
}

/** @throws TransshipError by what AWS answered */
export async function askTarget(
  place: AwsPlace,
  service: keyof typeof TARGET,
  action: string,
  input: Answer = {},
): Promise<Answer> {
  const { prefix, version, ...where } = TARGET[service];
  const { body } = await callAws(
    {
      ...callFor(place, service, action),
      method: 'POST',
      url: new URL('/', awsEndpoint({ ...where, region: place.region }, place.surroundings.env)),
      headers: { 'content-type': `application/x-amz-json-${version}`, 'x-amz-target': `${prefix}.${action}` },
      body: JSON.stringify(input),
    },
    place.surroundings,
  );
  return body;
}

/** @param path with what it needs escaped. @throws TransshipError by what AWS answered */
export async function askPath(
  place: AwsPlace,
  service: keyof typeof PATH,
  action: string,
  path: string,
): Promise<Answer> {
  const where = PATH[service];
  const { body } = await callAws(
    {
      ...callFor(place, service, action),
      method: 'GET',
      url: new URL(path, awsEndpoint({ ...where, region: place.region }, place.surroundings.env)),
    },
    place.surroundings,
  );
  return body;
}

function callFor({ region }: AwsPlace, service: string, action: string) {
  const name = service === 'monitoring' ? 'cloudwatch' : service;
  return {
    service,
    region,
    action: `${name}:${action}`,
    what: `AWS in ${region}`,
    details: { operation: action },
  };
}
