// The store on DynamoDB and SQS under the contract suite, at a moto server. A kill leaves the table and takes the process: what it had in
// memory and the leases it held.
//
// moto copies its whole table before a transaction and puts the copy back when a condition fails, with what others wrote meanwhile: its
// requests go one at a time here, as DynamoDB's transactions do on the same items. A race is then one of the order of requests.
import { CreateTableCommand, DeleteTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { CreateQueueCommand, DeleteQueueCommand, SQSClient } from '@aws-sdk/client-sqs';
import { randomUUID } from 'node:crypto';
import { awsJobStore, type AwsJobStore, type AwsJobStoreOptions } from '../../../infra/aws/job-store.ts';
import { ageOrder, type AgeOrder } from '../../../infra/aws/dynamo/age-order.ts';
import { tableAccess } from '../../../infra/aws/dynamo/table-access.ts';
import { jobItem, pageItem, storedJob } from '../../../infra/aws/job-store/job-items.ts';
import { jobKey } from '../../../infra/aws/job-store/keys.ts';
import { LINES_PER_PAGE } from '../../../infra/aws/job-store/move-writes.ts';
import { JOB_TABLE } from '../../../infra/aws/job-store/table.ts';
import { TransshipError } from '../../../shared/errors.ts';
import type { Clock } from '../../../shared/jobs/clock.ts';
import type { JobEvent } from '../../../shared/jobs/job.ts';
import type { Json } from '../../../shared/jobs/json.ts';
import type { Moto } from '../moto.ts';
import { awsApiTokens } from '../../../infra/aws/records/api-tokens.ts';
import { awsGrantStore } from '../../../infra/aws/records/grant-store.ts';
import { awsPushLog } from '../../../infra/aws/records/push-log.ts';
import { awsTagJournal } from '../../../infra/aws/records/tag-journal.ts';
import { RECORD_TABLE } from '../../../infra/aws/records/table.ts';
import type { JobStoreSubject, OpenedJobs, OpenedStore, StoreSubject } from './store-subject.ts';

export type AwsBed = { dynamo: DynamoDBClient; sqs: SQSClient; close(): void };

/** Clients of a moto server, with one connection each. */
export function awsBed({ url }: Moto): AwsBed {
  const access = {
    region: 'eu-west-1',
    endpoint: url,
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
    // what waits for the one connection is no news
    requestHandler: { httpAgent: { maxSockets: 1, keepAlive: true }, socketAcquisitionWarningTimeout: 600_000 },
  };
  const dynamo = new DynamoDBClient(access);
  const sqs = new SQSClient(access);
  return {
    dynamo,
    sqs,
    close() {
      dynamo.destroy();
      sqs.destroy();
    },
  };
}

export type AwsTable = {
  tableName: string;
  queueUrl: string;
  /** Of all processes: they agree about ages, whatever happens to their clock. */
  order: AgeOrder;
  /** One more process at the same table. */
  open(options?: Partial<AwsJobStoreOptions>): AwsJobStore;
  remove(): Promise<void>;
};

export async function newTable({ dynamo, sqs }: AwsBed, clock: Clock): Promise<AwsTable> {
  const tableName = `jobs-${randomUUID()}`;
  const { QueueUrl: queueUrl = '' } = await sqs.send(new CreateQueueCommand({ QueueName: tableName }));
  await dynamo.send(new CreateTableCommand({ TableName: tableName, ...JOB_TABLE }));
  const order = ageOrder(clock);
  return {
    tableName,
    queueUrl,
    order,
    open: (options) =>
      awsJobStore({ dynamo, sqs, tableName, owner: randomUUID(), clock, order, queueFor: () => queueUrl, ...options }),
    async remove() {
      await dynamo.send(new DeleteTableCommand({ TableName: tableName }));
      await sqs.send(new DeleteQueueCommand({ QueueUrl: queueUrl }));
    },
  };
}

/** @param bed is asked for when a test runs */
export function awsSubject(bed: () => AwsBed): JobStoreSubject {
  function openAt(table: AwsTable): OpenedJobs {
    return {
      store: table.open(),
      told: (lease, progress) => writeProgress(bed().dynamo, table.tableName, lease.jobId, progress),
      crash: async () => openAt(table),
      remove: () => table.remove(),
    };
  }
  return {
    name: 'DynamoDB',
    open: async (clock) => openAt(await newTable(bed(), clock)),
    freesLeasesAtStart: false,
    schedules: 1,
  };
}

/** As another process of the holder would have left it. */
async function writeProgress(dynamo: DynamoDBClient, tableName: string, id: string, told: readonly Json[]) {
  const tooLarge = (what: string) => new TransshipError('internal', what);
  const table = tableAccess({ dynamo, tableName, random: Math.random, tooLarge });
  const stored = storedJob((await table.get(jobKey(id))) ?? {});
  const at = new Date(0);
  const progress = told.map((data, index): JobEvent => {
    return { sequence: stored.lines.length + index + 1, at, type: 'progress', data };
  });
  const lines = [...stored.lines, ...progress];
  const pages: JobEvent[][] = [];
  while (lines.length > LINES_PER_PAGE) pages.push(lines.splice(0, LINES_PER_PAGE));
  const pagedTo = pages.length * LINES_PER_PAGE;
  const job = jobItem({ ...stored, rev: stored.rev + 1, lines, pagedTo });
  await table.putAll([...pages.map((page) => pageItem(id, page)), job]);
}

export type AwsRecords = Pick<OpenedStore, 'pushes' | 'journal' | 'apiTokens' | 'grants'>;

export type AwsRecordTable = {
  tableName: string;
  /** One more process at the same table. */
  open(random?: () => number): AwsRecords;
  remove(): Promise<void>;
};

/** @param jobs the table of the jobs that pushes ask for */
export async function newRecordTable(
  { dynamo }: Pick<AwsBed, 'dynamo'>,
  clock: Clock,
  jobs: Pick<AwsTable, 'tableName' | 'order'>,
): Promise<AwsRecordTable> {
  const tableName = `records-${randomUUID()}`;
  await dynamo.send(new CreateTableCommand({ TableName: tableName, ...RECORD_TABLE }));
  const options = { dynamo, tableName, clock, order: jobs.order, jobsTableName: jobs.tableName };
  return {
    tableName,
    open(random = Math.random) {
      const opened = { ...options, random };
      return {
        pushes: awsPushLog(opened),
        journal: awsTagJournal(opened),
        apiTokens: awsApiTokens(opened),
        grants: awsGrantStore(opened),
      };
    },
    remove: async () => void (await dynamo.send(new DeleteTableCommand({ TableName: tableName }))),
  };
}

/** Both tables. @param bed is asked for when a test runs */
export function awsStoreSubject(bed: () => AwsBed): StoreSubject {
  function openAt(jobs: AwsTable, records: AwsRecordTable): OpenedStore {
    return {
      store: jobs.open(),
      ...records.open(),
      crash: async () => openAt(jobs, records),
      remove: async () => void (await Promise.all([jobs.remove(), records.remove()])),
    };
  }
  return {
    ...awsSubject(bed),
    async open(clock) {
      const jobs = await newTable(bed(), clock);
      return openAt(jobs, await newRecordTable(bed(), clock, jobs));
    },
  };
}
