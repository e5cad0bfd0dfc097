// From the bytes of an authenticated request to JSON, with the limits that keep a hostile body cheap.
import type { PushSource } from './push-source.ts';

const MAX_DEPTH = 32;
const UTF_8 = new TextDecoder('utf-8', { fatal: true });
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPENING_BRACE = 0x7b;
const CLOSING_BRACE = 0x7d;
// what a bracket lacks to be a brace
const BRACE_BIT = 0x20;

/** The parsed body; undefined for one that is too large, too deep, or not JSON in UTF-8. */
export function readBody(rawBody: Uint8Array, { maxBodyBytes }: PushSource): unknown {
  return rawBody.byteLength > maxBodyBytes ? undefined : parseJson(rawBody);
}

/** JSON of at most 32 levels; undefined for anything else. */
export function parseJson(bytes: Uint8Array): unknown {
  if (isTooDeep(bytes)) return undefined;
  try {
    return JSON.parse(UTF_8.decode(bytes));
  } catch {
    return undefined;
  }
}

/** Counts brackets outside strings. In UTF-8 a byte below 0x80 is never part of another character. */
function isTooDeep(bytes: Uint8Array): boolean {
  let depth = 0;
  let isInString = false;
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at] ?? 0;
    if (isInString && byte === BACKSLASH) at += 1;
    else if (byte === QUOTE) isInString = !isInString;
    else if (!isInString && (byte | BRACE_BIT) === OPENING_BRACE) depth += 1;
    else if (!isInString && (byte | BRACE_BIT) === CLOSING_BRACE) depth -= 1;
    if (depth > MAX_DEPTH) return true;
  }
  return false;
}
