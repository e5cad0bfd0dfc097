// A table as the operations use it: consistent reads, queries, and writes that happen all or not at all. Conflicts between transactions
// are waited out with jitter; what an answer that was lost had done, the condition of the next try finds. No request is larger than
// DynamoDB takes: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
import {
  BatchGetItemCommand,
  BatchWriteItemCommand,
  DeleteItemCommand,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  TransactWriteItemsCommand,
  UpdateItemCommand,
  type DynamoDBClient,
  type QueryCommandInput,
  type TransactWriteItem,
  type WriteRequest,
} from '@aws-sdk/client-dynamodb';
import { setTimeout as sleep } from 'node:timers/promises';
import { TransshipError, messageOf } from '../../../shared/errors.ts';
import { sizeBytes, type Item } from './attributes.ts';
import { isPassing, isTooLarge, refusedOf, storeError, type Refused } from './dynamo-errors.ts';
import { keyText } from './key-parts.ts';

/** A write of a transaction, of one kind. */
export type Write = Pick<TransactWriteItem, 'Put' | 'Update' | 'Delete'>;

export type Query = Omit<QueryCommandInput, 'TableName'>;

export type TableAccess = {
  name: string;
  get(key: Item): Promise<Item | undefined>;
  /** Those that are there, each once, in no order. @throws TransshipError store-unavailable */
  getAll(keys: readonly Item[]): Promise<Item[]>;
  query(query: Query): Promise<{ items: Item[]; last: Item | undefined }>;
  /** All pages of a query. */
  queryAll(query: Query): Promise<Item[]>;
  /** Undefined: all are written. Otherwise none is. @throws TransshipError store-unavailable, or as `tooLarge` says */
  commit(writes: readonly Write[]): Promise<Refused<Write> | undefined>;
  /** Writes without condition, some and then others; of one key the last. @throws as `commit` does */
  putAll(items: readonly Item[]): Promise<void>;
  /** Deletes without condition, some and then others. */
  deleteAll(keys: readonly Item[]): Promise<void>;
};

export type TableOptions = {
  dynamo: DynamoDBClient;
  tableName: string;
  random: () => number;
  /** The error for what no item or transaction holds; `what` goes on from "has". */
  tooLarge: (what: string) => TransshipError;
};

const MAX_ITEM_BYTES = 400 * 1024;
const MAX_TRANSACTION_BYTES = 4 * 1024 * 1024;
const MAX_WRITES = 100;
/** https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html */
const MAX_READS = 100;
const MAX_BATCH_WRITES = 25;
const MAX_TRIES = 8;
const FIRST_WAIT_MS = 20;

export function tableAccess({ dynamo, tableName: name, random, tooLarge }: TableOptions): TableAccess {
  const access: TableAccess = {
    name,
    async get(key) {
      const { Item } = await patiently(() =>
        dynamo.send(new GetItemCommand({ TableName: name, Key: key, ConsistentRead: true })),
      );
      return Item;
    },
    async getAll(keys) {
      const found: Item[] = [];
      const distinct = new Map(keys.map((key) => [keyText(key), key]));
      await inBatches([...distinct.values()], MAX_READS, async (Keys) => {
        const RequestItems = { [name]: { Keys, ConsistentRead: true } };
        const answer = await dynamo.send(new BatchGetItemCommand({ RequestItems }));
        found.push(...(answer.Responses?.[name] ?? []));
        return answer.UnprocessedKeys?.[name]?.Keys ?? [];
      });
      return found;
    },
    async query(query) {
      const answer = await patiently(() => dynamo.send(new QueryCommand({ ...query, TableName: name })));
      return { items: answer.Items ?? [], last: answer.LastEvaluatedKey };
    },
    async queryAll(query) {
      const found: Item[] = [];
      let start: Item | undefined;
      do {
        const page = await access.query({ ...query, ...(start === undefined ? {} : { ExclusiveStartKey: start }) });
        found.push(...page.items);
        start = page.last;
      } while (start !== undefined);
      return found;
    },
    async commit(writes) {
      assertSizes(writes);
      try {
        await patiently(() => send(writes));
        return undefined;
      } catch (error) {
        const refused = refusedOf(writes, error instanceof TransshipError ? error.cause : error);
        if (refused.size > 0) return refused;
        throw error;
      }
    },
    async putAll(items) {
      for (const item of items) itemBytes(item);
      await writeAll(items.map((Item) => ({ PutRequest: { Item } })));
    },
    deleteAll: (keys) => writeAll(keys.map((Key) => ({ DeleteRequest: { Key } }))),
  };

  /** A batch has room for one write of a key: the last one counts. */
  async function writeAll(requests: readonly WriteRequest[]): Promise<void> {
    const byKey = new Map(
      requests.map((request) => [keyText(request.PutRequest?.Item ?? request.DeleteRequest?.Key ?? {}), request]),
    );
    await inBatches([...byKey.values()], MAX_BATCH_WRITES, async (some) => {
      const answer = await dynamo.send(new BatchWriteItemCommand({ RequestItems: { [name]: some } }));
      return answer.UnprocessedItems?.[name] ?? [];
    });
  }

  /**
   * Sends all, so many at a time. What DynamoDB left undone, because an answer has 16 MB or there was too much, goes with the next.
   * @param send gives what was left undone
   */
  async function inBatches<One>(
    all: readonly One[],
    size: number,
    send: (some: One[]) => Promise<One[]>,
  ): Promise<void> {
    let waits = 0;
    for (let wanted = [...all]; wanted.length > 0;) {
      const some = wanted.slice(0, size);
      const left = await patiently(() => send(some));
      waits = left.length < some.length ? 0 : waits + 1;
      if (waits === MAX_TRIES) throw storeError(new Error('it does nothing of what it is asked'), name);
      if (left.length > 0) await sleep(random() * FIRST_WAIT_MS * 2 ** waits);
      wanted = [...left, ...wanted.slice(size)];
    }
  }

  /** A single write costs half of a transaction. */
  async function send(writes: readonly Write[]): Promise<void> {
    const [first, ...others] = writes;
    if (first === undefined) return;
    if (others.length > 0) await dynamo.send(new TransactWriteItemsCommand({ TransactItems: [...writes] }));
    else if (first.Put !== undefined) await dynamo.send(new PutItemCommand(first.Put));
    else if (first.Delete !== undefined) await dynamo.send(new DeleteItemCommand(first.Delete));
    else if (first.Update !== undefined) await dynamo.send(new UpdateItemCommand(first.Update));
  }

  async function patiently<Answer>(call: () => Promise<Answer>): Promise<Answer> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await call();
      } catch (error) {
        if (isTooLarge(error)) throw tooLarge(`more bytes than DynamoDB takes: ${messageOf(error)}`);
        if (!isPassing(error) || tries === MAX_TRIES) throw storeError(error, name);
      }
      await sleep(random() * FIRST_WAIT_MS * 2 ** tries);
    }
  }

  function itemBytes(item: Item): number {
    const bytes = sizeBytes(item);
    if (bytes > MAX_ITEM_BYTES) throw tooLarge(`${bytes} bytes in all, more than the ${MAX_ITEM_BYTES} of an item`);
    return bytes;
  }

  function assertSizes(writes: readonly Write[]): void {
    const total = writes.reduce((sum, { Put }) => sum + itemBytes(Put?.Item ?? {}), 0);
    if (total > MAX_TRANSACTION_BYTES)
      throw tooLarge(`${total} bytes to write at once, more than the ${MAX_TRANSACTION_BYTES} of a transaction`);
    if (writes.length > MAX_WRITES)
      throw tooLarge(`${writes.length} items to write at once, more than the ${MAX_WRITES} of a transaction`);
  }

  return access;
}
