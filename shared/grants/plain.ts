// Values of the grants' model as plain data, so that they can be hashed or stored: dates become RFC 3339 texts.
import type { Json } from './canonical.ts';

/** Members that are undefined are left out. What is no data at all (a function, a bigint) throws. */
export function toPlain(value: unknown): Json {
  if (value === null || typeof value === 'string' || typeof value === 'boolean' || typeof value === 'number')
    return value;
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.map(toPlain);
  if (typeof value === 'object') {
    const members = Object.entries(value).filter(([, member]) => member !== undefined);
    return Object.fromEntries(members.map(([name, member]) => [name, toPlain(member)]));
  }
  throw new TypeError(`no plain data: ${typeof value}`);
}
