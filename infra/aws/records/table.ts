// The table of what is kept beside jobs, as data: received pushes, written tags, API tokens and the journal of grants. What its keys are
// made of stands in keys.ts. It forgets nothing by itself: no attribute of it is for the time to live of items.
import type { CreateTableCommandInput } from '@aws-sdk/client-dynamodb';
import { index, keySchema, textKeys } from '../dynamo/table-shape.ts';

/** All pushes by age, and the repositories of a rule. */
export const LIST_INDEX = 'list';
/** The pushes of one receiver, by age. */
export const RECEIVER_INDEX = 'receiver';

export const RECORD_TABLE = {
  BillingMode: 'PAY_PER_REQUEST',
  AttributeDefinitions: textKeys(['pk', 'sk', 'listGroup', 'listOrder', 'receiverGroup']),
  KeySchema: keySchema('pk', 'sk'),
  GlobalSecondaryIndexes: [
    index(LIST_INDEX, 'listGroup', 'listOrder'),
    index(RECEIVER_INDEX, 'receiverGroup', 'listOrder'),
  ],
} satisfies Omit<CreateTableCommandInput, 'TableName'>;
