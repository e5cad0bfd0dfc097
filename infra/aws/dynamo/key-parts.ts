// What the keys of all tables are made of. Text sorts them, so numbers are padded.
import { createHash } from 'node:crypto';
import { s, type Item } from './attributes.ts';

/** A partition key has at most 2,048 bytes, a sort key 1,024. */
const MAX_PART_BYTES = 512;

export function itemKey(pk: string, sk = '-'): Item {
  return { pk: s(pk), sk: s(sk) };
}

/** The key of an item, or of what an index has of it. */
export function keyOf(item: Item): Item {
  return { pk: item['pk'] ?? s(''), sk: item['sk'] ?? s('') };
}

/** Tells the keys of items apart. */
export function keyText({ pk, sk }: Item): string {
  return JSON.stringify([pk?.S, sk?.S]);
}

export function timeKey(at: Date): string {
  return String(at.getTime()).padStart(16, '0');
}

/** A name as a part of a key: long ones by their hash. */
export function part(name: string): string {
  if (Buffer.byteLength(name) <= MAX_PART_BYTES) return `=${name}`;
  return `+${createHash('sha256').update(name).digest('hex')}`;
}
