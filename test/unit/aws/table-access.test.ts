// How a table is asked within the limits of DynamoDB: of an item, a transaction, a batch, and what an answer leaves undone. The client is a
// stand-in for requests of the documented shape.
import {
  TransactionCanceledException,
  type BatchGetItemCommandInput,
  type BatchWriteItemCommandInput,
  type DynamoDBClient,
} from '@aws-sdk/client-dynamodb';
import { describe, expect, it } from 'vitest';
import { n, s, text, type Item } from '../../../infra/aws/dynamo/attributes.ts';
import { itemKey } from '../../../infra/aws/dynamo/key-parts.ts';
import { tableAccess, type Write } from '../../../infra/aws/dynamo/table-access.ts';
import { TransshipError, messageOf } from '../../../shared/errors.ts';

const ITEM_BYTES = 400 * 1024;
const MIB = 1024 * 1024;

function tableAt(answer: (input: never) => unknown) {
  const asked: unknown[] = [];
  const send = async ({ input }: { input: never }) => {
    asked.push(input);
    return answer(input);
  };
  const table = tableAccess({
    dynamo: { send } as unknown as DynamoDBClient,
    tableName: 'jobs',
    random: () => 0,
    tooLarge: (what) => new TransshipError('invalid-job', `the job has ${what}`),
  });
  return { table, asked };
}

const itemOf = (name: number, bytes = 0): Item => ({ ...itemKey(`J#${name}`), body: s('x'.repeat(bytes)) });
const items = (count: number, bytes?: number) => Array.from({ length: count }, (_, index) => itemOf(index, bytes));
const put = (Item: Item): Write => ({ Put: { TableName: 'jobs', Item } });

describe('reading many', () => {
  /** Answers with the first so many of what is asked for, and leaves the others. */
  const answering = (most: number) => (input: BatchGetItemCommandInput) => {
    const { Keys = [] } = input.RequestItems?.['jobs'] ?? {};
    const left = Keys.slice(most);
    return {
      Responses: { jobs: Keys.slice(0, most) },
      UnprocessedKeys: left.length === 0 ? {} : { jobs: { Keys: left } },
    };
  };
  const keys = items(250).map((item) => itemKey(text(item, 'pk')));

  it('asks for each once, a hundred at a time, and again for what was left', async () => {
    const { table, asked } = tableAt(answering(40));
    const found = await table.getAll([...keys, ...keys]);
    expect(new Set(found.map((item) => text(item, 'pk'))).size).toBe(250);
    expect(found).toHaveLength(250);
    const sizes = asked.map((input) => (input as BatchGetItemCommandInput).RequestItems?.['jobs']?.Keys?.length ?? 0);
    expect(Math.max(...sizes)).toBe(100);
    expect(sizes).toHaveLength(7);
  });

  it('gives up where nothing is answered any more', async () => {
    const { table, asked } = tableAt(answering(0));
    await expect(table.getAll(keys)).rejects.toMatchObject({ code: 'store-unavailable', retryable: true });
    expect(asked).toHaveLength(8);
  });
});

describe('writing many', () => {
  it('writes 25 at a time, of one key the last, and again what was left', async () => {
    const written = new Map<string, Item>();
    const { table, asked } = tableAt((input: BatchWriteItemCommandInput) => {
      const requests = input.RequestItems?.['jobs'] ?? [];
      for (const { PutRequest } of requests.slice(0, 20)) {
        written.set(text(PutRequest?.Item ?? {}, 'pk'), PutRequest?.Item ?? {});
      }
      return { UnprocessedItems: requests.length > 20 ? { jobs: requests.slice(20) } : {} };
    });
    await table.putAll([itemOf(3, 5), ...items(60)]);
    expect([...written.values()].toSorted(byName)).toEqual(items(60).toSorted(byName));
    for (const input of asked) {
      expect((input as BatchWriteItemCommandInput).RequestItems?.['jobs']?.length).toBeLessThanOrEqual(25);
    }
  });

  it('writes nothing where one of them is too large', async () => {
    const { table, asked } = tableAt(() => ({}));
    await expect(table.putAll([itemOf(1), itemOf(2, ITEM_BYTES)])).rejects.toMatchObject({ code: 'invalid-job' });
    expect(asked).toEqual([]);
  });
});

describe('a transaction', () => {
  const emptyBytes = 'pk'.length + 'J#0'.length + 'sk'.length + '-'.length + 'body'.length;

  it.each([
    ['an item of 400 KB', [put(itemOf(0, ITEM_BYTES - emptyBytes))], undefined],
    ['one byte more', [put(itemOf(0, ITEM_BYTES - emptyBytes + 1))], '409601 bytes in all'],
    ['a flag counts too', [put({ ...itemOf(0, ITEM_BYTES - emptyBytes - 1), a: { BOOL: true } })], '409601 bytes'],
    ['100 items', items(100).map(put), undefined],
    ['101 items', items(101).map(put), '101 items to write at once'],
    ['more than 4 MB', items(17, MIB / 4).map(put), 'of a transaction'],
  ])('is refused where it is larger than DynamoDB takes: %s', async (_name, writes, refusal) => {
    const { table, asked } = tableAt(() => ({}));
    const refused = await table.commit(writes).then(() => '', messageOf);
    expect(refused).toContain(refusal ?? '');
    expect(asked).toHaveLength(refusal === undefined ? 1 : 0);
  });

  it.each([
    Object.assign(new Error('Item size has exceeded the maximum allowed size'), { name: 'ValidationException' }),
    new TransactionCanceledException({
      message: 'cancelled',
      $metadata: {},
      CancellationReasons: [
        { Code: 'None' },
        { Code: 'ValidationError', Message: 'Item size to update has exceeded the maximum allowed size' },
      ],
    }),
  ])('is as large as DynamoDB says: %s', async (error) => {
    const { table } = tableAt(() => {
      throw error;
    });
    const update = { TableName: 'jobs', Key: itemKey('W'), UpdateExpression: 'ADD rev :one' };
    const writes = [put(itemOf(1)), { Update: { ...update, ExpressionAttributeValues: { ':one': n(1) } } }];
    await expect(table.commit(writes)).rejects.toMatchObject({ code: 'invalid-job' });
  });
});

function byName(one: Item, other: Item): number {
  return text(one, 'pk') < text(other, 'pk') ? -1 : 1;
}
