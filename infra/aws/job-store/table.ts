// The one table of the job store as data: what CreateTable and CloudFormation both read. Keys are texts; what they are made of stands in
// keys.ts. The indexes only find candidates: they lag, so every decision is made by a consistent read or a condition.
import type { CreateTableCommandInput } from '@aws-sdk/client-dynamodb';

/** By place in the queue, by end of the lease, by time of the end, by time of delivery. */
export const WORK_INDEX = 'work';
/** Jobs of one state, by age. */
export const STATE_INDEX = 'state';
/** All jobs, by age. */
export const AGE_INDEX = 'age';

const TEXT_KEYS = ['pk', 'sk', 'workGroup', 'workOrder', 'stateGroup', 'ageGroup', 'age'] as const;

export const JOB_TABLE = {
  BillingMode: 'PAY_PER_REQUEST',
  AttributeDefinitions: TEXT_KEYS.map((AttributeName) => ({ AttributeName, AttributeType: 'S' as const })),
  KeySchema: keySchema('pk', 'sk'),
  GlobalSecondaryIndexes: [
    index(WORK_INDEX, 'workGroup', 'workOrder', ['kind', 'hosts', 'targets', 'createdAt']),
    index(STATE_INDEX, 'stateGroup', 'age', ['kind', 'runAt', 'woken']),
    index(AGE_INDEX, 'ageGroup', 'age', ['kind']),
  ],
} satisfies Omit<CreateTableCommandInput, 'TableName'>;

/** What the table may forget by itself: never a lease, never a job. */
export const FORGET_AT = 'expiresAt';

function index(IndexName: string, hash: string, range: string, attributes: string[]) {
  return {
    IndexName,
    KeySchema: keySchema(hash, range),
    Projection: { ProjectionType: 'INCLUDE' as const, NonKeyAttributes: attributes },
  };
}

function keySchema(hash: string, range: string) {
  return [
    { AttributeName: hash, KeyType: 'HASH' as const },
    { AttributeName: range, KeyType: 'RANGE' as const },
  ];
}
