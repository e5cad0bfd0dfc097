// The data that jobs may carry: plain JSON. A Secret, a Date or any other object with behaviour is refused, by the type and again
// when it is written, so that no secret reaches a row or a message.
import { TransshipError } from '../errors.ts';

/** Plain data; members that are undefined are left out when written. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json | undefined };

/**
 * The value as text.
 * @param what names it in the error
 * @throws TransshipError invalid-job when it is no plain data or longer than `maxBytes`
 */
export function jsonText(value: Json, maxBytes: number, what: string): string {
  assertPlain(value, what);
  const text = JSON.stringify(value);
  const sizeBytes = Buffer.byteLength(text);
  if (sizeBytes > maxBytes) {
    throw new TransshipError('invalid-job', `${what} has ${sizeBytes} bytes, more than the ${maxBytes} allowed`);
  }
  return text;
}

function assertPlain(value: unknown, at: string): void {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return;
  if (typeof value === 'number' && Number.isFinite(value)) return;
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) assertPlain(item, `${at}[${index}]`);
    return;
  }
  if (typeof value !== 'object' || !isPlainObject(value)) {
    throw new TransshipError('invalid-job', `${at} is no plain data`);
  }
  for (const [key, member] of Object.entries(value)) {
    if (member !== undefined) assertPlain(member, `${at}.${key}`);
  }
}

function isPlainObject(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
