// The table as the operations use it: consistent reads, queries of an index, and writes that happen all or not at all. Conflicts between
// transactions are waited out with jitter; what an answer that was lost had done, the condition of the next try finds.
import {
  BatchGetItemCommand,
  BatchWriteItemCommand,
  ConditionalCheckFailedException,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  TransactWriteItemsCommand,
  TransactionCanceledException,
  type DynamoDBClient,
  type QueryCommandInput,
  type TransactWriteItem,
} from '@aws-sdk/client-dynamodb';
import { setTimeout as sleep } from 'node:timers/promises';
import { TransshipError } from '../../../shared/errors.ts';
import { sizeBytes, type Item } from './attributes.ts';
import { isPassing, storeError } from './dynamo-errors.ts';

/** A write of a transaction, of one kind. */
export type Write = Pick<TransactWriteItem, 'Put' | 'Update' | 'Delete'>;

/** The writes whose condition did not hold, with what is there instead. */
type Refused = ReadonlyMap<Write, Item | undefined>;

type Query = Omit<QueryCommandInput, 'TableName'>;

export type TableAccess = {
  name: string;
  get(key: Item): Promise<Item | undefined>;
  /** Those that are there, in no order. */
  getAll(keys: readonly Item[]): Promise<Item[]>;
  query(query: Query): Promise<{ items: Item[]; last: Item | undefined }>;
  /** All pages of a query. */
  queryAll(query: Query): Promise<Item[]>;
  /** Undefined: all are written. Otherwise none is. @throws TransshipError store-unavailable, invalid-job */
  commit(writes: readonly Write[]): Promise<Refused | undefined>;
  /** Deletes without condition, some and then others. */
  deleteAll(keys: readonly Item[]): Promise<void>;
};

const MAX_ITEM_BYTES = 400 * 1024;
const MAX_TRANSACTION_BYTES = 4 * 1024 * 1024;
const MAX_WRITES = 100;
/** https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html */
const MAX_READS = 100;
const MAX_DELETES = 25;
const MAX_TRIES = 8;
const FIRST_WAIT_MS = 20;

export function tableAccess(dynamo: DynamoDBClient, name: string, random: () => number): TableAccess {
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
      for (let wanted = [...keys]; wanted.length > 0;) {
        const RequestItems = { [name]: { Keys: wanted.slice(0, MAX_READS), ConsistentRead: true } };
        const answer = await patiently(() => dynamo.send(new BatchGetItemCommand({ RequestItems })));
        found.push(...(answer.Responses?.[name] ?? []));
        const left = answer.UnprocessedKeys?.[name]?.Keys ?? [];
        if (left.length > 0) await sleep(random() * FIRST_WAIT_MS);
        wanted = [...left, ...wanted.slice(MAX_READS)];
      }
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
    async deleteAll(keys) {
      for (let wanted = keys.map((Key) => ({ DeleteRequest: { Key } })); wanted.length > 0;) {
        const RequestItems = { [name]: wanted.slice(0, MAX_DELETES) };
        const answer = await patiently(() => dynamo.send(new BatchWriteItemCommand({ RequestItems })));
        const left = (answer.UnprocessedItems?.[name] ?? []).flatMap(({ DeleteRequest }) =>
          DeleteRequest?.Key === undefined ? [] : [{ DeleteRequest: { Key: DeleteRequest.Key } }],
        );
        if (left.length > 0) await sleep(random() * FIRST_WAIT_MS);
        wanted = [...left, ...wanted.slice(MAX_DELETES)];
      }
    },
  };

  /** A single write costs half of a transaction. */
  async function send(writes: readonly Write[]): Promise<void> {
    const [first, ...others] = writes;
    const put = others.length === 0 ? first?.Put : undefined;
    if (put !== undefined) await dynamo.send(new PutItemCommand(put));
    else await dynamo.send(new TransactWriteItemsCommand({ TransactItems: [...writes] }));
  }

  async function patiently<Answer>(call: () => Promise<Answer>): Promise<Answer> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await call();
      } catch (error) {
        if (!isPassing(error) || tries === MAX_TRIES) throw storeError(error);
      }
      await sleep(random() * FIRST_WAIT_MS * 2 ** tries);
    }
  }

  return access;
}

function refusedOf(writes: readonly Write[], error: unknown): Refused {
  const refused = new Map<Write, Item | undefined>();
  const [only] = writes;
  if (error instanceof ConditionalCheckFailedException && only !== undefined) refused.set(only, error.Item);
  if (error instanceof TransactionCanceledException) {
    for (const [index, write] of writes.entries()) {
      const reason = error.CancellationReasons?.[index];
      if (reason?.Code === 'ConditionalCheckFailed') refused.set(write, reason.Item);
    }
  }
  return refused;
}

/** @throws TransshipError invalid-job for what one transaction cannot hold */
function assertSizes(writes: readonly Write[]): void {
  let total = 0;
  for (const { Put } of writes) {
    const bytes = sizeBytes(Put?.Item ?? {});
    if (bytes > MAX_ITEM_BYTES) tooLarge(`${bytes} bytes in all, more than the ${MAX_ITEM_BYTES} of an item`);
    total += bytes;
  }
  if (total <= MAX_TRANSACTION_BYTES && writes.length <= MAX_WRITES) return;
  tooLarge(
    `${total} bytes to write in ${writes.length} items, more than the ${MAX_TRANSACTION_BYTES} of a transaction`,
  );
}

function tooLarge(what: string): never {
  throw new TransshipError('invalid-job', `the job has ${what}`, {
    hint: 'fewer or shorter targets and messages, or less payload, checkpoint and result',
  });
}
