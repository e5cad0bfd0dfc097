// Reads from a packaged CloudFormation template what is to be emulated: functions, routes, mappings of queues, rules, schedules.
import path from 'node:path';
import type { FailurePolicy } from './asynchronous.ts';
import { isWanted, resolve, type ResolveContext } from './intrinsics.ts';
import type { Route } from './http-routes.ts';
import type { QueueMapping } from './queue-poller.ts';

type Properties = Readonly<Record<string, unknown>>;

export type FunctionPart = {
  /** The folder of its bundle: `registry-push` */
  name: string;
  functionName: string;
  arn: string;
  handler: string;
  env: Readonly<Record<string, string>>;
  memoryMiB: number;
  timeoutMs: number;
  reservedConcurrency: number | undefined;
  policy: FailurePolicy;
};

export type RulePart = {
  id: string;
  arn: string;
  /** Name of the bus; `default` for the account's own. */
  bus: string;
  pattern: Readonly<Record<string, unknown>>;
  targets: readonly TargetPart[];
};

export type TargetPart = { functionArn: string; maxRetries: number; deadLetterUrl?: string; input?: unknown };

export type SchedulePart = { id: string; arn: string; target: TargetPart };

/** EventBridge and Scheduler try for a day, 185 times; the emulator says so and tries nothing. */
const DEFAULT_RETRIES = 185;
/** https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html */
const DEFAULT_INVOKE_RETRIES = 2;

/** The properties of all resources of a type, resolved. */
function resources(type: string, context: ResolveContext): { id: string; properties: Properties }[] {
  return Object.entries(context.template.Resources)
    .filter(([, resource]) => resource.Type === type && isWanted(resource, context))
    .map(([id, { Properties = {} }]) => ({ id, properties: resolve(Properties, context) as Properties }));
}

export function functionParts(context: ResolveContext): FunctionPart[] {
  const configs = resources('AWS::Lambda::EventInvokeConfig', context);
  return resources('AWS::Lambda::Function', context).map(({ id, properties }) => {
    const { ref: functionName = id, attributes } = context.resources.get(id) ?? {};
    const handler = String(properties['Handler']);
    const config = configs.find(({ properties: one }) => isSameFunction(String(one['FunctionName']), functionName));
    const onFailure = at(config?.properties, 'DestinationConfig', 'OnFailure', 'Destination');
    const deadLetters = at(properties, 'DeadLetterConfig', 'TargetArn');
    const onFailureUrl = queueUrl(onFailure, context);
    const deadLetterUrl = queueUrl(deadLetters, context);
    return {
      name: path.basename(path.dirname(handler)),
      functionName,
      arn: attributes?.['Arn'] ?? '',
      handler,
      env: texts(at(properties, 'Environment', 'Variables')),
      memoryMiB: Number(properties['MemorySize'] ?? 128),
      timeoutMs: Number(properties['Timeout'] ?? 3) * 1000,
      reservedConcurrency: numberAt(properties, 'ReservedConcurrentExecutions'),
      policy: {
        maxRetries: numberAt(config?.properties ?? {}, 'MaximumRetryAttempts') ?? DEFAULT_INVOKE_RETRIES,
        ...(onFailureUrl === undefined ? {} : { onFailureUrl }),
        ...(deadLetterUrl === undefined ? {} : { deadLetterUrl }),
      },
    };
  });
}

export function routeParts(context: ResolveContext): Route[] {
  return resources('AWS::ApiGatewayV2::Route', context).map(({ properties }) => {
    const integrationId = String(properties['Target']).split('/').at(-1);
    const integration = resources('AWS::ApiGatewayV2::Integration', context).find(
      ({ id }) => context.resources.get(id)?.ref === integrationId,
    );
    if (integration === undefined) throw new Error(`route ${String(properties['RouteKey'])} has no integration`);
    const version = integration.properties['PayloadFormatVersion'];
    if (version !== '2.0') throw new Error(`the emulator knows payload format 2.0, not ${String(version)}`);
    // `…:lambda:path/2015-03-31/functions/<ARN>/invocations`, or the ARN alone
    const uri = String(integration.properties['IntegrationUri']);
    const functionArn = /functions\/(?<arn>.*)\/invocations$/.exec(uri)?.groups?.['arn'] ?? uri;
    return { routeKey: String(properties['RouteKey']), functionArn };
  });
}

export function mappingParts(context: ResolveContext, region: string): (QueueMapping & { functionArn: string })[] {
  return resources('AWS::Lambda::EventSourceMapping', context).flatMap(({ properties }) => {
    const queueArn = String(properties['EventSourceArn']);
    const url = queueUrl(queueArn, context);
    if (url === undefined || properties['Enabled'] === false) return [];
    return [
      {
        queueUrl: url,
        queueArn,
        region,
        batchSize: numberAt(properties, 'BatchSize') ?? 10,
        concurrency: numberAt(at(properties, 'ScalingConfig') ?? {}, 'MaximumConcurrency') ?? 5,
        reportsFailures: list(properties['FunctionResponseTypes']).includes('ReportBatchItemFailures'),
        functionArn: functionArnOf(String(properties['FunctionName']), context),
      },
    ];
  });
}

export function ruleParts(context: ResolveContext): RulePart[] {
  return resources('AWS::Events::Rule', context).flatMap(({ id, properties }) => {
    const pattern = properties['EventPattern'];
    if (pattern === undefined || properties['State'] === 'DISABLED') return [];
    return [
      {
        id,
        arn: context.resources.get(id)?.attributes['Arn'] ?? '',
        // a name, or the ARN of a bus
        bus: busName(properties['EventBusName']),
        pattern: pattern as Record<string, unknown>,
        targets: list(properties['Targets']).map((target) => targetPart(target as Properties, context)),
      },
    ];
  });
}

export function scheduleParts(context: ResolveContext): SchedulePart[] {
  return resources('AWS::Scheduler::Schedule', context).map(({ id, properties }) => ({
    id,
    arn: context.resources.get(id)?.attributes['Arn'] ?? '',
    target: targetPart(at(properties, 'Target') as Properties, context),
  }));
}

function targetPart(target: Properties, context: ResolveContext): TargetPart {
  const deadLetterUrl = queueUrl(at(target, 'DeadLetterConfig', 'Arn'), context);
  const input = target['Input'];
  return {
    functionArn: String(target['Arn']),
    maxRetries: numberAt(at(target, 'RetryPolicy') ?? {}, 'MaximumRetryAttempts') ?? DEFAULT_RETRIES,
    ...(deadLetterUrl === undefined ? {} : { deadLetterUrl }),
    ...(typeof input === 'string' ? { input: JSON.parse(input) as unknown } : {}),
  };
}

function busName(nameOrArn: unknown): string {
  return typeof nameOrArn === 'string' ? (nameOrArn.split('/').at(-1) ?? '') : 'default';
}

/** The URL of a queue of the stack by its ARN. */
function queueUrl(arn: unknown, { resources }: ResolveContext): string | undefined {
  if (arn === undefined) return undefined;
  return [...resources.values()].find(
    ({ attributes }) => attributes['QueueUrl'] !== undefined && attributes['Arn'] === arn,
  )?.ref;
}

function functionArnOf(nameOrArn: string, { resources }: ResolveContext): string {
  if (nameOrArn.startsWith('arn:')) return nameOrArn;
  return [...resources.values()].find(({ ref }) => ref === nameOrArn)?.attributes['Arn'] ?? nameOrArn;
}

/** A name, an ARN, or either with a version or an alias behind. */
export function isSameFunction(nameOrArn: string, functionName: string): boolean {
  const parts = nameOrArn.split(':');
  return (nameOrArn.startsWith('arn:') ? parts[6] : parts[0]) === functionName;
}

function at(value: unknown, ...path: readonly string[]): unknown {
  let found = value;
  for (const key of path) found = typeof found === 'object' && found !== null ? Reflect.get(found, key) : undefined;
  return found;
}

function numberAt(value: unknown, key: string): number | undefined {
  const found = at(value, key);
  return found === undefined ? undefined : Number(found);
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function texts(value: unknown): Record<string, string> {
  return Object.fromEntries(Object.entries(value ?? {}).map(([key, one]) => [key, String(one)]));
}
