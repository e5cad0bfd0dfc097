// The logical ids of the stack: of what stands in the fragment here, and of what osls makes of serverless.yml.
import { AWS_FUNCTIONS, type AwsFunctionName } from './functions.ts';

export const JOBS_TABLE = 'JobsTable';
export const RECORDS_TABLE = 'RecordsTable';
export const CONFIG_BUCKET = 'ConfigBucket';
export const MASTER_KEY = 'MasterKey';
/** Wake-ups whose worker failed again and again. */
export const WORKER_DEAD_LETTERS = 'WorkerDeadLetters';
/** Events and timer calls that reached no function, or that their function failed on. */
export const EDGE_DEAD_LETTERS = 'EdgeDeadLetters';
/** What the consumer of the other two failed on: nobody reads it, an alarm looks at it. */
export const LAST_DEAD_LETTERS = 'LastDeadLetters';
/** Where other accounts send the events of their ECR registries. */
export const PUSH_BUS = 'PushBus';
export const TIMER_GROUP = 'TimerGroup';
export const SCHEDULER_ROLE = 'SchedulerRole';
export const HTTP_API = 'HttpApi';
export const HTTP_API_STAGE = 'HttpApiStage';
/** What was asked of it. */
export const HTTP_API_LOG = 'HttpApiLogGroup';

/** The key of the configuration in its bucket. */
export const CONFIG_KEY = 'transship.yaml';

/** The kinds of jobs, with the function that does them. */
export const WORKERS = AWS_FUNCTIONS.flatMap(({ name, trigger, timeoutSeconds }) =>
  'jobs' in trigger ? [{ name, kind: trigger.jobs, timeoutSeconds }] : [],
);

/** `mirror` is `MirrorQueue`. */
export function queueId(kind: string): string {
  return `${pascal(kind)}Queue`;
}

/** `registry-push` is `RegistryPushRole`. */
export function roleId(name: AwsFunctionName): string {
  return `${pascal(name)}Role`;
}

/** As osls calls a function: https://github.com/oss-serverless/osls/blob/main/lib/plugins/aws/lib/naming.js */
export function lambdaId(name: AwsFunctionName): string {
  return `${oslsName(name)}LambdaFunction`;
}

/** As osls calls the log group of a function. */
export function logGroupId(name: AwsFunctionName): string {
  return `${oslsName(name)}LogGroup`;
}

/** As osls calls a route of the HTTP API: `POST /hooks/{proxy+}` is `HttpApiRoutePostHooksProxyVar`. */
export function routeId(route: string): string {
  if (route === '$default') return 'HttpApiRouteDefault';
  const words = route.split(/[ /]+/).map((word) => (word === '{proxy+}' ? 'proxyVar' : word.toLowerCase()));
  return `HttpApiRoute${words.map(pascal).join('')}`;
}

export function pascal(name: string): string {
  return name
    .split('-')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('');
}

function oslsName(name: string): string {
  const dashed = name.replaceAll('-', 'Dash').replaceAll('_', 'Underscore');
  return dashed.charAt(0).toUpperCase() + dashed.slice(1);
}
