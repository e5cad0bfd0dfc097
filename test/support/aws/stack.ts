// A packaged stack, emulated: its bundles run in processes of their own behind a Lambda Runtime API on loopback, triggered by an HTTP API,
// by moto's queues, by rules of EventBridge and by schedules as the CloudFormation template says. Nothing here is AWS; what is emulated, and
// by which page of its documentation, stands at the top of each file of this folder.
import { SQSClient } from '@aws-sdk/client-sqs';
import { randomUUID } from 'node:crypto';
import path from 'node:path';
import type { Moto } from '../moto.ts';
import { invokeAsynchronously, type AsynchronousContext, type Delivered } from './asynchronous.ts';
import { ACCOUNT, createResources } from './created-resources.ts';
import { matchesPattern, type BusEvent } from './event-pattern.ts';
import type { InvocationResult } from './execution-environment.ts';
import { startHttpApi } from './http-api.ts';
import type { ResolveContext, Template } from './intrinsics.ts';
import { lambdaFunction, type LambdaFunction } from './lambda-function.ts';
import { pollQueue, type Disorder } from './queue-poller.ts';
import {
  functionParts,
  isSameFunction,
  mappingParts,
  routeParts,
  ruleParts,
  scheduleParts,
  type FunctionPart,
  type TargetPart,
} from './stack-parts.ts';

export type AwsStackOptions = {
  /** As `osls package` writes it. */
  template: Template;
  /** `dist/aws`, or where the build wrote to: a folder for each function. */
  bundles: string;
  moto: Pick<Moto, 'url'>;
  region?: string;
  stackName?: string;
  /** Where functions call AWS: a proxy before moto; absent: moto itself. */
  endpoint?: string;
  parameters?: Readonly<Record<string, string>>;
  imports?: Readonly<Record<string, string>>;
  /** Beside what the template says, for all functions or those of a name; undefined takes a variable away. */
  env?: (name: string) => Readonly<Record<string, string | undefined>>;
  /** Instead of the template's: how long an invocation may take. */
  timeoutMs?: (name: string) => number | undefined;
  /** Processes of a function at the same time; the mappings' own concurrency binds too. Default 2. */
  maxEnvironments?: (name: string) => number | undefined;
  /** Instead of the queues' own: how long a message waits that failed. */
  visibilitySeconds?: number;
  disorder?: Disorder;
  /** How long a poller waits at a queue that is empty. */
  pollMs?: number;
  /** Queues are polled from the start; false: call `pollQueues`. */
  polls?: boolean;
};

export type AwsStack = {
  apiUrl: string;
  /** What Ref and GetAtt of the template's resources give. */
  resources: ResolveContext['resources'];
  /** By which everything of the template can be resolved. */
  context: ResolveContext;
  functions: ReadonlyMap<string, LambdaFunction>;
  /** Waits for the answer, as `aws lambda invoke` does. */
  invoke(name: string, event: unknown): Promise<InvocationResult>;
  /** To a bus (`default`, or one of the template's); rules that match hand it on. What they did, rule by rule. */
  putEvents(events: readonly Partial<BusEvent>[], bus?: string): Promise<Delivered[]>;
  /** What the schedule with `{ timer }` in its input does when its time comes. */
  fire(timer: string): Promise<Delivered>;
  /** Nothing can be handed to that function asynchronously any more, or again. */
  refuse(name: string, isRefused: boolean): void;
  /** SIGKILL in the middle of what it does; says how many processes were at work. */
  kill(name: string): Promise<number>;
  /** The next invocation starts a process. */
  coldStart(name: string): Promise<void>;
  logs(name: string): readonly string[];
  pollQueues(): void;
  /** Messages that pollers have handed over and that are not answered. */
  underway(): number;
  stop(): Promise<void>;
};

/** The key that a function's calls are signed with; moto checks none. */
export function accessKeyOf(name: string): string {
  return `ASIA${name.replaceAll('-', '').toUpperCase().padEnd(16, '0').slice(0, 16)}`;
}

export async function startAwsStack(options: AwsStackOptions): Promise<AwsStack> {
  const { template, moto, region = 'eu-west-1', stackName = 'transship-test', parameters = {}, imports } = options;
  const context = await createResources({
    template,
    stackName,
    place: { url: moto.url, region },
    endpoint: options.endpoint ?? moto.url,
    parameters,
    ...(imports === undefined ? {} : { imports }),
  });
  const sqs = new SQSClient({ region, endpoint: moto.url, credentials: { accessKeyId: 'a', secretAccessKey: 'b' } });
  const parts = functionParts(context);
  const functions = new Map(parts.map((part) => [part.name, startFunction(part, options, region)]));
  const refused = new Set<string>();
  const asynchronous: AsynchronousContext = { sqs, refused };

  function functionAt(arn: string): { called: LambdaFunction; part: FunctionPart } {
    const part = parts.find(({ functionName }) => isSameFunction(arn, functionName));
    const called = functions.get(part?.name ?? '');
    if (part === undefined || called === undefined) throw new Error(`the template has no function ${arn}`);
    return { called, part };
  }

  function functionOf(name: string): LambdaFunction {
    const called = functions.get(name);
    if (called === undefined) throw new Error(`no function is called ${name}: ${[...functions.keys()].join(', ')}`);
    return called;
  }

  const handOver = (event: unknown, target: TargetPart, attributes: Record<string, string>) => {
    const { called, part } = functionAt(target.functionArn);
    const edge = { ...target, attributes: { ...attributes, TARGET_ARN: target.functionArn } };
    return invokeAsynchronously(event, { called, policy: part.policy, edge }, asynchronous);
  };

  const routes = routeParts(context);
  const api = await startHttpApi({
    routes,
    accountId: ACCOUNT,
    invoke: (arn, event) => functionAt(arn).called.invoke(event),
  });
  const mappings = mappingParts(context, region);
  let pollers: ReturnType<typeof pollQueue>[] = [];
  const pollQueues = () => {
    if (pollers.length > 0) return;
    const { visibilitySeconds, disorder, pollMs } = options;
    pollers = mappings.map((mapping) =>
      pollQueue({
        sqs,
        mapping,
        invoke: (event) => functionAt(mapping.functionArn).called.invoke(event),
        ...(visibilitySeconds === undefined ? {} : { visibilitySeconds }),
        ...(disorder === undefined ? {} : { disorder }),
        ...(pollMs === undefined ? {} : { pollMs }),
      }),
    );
  };
  if (options.polls !== false) pollQueues();

  return {
    apiUrl: api.url,
    resources: context.resources,
    context,
    functions,
    invoke: (name, event) => functionOf(name).invoke(event),
    async putEvents(events, bus = 'default') {
      const delivered: Promise<Delivered>[] = [];
      for (const event of events.map((one) => asSent(one, region))) {
        for (const rule of ruleParts(context)) {
          if (rule.bus !== bus || !matchesPattern(rule.pattern, event)) continue;
          for (const target of rule.targets) delivered.push(handOver(event, target, { RULE_ARN: rule.arn }));
        }
      }
      return Promise.all(delivered);
    },
    async fire(timer) {
      const isIt = (input: unknown) =>
        typeof input === 'object' && input !== null && Reflect.get(input, 'timer') === timer;
      const schedule = scheduleParts(context).find(({ target }) => isIt(target.input));
      if (schedule === undefined) throw new Error(`the template has no schedule with the timer ${timer}`);
      return handOver(schedule.target.input, schedule.target, { SCHEDULE_ARN: schedule.arn });
    },
    refuse(name, isRefused) {
      if (isRefused) refused.add(functionOf(name).definition.name);
      else refused.delete(name);
    },
    kill: (name) => functionOf(name).kill(),
    coldStart: async (name) => void (await functionOf(name).kill('all')),
    logs: (name) => functionOf(name).logs(),
    pollQueues,
    underway: () => pollers.reduce((sum, poller) => sum + poller.underway(), 0),
    async stop() {
      const stopped = pollers.map((poller) => poller.stop());
      api.stop();
      await Promise.all([...functions.values()].map((one) => one.stop()));
      await Promise.all(stopped);
      sqs.destroy();
    },
  };
}

function startFunction(part: FunctionPart, options: AwsStackOptions, region: string): LambdaFunction {
  const { name, memoryMiB, reservedConcurrency } = part;
  const { bundles, moto, endpoint = moto.url } = options;
  const env = {
    AWS_ENDPOINT_URL: endpoint,
    AWS_EC2_METADATA_DISABLED: 'true',
    ...part.env,
    ...options.env?.(name),
  };
  const kept = Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return lambdaFunction({
    name,
    functionName: part.functionName,
    arn: part.arn,
    handler: part.handler,
    bundle: path.join(bundles, name),
    env: Object.fromEntries(kept),
    region,
    accessKeyId: accessKeyOf(name),
    memoryMiB,
    timeoutMs: options.timeoutMs?.(name) ?? part.timeoutMs,
    maxEnvironments: reservedConcurrency ?? options.maxEnvironments?.(name) ?? 2,
    throttles: reservedConcurrency !== undefined,
  });
}

/** What EventBridge adds: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-events-structure.html */
function asSent(event: Partial<BusEvent>, region: string): BusEvent {
  return {
    version: '0',
    id: randomUUID(),
    account: ACCOUNT,
    time: new Date().toISOString().replace(/\.\d+/, ''),
    region,
    resources: [],
    source: '',
    'detail-type': '',
    detail: {},
    ...event,
  };
}
