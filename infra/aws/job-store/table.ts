// The one table of the job store as data: what CreateTable and CloudFormation both read. Keys are texts; what they are made of stands in
// keys.ts. The indexes only find candidates: they lag, so every decision is made by a consistent read or a condition.
import type { CreateTableCommandInput } from '@aws-sdk/client-dynamodb';
import { index, keySchema, textKeys } from '../dynamo/table-shape.ts';

/** By place in the queue, by end of the lease, by time of the end, by time of delivery. */
export const WORK_INDEX = 'work';
/** Jobs of one state, by age. */
export const STATE_INDEX = 'state';
/** All jobs, by age. */
export const AGE_INDEX = 'age';

export const JOB_TABLE = {
  BillingMode: 'PAY_PER_REQUEST',
  AttributeDefinitions: textKeys(['pk', 'sk', 'workGroup', 'workOrder', 'stateGroup', 'ageGroup', 'age']),
  KeySchema: keySchema('pk', 'sk'),
  GlobalSecondaryIndexes: [
    index(WORK_INDEX, 'workGroup', 'workOrder', ['kind', 'hosts', 'targets', 'createdAt']),
    index(STATE_INDEX, 'stateGroup', 'age', ['kind', 'runAt', 'woken']),
    index(AGE_INDEX, 'ageGroup', 'age', ['kind']),
  ],
} satisfies Omit<CreateTableCommandInput, 'TableName'>;

/** What the table may forget by itself: never a lease, never a job. */
export const FORGET_AT = 'expiresAt';
