// The fields of a line of the log as they may be written: errors in a fixed form, texts of others without what looks like a secret.
import { isTransshipError } from '../../../shared/errors.ts';
import type { LogFields } from '../../../shared/telemetry/logger.ts';
import { redactText } from '../../../shared/telemetry/redact-text.ts';
import { printable } from '../../../shared/telemetry/printable.ts';

const LONGEST_TEXT = 2000;
const DEEPEST = 4;
/** Most values are names and digests, and there are thousands a second: only what may hold a secret is looked at closely. */
const MAY_HOLD_SECRET =
  /[\s@?=]|eyJ|passw|secret|key|token|signature|credential|authorization|sig|state|amz|gh[opsu]_|glpat|dckr/i;

/** A plain object for JSON; an error becomes its kind, code and message, never its stack or cause. */
export function writable(fields: LogFields = {}): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, writableValue(value)]));
}

function writableValue(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return text(value);
  if (value instanceof Error) return errorFields(value);
  const isList = Array.isArray(value);
  if (!isList && !isPlain(value)) return value;
  if (depth >= DEEPEST) return '[too deep]';
  if (isList) return value.map((one) => writableValue(one, depth + 1));
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, writableValue(one, depth + 1)]));
}

/** Anything else has its own way to become JSON: a date, a secret. */
function isPlain(value: unknown): value is object {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

function errorFields(error: Error): Record<string, unknown> {
  const message = text(error.message);
  if (!isTransshipError(error)) return { kind: error.name, message };
  return { kind: error.name, code: error.code, message, ...(error.hint === undefined ? {} : { hint: error.hint }) };
}

function text(value: string): string {
  return printable(MAY_HOLD_SECRET.test(value) ? redactText(value) : value, LONGEST_TEXT);
}
