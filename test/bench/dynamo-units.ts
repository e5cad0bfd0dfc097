// What a request to DynamoDB is billed as, by the sizes of items before and after it: write and read units of the table and of each index.
// Pure; sizes as https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html counts them.
import { sizeBytes, type Item } from '../../infra/aws/dynamo/attributes.ts';
import { JOB_TABLE } from '../../infra/aws/job-store/table.ts';
import { RECORD_TABLE } from '../../infra/aws/records/table.ts';

type Index = (typeof JOB_TABLE.GlobalSecondaryIndexes)[number];
type Written = { before: Item | undefined; after: Item | undefined };

const WRITE_UNIT_BYTES = 1024;
const READ_UNIT_BYTES = 4096;

export function keyOf({ pk, sk }: Item): Item {
  return { ...(pk && { pk }), ...(sk && { sk }) };
}

/** One write: the table, twice where it is part of a transaction, and each index that changes. */
export function writeUnits(table: string, { before, after }: Written, isTransacted: boolean): number {
  const own = Math.max(units(before), units(after), 1);
  const indexes = (table.includes('Jobs') ? JOB_TABLE : RECORD_TABLE).GlobalSecondaryIndexes;
  return (isTransacted ? 2 : 1) * own + indexes.reduce((sum, index) => sum + indexUnits(index, before, after), 0);
}

/** An entry that moves is deleted and written; one that stays as it was costs nothing. */
function indexUnits(index: Index, before: Item | undefined, after: Item | undefined): number {
  const [old, next] = [entryOf(index, before), entryOf(index, after)];
  if (JSON.stringify(old) === JSON.stringify(next)) return 0;
  const isMoved = index.KeySchema.some(({ AttributeName }) => old?.[AttributeName]?.S !== next?.[AttributeName]?.S);
  return isMoved ? units(old) + units(next) : Math.max(units(old), units(next));
}

function entryOf({ KeySchema, Projection }: Index, item: Item | undefined): Item | undefined {
  const keys: string[] = KeySchema.map(({ AttributeName }) => AttributeName);
  if (item === undefined || keys.some((name) => item[name] === undefined)) return undefined;
  const others = 'NonKeyAttributes' in Projection ? Projection.NonKeyAttributes : [];
  const names = new Set(['pk', 'sk', ...keys, ...others]);
  return Object.fromEntries(Object.entries(item).filter(([name]) => names.has(name)));
}

function units(item: Item | undefined): number {
  return item === undefined ? 0 : Math.ceil(sizeBytes(item) / WRITE_UNIT_BYTES);
}

/** Each item by itself, as GetItem and BatchGetItem round; those that are not there cost as much as small ones. */
export function readUnits(items: readonly Item[], asked: number): number {
  const found = items.map((item) => Math.max(1, Math.ceil(sizeBytes(item) / READ_UNIT_BYTES)));
  return found.reduce((sum, one) => sum + one, 0) + Math.max(0, asked - items.length);
}

/** All together, as Query rounds; half of it where the read need not be consistent. */
export function queryUnits(items: readonly Item[], isConsistent: boolean): number {
  const bytes = items.reduce((sum, item) => sum + sizeBytes(item), 0);
  return Math.max(1, Math.ceil(bytes / READ_UNIT_BYTES)) * (isConsistent ? 1 : 0.5);
}
