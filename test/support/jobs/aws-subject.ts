// The store on DynamoDB and SQS under the contract suite, at a moto server. A kill leaves the table and takes the process: what it had in
// memory and the leases it held.
//
// moto copies its whole table before a transaction and puts the copy back when a condition fails, with what others wrote meanwhile: its
// requests go one at a time here, as DynamoDB's transactions do on the same items. A race is then one of the order of requests.
import { CreateTableCommand, DeleteTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { CreateQueueCommand, DeleteQueueCommand, SQSClient } from '@aws-sdk/client-sqs';
import { randomUUID } from 'node:crypto';
import { awsJobStore, type AwsJobStoreOptions } from '../../../infra/aws/job-store.ts';
import type { JobStore } from '../../../shared/jobs/job-store.ts';
import { ageOrder } from '../../../infra/aws/dynamo/age-order.ts';
import { JOB_TABLE } from '../../../infra/aws/job-store/table.ts';
import type { Clock } from '../../../shared/jobs/clock.ts';
import type { Moto } from '../moto.ts';
import type { JobStoreSubject, OpenedJobs } from './store-subject.ts';

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
  /** One more process at the same table. */
  open(options?: Partial<AwsJobStoreOptions>): JobStore;
  remove(): Promise<void>;
};

export async function newTable({ dynamo, sqs }: AwsBed, clock: Clock): Promise<AwsTable> {
  const tableName = `jobs-${randomUUID()}`;
  const { QueueUrl: queueUrl = '' } = await sqs.send(new CreateQueueCommand({ QueueName: tableName }));
  await dynamo.send(new CreateTableCommand({ TableName: tableName, ...JOB_TABLE }));
  // one clock for all processes: they agree about ages, whatever happens to it
  const order = ageOrder(clock);
  return {
    tableName,
    queueUrl,
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
    return { store: table.open(), crash: async () => openAt(table), remove: () => table.remove() };
  }
  return {
    name: 'DynamoDB',
    open: async (clock) => openAt(await newTable(bed(), clock)),
    freesLeasesAtStart: false,
    schedules: 1,
  };
}
