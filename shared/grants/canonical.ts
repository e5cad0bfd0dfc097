// One text for values that mean the same, so that what is wanted can be compared with what is there and hashed.
import { createHash } from 'node:crypto';

/** Plain data, as entries hold it. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json | undefined };

/** JSON with the members of each object in the order of their names; those that are undefined are left out. The order of lists stays. */
export function canonicalText(value: Json): string {
  return JSON.stringify(value, (_, member: unknown) => (isRecord(member) ? sorted(member) : member));
}

/** The first 16 hexadecimal digits of a text's SHA-256: what marks objects of a grant where its name does not fit. */
export function hash16(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function sorted(record: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record).toSorted(([left], [right]) => (left < right ? -1 : 1)));
}
