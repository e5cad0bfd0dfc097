// The table of the Lambda functions: what each is called, what triggers it, how long and with how much memory it may run. Its entry is
// `infra/aws/<name>.ts`, its bundle `dist/aws/<name>/index.mjs`. serverless.yml says the same, and tests hold the two together.
import { ACCESS } from '../../../functions/job-kinds/access-job.ts';
import { CREDENTIALS } from '../../../functions/job-kinds/credentials-job.ts';
import { GRANTS } from '../../../functions/job-kinds/grants-job.ts';
import { MIRROR } from '../../../functions/job-kinds/mirror-job.ts';
import { SWEEP } from '../../../functions/job-kinds/sweep-job.ts';

export type AwsTrigger =
  /** Requests of the HTTP API, as its routes are written: `POST /hooks/{proxy+}`; `$default` is all the others. */
  | { routes: readonly string[] }
  /** Messages that wake workers for jobs of a kind. */
  | { jobs: string; batchSize: number; concurrency: number }
  /** Events of EventBridge, from its own bus and from other accounts. */
  | { events: 'ecr' }
  /** Schedules: each is called with `{ timer: <name> }`. */
  | { timers: Readonly<Record<TimerName, `rate(${number} minute${'' | 's'})`>> }
  /** What the other edges could not deliver. */
  | { deadLetters: true };

export type TimerName = 'upkeep' | 'mirrors' | 'credentials' | 'grants';

export type AwsFunction = { name: string; trigger: AwsTrigger; timeoutSeconds: number; memoryMiB: number };

/** An HTTP API waits for 30 seconds: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html */
const HTTP = { timeoutSeconds: 29, memoryMiB: 512 };
/** A slice is 70 % of it. */
const WORK = { timeoutSeconds: 240, memoryMiB: 1024 };
const SHORT = { timeoutSeconds: 60, memoryMiB: 512 };

export const AWS_FUNCTIONS = [
  // by OPTIONS senders of CloudEvents ask whether they may send
  { name: 'registry-push', trigger: { routes: ['POST /hooks/{proxy+}', 'OPTIONS /hooks/{proxy+}'] }, ...HTTP },
  { name: 'namespace-created', trigger: { routes: ['POST /k8s/{proxy+}'] }, ...HTTP },
  { name: 'registry-token', trigger: { routes: ['GET /token', 'POST /token', 'GET /token/jwks'] }, ...HTTP },
  { name: 'http-api', trigger: { routes: ['$default'] }, ...HTTP },
  { name: 'ecr-push', trigger: { events: 'ecr' }, ...SHORT },
  { name: 'mirror-image', trigger: { jobs: MIRROR, batchSize: 1, concurrency: 16 }, ...WORK },
  { name: 'sync-mirrors', trigger: { jobs: SWEEP, batchSize: 1, concurrency: 6 }, ...WORK },
  { name: 'refresh-credentials', trigger: { jobs: CREDENTIALS, batchSize: 10, concurrency: 12 }, ...WORK },
  { name: 'reconcile-grants', trigger: { jobs: GRANTS, batchSize: 10, concurrency: 6 }, ...WORK },
  { name: 'give-access', trigger: { jobs: ACCESS, batchSize: 1, concurrency: 6 }, ...WORK },
  {
    name: 'timers',
    trigger: {
      timers: {
        upkeep: 'rate(1 minute)',
        mirrors: 'rate(5 minutes)',
        credentials: 'rate(5 minutes)',
        grants: 'rate(5 minutes)',
      },
    },
    ...SHORT,
  },
  { name: 'dead-letters', trigger: { deadLetters: true }, ...SHORT },
] as const satisfies readonly AwsFunction[];

export type AwsFunctionName = (typeof AWS_FUNCTIONS)[number]['name'];
