// An emulated Lambda function: its code copied far from everything else, as many execution environments as are needed at once and allowed,
// its log. Invocations beyond its own concurrency wait; beyond a reserved one they are throttled.
// See https://docs.aws.amazon.com/lambda/latest/dg/lambda-concurrency.html and .../configuration-envvars.html.
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  MAX_PAYLOAD_BYTES,
  startEnvironment,
  type ExecutionEnvironment,
  type InvocationResult,
} from './execution-environment.ts';

export type FunctionDefinition = {
  /** `registry-push` */
  name: string;
  /** As deployed: `transship-dev-registry-push` */
  functionName: string;
  arn: string;
  /** `dist/aws/registry-push/index.handler` */
  handler: string;
  /** The folder with the code, copied to where the handler says that it lies. */
  bundle: string;
  env: Readonly<Record<string, string>>;
  region: string;
  /** An access key of its own: who looks at requests knows whose they are. */
  accessKeyId: string;
  memoryMiB: number;
  timeoutMs: number;
  /** Processes at the same time. */
  maxEnvironments: number;
  /** More invocations than processes are refused, as with a reserved concurrency. */
  throttles: boolean;
};

export type LambdaFunction = {
  definition: FunctionDefinition;
  /** Waits for the answer. @throws ThrottledError, RangeError for an event that is too large */
  invoke(event: unknown): Promise<InvocationResult>;
  /** Everything its processes wrote, line by line. */
  logs(): readonly string[];
  /** SIGKILL for those that are at work (or for all); says how many there were. */
  kill(which?: 'busy' | 'all'): Promise<number>;
  stop(): Promise<void>;
};

class ThrottledError extends Error {
  override name = 'TooManyRequestsException';
}

const RUNTIME = new URL('./runtime-process.js', import.meta.url);

export function lambdaFunction(definition: FunctionDefinition): LambdaFunction {
  const { functionName, handler, bundle, memoryMiB, timeoutMs, arn, maxEnvironments, throttles } = definition;
  const taskRoot = mkdtempSync(path.join(tmpdir(), 'transship-task-'));
  cpSync(bundle, path.join(taskRoot, path.dirname(handler)), { recursive: true });
  cpSync(RUNTIME, path.join(taskRoot, 'runtime-process.mjs'));
  const env = { ...definition.env, ...runtimeVariables(definition) };
  const lines: string[] = [];
  const environments = new Set<ExecutionEnvironment>();
  const waiting: (() => void)[] = [];
  let taken = 0;

  async function run(event: unknown): Promise<InvocationResult> {
    for (const one of environments) if (one.state() === 'ended') environments.delete(one);
    const idle = [...environments].find((one) => one.state() === 'idle');
    if (idle !== undefined) return idle.invoke(event);
    const onLine = (line: string) => void lines.push(line);
    const started = await startEnvironment({ taskRoot, env, functionArn: arn, memoryMiB, timeoutMs, onLine });
    environments.add(started);
    return started.invoke(event);
  }

  return {
    definition,
    async invoke(event) {
      if (Buffer.byteLength(JSON.stringify(event)) > MAX_PAYLOAD_BYTES) {
        throw new RangeError(`${functionName}: the event is larger than ${MAX_PAYLOAD_BYTES} bytes`);
      }
      if (taken >= maxEnvironments) {
        if (throttles) throw new ThrottledError(`Rate Exceeded: ${functionName}`);
        await new Promise<void>((resolve) => waiting.push(resolve));
      } else taken += 1;
      try {
        return await run(event);
      } finally {
        // the place goes to who waits for it
        const next = waiting.shift();
        if (next === undefined) taken -= 1;
        else next();
      }
    },
    logs: () => lines,
    async kill(which = 'busy') {
      const chosen = [...environments].filter((one) => which === 'all' || ['starting', 'busy'].includes(one.state()));
      await Promise.all(chosen.map((one) => one.kill()));
      for (const one of chosen) environments.delete(one);
      return chosen.length;
    },
    async stop() {
      await Promise.all([...environments].map((one) => one.kill()));
      rmSync(taskRoot, { recursive: true, force: true });
    },
  };
}

/** What Lambda sets itself: https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime */
function runtimeVariables(definition: FunctionDefinition): Record<string, string> {
  const { functionName, handler, region, accessKeyId, memoryMiB } = definition;
  return {
    _HANDLER: handler,
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
    AWS_LAMBDA_FUNCTION_NAME: functionName,
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(memoryMiB),
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
    AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${functionName}`,
    AWS_LAMBDA_LOG_STREAM_NAME: `2026/01/01/[$LATEST]${Buffer.from(functionName).toString('hex').slice(0, 32)}`,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: `secret-of-${accessKeyId}`,
    AWS_SESSION_TOKEN: `session-of-${accessKeyId}`,
    LANG: 'en_US.UTF-8',
    TZ: ':UTC',
    PATH: '/usr/local/bin:/usr/bin:/bin',
  };
}
