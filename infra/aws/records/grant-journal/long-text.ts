// Texts of any length as items: compressed, in parts. They are no transaction: whoever writes parts names them afterwards where they are
// looked for, so that nobody finds half a text.
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { s, type Item } from '../../dynamo/attributes.ts';
import { itemKey } from '../../dynamo/key-parts.ts';
import type { TableAccess } from '../../dynamo/table-access.ts';
import { numberKey } from '../keys.ts';

/** Of the 400 KB of an item. */
const PART_BYTES = 380 * 1024;

/** @param name the beginning of the parts' sort key */
export async function partItems(group: string, name: string, text: string): Promise<Item[]> {
  const bytes = await promisify(gzip)(text);
  const parts: Item[] = [];
  for (let from = 0; from < bytes.length; from += PART_BYTES) {
    const key = itemKey(group, `${name}${numberKey(parts.length)}`);
    parts.push({ ...key, bytes: { B: bytes.subarray(from, from + PART_BYTES) } });
  }
  return parts;
}

/** Undefined: some of the parts are gone. */
export async function readParts(
  table: TableAccess,
  group: string,
  name: string,
  count: number,
): Promise<string | undefined> {
  const parts = await table.queryAll({
    KeyConditionExpression: 'pk = :group AND begins_with(sk, :name)',
    ExpressionAttributeValues: { ':group': s(group), ':name': s(name) },
    ConsistentRead: true,
  });
  if (parts.length < count) return undefined;
  const bytes = Buffer.concat(parts.map((part) => part['bytes']?.B ?? Buffer.alloc(0)));
  return (await promisify(gunzip)(bytes)).toString();
}
