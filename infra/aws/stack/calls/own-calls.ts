// What the functions call of their own stack: the configuration, the tables, the queues, the log. A table with a row for each function;
// what its configuration adds (registries, clusters, secrets) stands in config-calls.ts.
import { ACCESS } from '../../../../functions/job-kinds/access-job.ts';
import { CREDENTIALS } from '../../../../functions/job-kinds/credentials-job.ts';
import { GRANTS } from '../../../../functions/job-kinds/grants-job.ts';
import { MIRROR } from '../../../../functions/job-kinds/mirror-job.ts';
import { SWEEP } from '../../../../functions/job-kinds/sweep-job.ts';
import { AGE_INDEX, STATE_INDEX, WORK_INDEX } from '../../job-store/table.ts';
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
import { allow, allowIfAny, type Statement } from './statement.ts';

type DynamoAction = 'BatchGetItem' | 'BatchWriteItem' | 'DeleteItem' | 'GetItem' | 'PutItem' | 'Query' | 'UpdateItem';

type TableUse = { actions: readonly DynamoAction[]; indexes?: readonly string[] };

type OwnCalls = {
  jobs?: TableUse;
  records?: TableUse;
  /** Kinds of jobs that it asks for, or gives back. */
  wakes?: readonly string[];
  /** Queues that Lambda reads for it, with its rights. */
  receives?: readonly string[];
  /** It is called without waiting for it: what it fails on goes to the dead letters. */
  isAsync?: true;
  /** It makes or checks the tokens of webhook addresses. */
  readsMasterKey?: true;
};

const ALL: readonly DynamoAction[] = [
  'BatchGetItem',
  'BatchWriteItem',
  'DeleteItem',
  'GetItem',
  'PutItem',
  'Query',
  'UpdateItem',
];
const KINDS = WORKERS.map(({ kind }) => kind);

/** Takes jobs in: the key, the job, those that it supersedes, the counters. */
const ACCEPTS: TableUse = { actions: ['BatchGetItem', 'PutItem', 'UpdateItem'] };
/** Claims and ends jobs, and asks for others. */
const WORKS: TableUse = { actions: ALL, indexes: [WORK_INDEX] };

const RECORDS_PUSHES: TableUse = { actions: ['BatchWriteItem'] };
const READS_GRANTS: TableUse = { actions: ['GetItem', 'Query'] };
const WRITES_GRANTS: TableUse = { actions: ['BatchWriteItem', 'DeleteItem', 'GetItem', 'PutItem', 'Query'] };

const worker = (kind: string, others: readonly string[] = []) => ({
  jobs: WORKS,
  wakes: [kind, ...others],
  receives: [queueId(kind)],
});

const OWN_CALLS: Readonly<Record<AwsFunctionName, OwnCalls>> = {
  'registry-push': { jobs: ACCEPTS, records: RECORDS_PUSHES, wakes: [MIRROR, SWEEP], readsMasterKey: true },
  // whose request for access a Namespace may be waiting for stands in the journal of grants
  'namespace-created': { jobs: ACCEPTS, records: READS_GRANTS, wakes: [CREDENTIALS, GRANTS], readsMasterKey: true },
  // it keeps nothing: clusters answer
  'registry-token': {},
  'http-api': {
    jobs: {
      actions: ['BatchGetItem', 'BatchWriteItem', 'GetItem', 'PutItem', 'Query', 'UpdateItem'],
      indexes: [STATE_INDEX, AGE_INDEX],
    },
    records: {
      actions: ['BatchGetItem', 'BatchWriteItem', 'DeleteItem', 'GetItem', 'PutItem', 'Query'],
      indexes: [LIST_INDEX, RECEIVER_INDEX],
    },
    wakes: KINDS,
  },
  'ecr-push': { jobs: ACCEPTS, records: RECORDS_PUSHES, wakes: [MIRROR, SWEEP], isAsync: true },
  // which tags it wrote
  'mirror-image': { ...worker(MIRROR), records: { actions: ['BatchWriteItem', 'GetItem'] } },
  // what is pruned are tags that were written, where no job writes now
  'sync-mirrors': {
    ...worker(SWEEP, [MIRROR]),
    jobs: { actions: ALL, indexes: [WORK_INDEX, STATE_INDEX] },
    records: { actions: ['BatchWriteItem', 'Query'] },
  },
  'refresh-credentials': { ...worker(CREDENTIALS), records: READS_GRANTS },
  'reconcile-grants': { ...worker(GRANTS, [CREDENTIALS]), records: WRITES_GRANTS },
  'give-access': { ...worker(ACCESS, [MIRROR, GRANTS]), records: WRITES_GRANTS },
  timers: {
    jobs: { actions: ALL, indexes: [WORK_INDEX, STATE_INDEX] },
    records: { actions: ['BatchWriteItem', 'GetItem', 'PutItem', 'Query'], indexes: [LIST_INDEX] },
    wakes: KINDS,
    isAsync: true,
  },
  // what nobody understands becomes a job that is dead from the start
  'dead-letters': {
    jobs: { actions: ['BatchGetItem', 'GetItem', 'PutItem', 'UpdateItem'] },
    records: RECORDS_PUSHES,
    wakes: [MIRROR, SWEEP],
    receives: [WORKER_DEAD_LETTERS, EDGE_DEAD_LETTERS],
  },
};

export function ownCalls(name: AwsFunctionName): Statement[] {
  const { jobs, records, wakes = [], receives = [], isAsync, readsMasterKey } = OWN_CALLS[name];
  return [
    allow('Log', ['logs:CreateLogStream', 'logs:PutLogEvents'], [arnOf(logGroupId(name))]),
    // no trace is a resource: https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsx-ray.html
    allow('Trace', ['xray:PutTelemetryRecords', 'xray:PutTraceSegments'], ['*']),
    allow('ReadConfiguration', ['s3:GetObject'], [sub(`\${${CONFIG_BUCKET}.Arn}/${CONFIG_KEY}`)]),
    ...useOf('Jobs', JOBS_TABLE, jobs),
    ...useOf('Records', RECORDS_TABLE, records),
    ...allowIfAny('Wake', ['sqs:SendMessage'], wakes.map(queueId).map(arnOf)),
    ...allowIfAny(
      'Receive',
      ['sqs:DeleteMessage', 'sqs:GetQueueAttributes', 'sqs:ReceiveMessage'],
      receives.map(arnOf),
    ),
    ...allowIfAny('DeadLetters', ['sqs:SendMessage'], isAsync === undefined ? [] : [arnOf(EDGE_DEAD_LETTERS)]),
    ...allowIfAny(
      'ReadMasterKey',
      ['secretsmanager:GetSecretValue'],
      readsMasterKey === undefined ? [] : [ref(MASTER_KEY)],
    ),
  ];
}

function useOf(sid: string, table: string, use: TableUse | undefined): Statement[] {
  if (use === undefined) return [];
  const { actions, indexes = [] } = use;
  const named = actions.map((action) => `dynamodb:${action}`);
  return [allow(sid, named, [arnOf(table), ...indexes.map((index) => sub(`\${${table}.Arn}/index/${index}`))])];
}
