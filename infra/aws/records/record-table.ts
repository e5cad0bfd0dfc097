// The table of records as its stores open it.
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { TransshipError } from '../../../shared/errors.ts';
import { tableAccess, type TableAccess } from '../dynamo/table-access.ts';

export type RecordTableOptions = {
  dynamo: DynamoDBClient;
  /** A table as records/table.ts describes it. */
  tableName: string;
  random?: () => number;
};

export function recordTable({ dynamo, tableName, random = Math.random }: RecordTableOptions): TableAccess {
  return tableAccess({
    dynamo,
    tableName,
    random,
    tooLarge: (what) => new TransshipError('internal', `what is to be recorded has ${what}`),
  });
}
