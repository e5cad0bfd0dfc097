// What the functions call of their own stack: the configuration, the tables, the queues, the log. A table with a row for each function;
// what its configuration adds (registries, clusters, secrets) stands in config-calls.ts.
import { STATE_INDEX, WORK_INDEX, AGE_INDEX } from '../../job-store/table.ts';
import { LIST_INDEX, RECEIVER_INDEX } from '../../records/table.ts';
import { arnOf, ref, sub } from '../fragment.ts';
import type { AwsFunctionName } from '../functions.ts';
import {
  CONFIG_BUCKET,
  CONFIG_KEY,
  EDGE_DEAD_LETTERS,
  JOBS_TABLE,
  logGroupId,
  MASTER_KEY,
  queueId,
  RECORDS_TABLE,
  WORKER_DEAD_LETTERS,
  WORKERS,
} from '../names.ts';
import { allow, type Statement } from './statement.ts';

type TableUse = { actions: readonly string[]; indexes: readonly string[] };

export type OwnCalls = {
  jobs?: TableUse;
  records?: TableUse;
  /** Kinds of jobs that it asks for, or gives back. */
  wakes: readonly string[];
  /** Queues that Lambda reads for it, with its rights. */
  receives: readonly string[];
  /** It is called without waiting for it: what it fails on goes to the dead letters. */
  isAsync?: true;
  /** It makes or checks the tokens of webhook addresses. */
  readsMasterKey?: true;
};

const READ = ['dynamodb:BatchGetItem', 'dynamodb:GetItem', 'dynamodb:Query'];
const WRITE = ['dynamodb:BatchWriteItem', 'dynamodb:DeleteItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem'];

const KINDS = WORKERS.map(({ kind }) => kind);

/** Takes jobs in: the key, the job, those that it supersedes. */
const ACCEPTS: TableUse = {
  actions: ['dynamodb:BatchGetItem', 'dynamodb:DeleteItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem'],
  indexes: [],
};
/** Claims and ends jobs, and asks for others. */
const WORKS: TableUse = { actions: [...READ, ...WRITE], indexes: [WORK_INDEX] };
const KEEPS: TableUse = { actions: [...READ, ...WRITE], indexes: [WORK_INDEX, STATE_INDEX] };
const ADMINISTERS: TableUse = { actions: [...READ, ...WRITE], indexes: [WORK_INDEX, STATE_INDEX, AGE_INDEX] };

const READS_RECORDS: TableUse = { actions: READ, indexes: [] };
const WRITES_RECORDS: TableUse = { actions: [...READ, ...WRITE], indexes: [LIST_INDEX] };
const ADMINISTERS_RECORDS: TableUse = { actions: [...READ, ...WRITE], indexes: [LIST_INDEX, RECEIVER_INDEX] };

const worker = (kind: string, others: readonly string[] = []): OwnCalls => ({
  jobs: WORKS,
  records: WRITES_RECORDS,
  wakes: [kind, ...others],
  receives: [queueId(kind)],
});

const OWN_CALLS: Readonly<Record<AwsFunctionName, OwnCalls>> = {
  'registry-push': {
    jobs: ACCEPTS,
    records: WRITES_RECORDS,
    wakes: ['mirror', 'sweep'],
    receives: [],
    readsMasterKey: true,
  },
  'namespace-created': {
    jobs: ACCEPTS,
    records: READS_RECORDS,
    wakes: ['credentials', 'grants'],
    receives: [],
    readsMasterKey: true,
  },
  'registry-token': { wakes: [], receives: [] },
  'http-api': { jobs: ADMINISTERS, records: ADMINISTERS_RECORDS, wakes: KINDS, receives: [] },
  'ecr-push': { jobs: ACCEPTS, records: WRITES_RECORDS, wakes: ['mirror', 'sweep'], receives: [], isAsync: true },
  'mirror-image': worker('mirror'),
  'sync-mirrors': worker('sweep', ['mirror']),
  'refresh-credentials': worker('credentials'),
  'reconcile-grants': worker('grants'),
  'give-access': worker('access', ['mirror', 'grants']),
  timers: { jobs: KEEPS, records: WRITES_RECORDS, wakes: KINDS, receives: [], isAsync: true },
  'dead-letters': {
    jobs: KEEPS,
    records: WRITES_RECORDS,
    wakes: KINDS,
    receives: [WORKER_DEAD_LETTERS, EDGE_DEAD_LETTERS],
  },
};

export function ownCalls(name: AwsFunctionName): Statement[] {
  const { jobs, records, wakes, receives, isAsync, readsMasterKey } = OWN_CALLS[name];
  return [
    allow('Log', ['logs:CreateLogStream', 'logs:PutLogEvents'], [arnOf(logGroupId(name))]),
    // no trace is a resource: https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsx-ray.html
    allow('Trace', ['xray:PutTelemetryRecords', 'xray:PutTraceSegments'], ['*']),
    allow('ReadConfiguration', ['s3:GetObject'], [sub(`\${${CONFIG_BUCKET}.Arn}/${CONFIG_KEY}`)]),
    ...(jobs === undefined ? [] : [useOf('Jobs', JOBS_TABLE, jobs)]),
    ...(records === undefined ? [] : [useOf('Records', RECORDS_TABLE, records)]),
    ...(wakes.length === 0 ? [] : [allow('Wake', ['sqs:SendMessage'], wakes.map(queueId).map(arnOf))]),
    ...(receives.length === 0
      ? []
      : [allow('Receive', ['sqs:DeleteMessage', 'sqs:GetQueueAttributes', 'sqs:ReceiveMessage'], receives.map(arnOf))]),
    ...(isAsync === undefined ? [] : [allow('DeadLetters', ['sqs:SendMessage'], [arnOf(EDGE_DEAD_LETTERS)])]),
    ...(readsMasterKey === undefined
      ? []
      : [allow('ReadMasterKey', ['secretsmanager:GetSecretValue'], [ref(MASTER_KEY)])]),
  ];
}

function useOf(sid: string, table: string, { actions, indexes }: TableUse): Statement {
  return allow(sid, actions, [arnOf(table), ...indexes.map((index) => sub(`\${${table}.Arn}/index/${index}`))]);
}
