// Stands between a DynamoDB client and its connection: counts requests, and plays what moto never does: indexes that lag, conflicts,
// throttling, answers that get lost after the work was done, and the refusal of a batch that writes a key twice. Reads of the table itself
// have to ask for what was written last: at moto all of them have it.
import {
  ProvisionedThroughputExceededException,
  TransactionCanceledException,
  type BatchWriteItemCommandInput,
  type BatchGetItemCommandInput,
  type DynamoDBClient,
  type GetItemCommandInput,
  type QueryCommandInput,
} from '@aws-sdk/client-dynamodb';

export type DynamoWatch = {
  /** No faults from now on, and counts from zero. */
  calm(): void;
  /** What was sent since, by operation. */
  requests(): Record<string, number>;
  /** From now on an index answers each query as it first did, or first would have. */
  freezeIndexes(): void;
  /** The next so many writes are cancelled by a conflict with somebody else's. */
  conflict(times: number): void;
  /** The next write is refused, because there were too many. */
  throttle(): void;
  /** The next write is done, and its answer lost on the way. */
  loseAnswer(): void;
};

export function dynamoWatch(dynamo: DynamoDBClient): DynamoWatch {
  let counts = new Map<string, number>();
  let frozen: Map<string, unknown> | undefined;
  let faults: Error[] = [];
  let isLosing = false;

  dynamo.middlewareStack.add(
    (next, context) => async (args) => {
      const name = String(context.commandName).replace('Command', '');
      counts.set(name, (counts.get(name) ?? 0) + 1);
      const fault = isWrite(context.commandName) ? faults.shift() : undefined;
      if (fault !== undefined) throw fault;
      if (name === 'BatchWriteItem') assertDistinct(args.input as BatchWriteItemCommandInput);
      assertConsistent(name, args.input);
      const query = args.input as QueryCommandInput;
      if (frozen !== undefined && name === 'Query' && query.IndexName !== undefined) {
        const asked = JSON.stringify(query);
        if (!frozen.has(asked)) frozen.set(asked, await next(args));
        return frozen.get(asked) as Awaited<ReturnType<typeof next>>;
      }
      return next(args);
    },
    { step: 'initialize', name: 'watch' },
  );
  // behind the retries of the SDK
  dynamo.middlewareStack.add(
    (next, context) => async (args) => {
      const answer = await next(args);
      if (!isLosing || !isWrite(context.commandName)) return answer;
      isLosing = false;
      throw Object.assign(new Error('socket hang up'), { name: 'TimeoutError', code: 'ECONNRESET' });
    },
    { step: 'finalizeRequest', priority: 'low', name: 'lose' },
  );

  const told = { message: 'as the test wants it', $metadata: {} };
  return {
    calm() {
      counts = new Map();
      frozen = undefined;
      faults = [];
      isLosing = false;
    },
    requests: () => Object.fromEntries(counts),
    freezeIndexes() {
      frozen = new Map();
    },
    conflict(times) {
      const reasons = { ...told, CancellationReasons: [{ Code: 'TransactionConflict' }] };
      faults = Array.from({ length: times }, () => new TransactionCanceledException(reasons));
    },
    throttle() {
      faults = [new ProvisionedThroughputExceededException(told)];
    },
    loseAnswer() {
      isLosing = true;
    },
  };
}

/** Batches are no writes here: they have no condition, and are only repeated. */
const WRITES: readonly unknown[] = ['TransactWriteItems', 'PutItem', 'UpdateItem', 'DeleteItem'].map(
  (name) => `${name}Command`,
);

function isWrite(commandName: unknown): boolean {
  return WRITES.includes(commandName);
}

/** https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.ReadConsistency.html */
function assertConsistent(name: string, input: object): void {
  const reads = name === 'BatchGetItem' ? Object.values((input as BatchGetItemCommandInput).RequestItems ?? {}) : [];
  if (name === 'GetItem') reads.push({ Keys: [], ...(input as GetItemCommandInput) });
  const { IndexName, ConsistentRead } = input as QueryCommandInput;
  if (name === 'Query' && IndexName === undefined) reads.push({ Keys: [], ConsistentRead });
  if (reads.every((read) => read.ConsistentRead === true)) return;
  throw new Error(`${name} may be answered with what was there before`);
}

/** https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html */
function assertDistinct({ RequestItems = {} }: BatchWriteItemCommandInput): void {
  const keys = Object.values(RequestItems).flatMap((requests) =>
    requests.map(({ PutRequest, DeleteRequest }) => {
      const { pk, sk } = PutRequest?.Item ?? DeleteRequest?.Key ?? {};
      return `${pk?.S}\n${sk?.S}`;
    }),
  );
  if (new Set(keys).size === keys.length) return;
  throw Object.assign(new Error('Provided list of item keys contains duplicates'), { name: 'ValidationException' });
}
