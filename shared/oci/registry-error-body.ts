// Reads the body of a registry's error answer: the specification's JSON, what some vendors send instead, or plain text.
// https://github.com/opencontainers/distribution-spec/blob/main/spec.md#error-codes
import { redactText } from '../telemetry/redact-text.ts';

/** `code` is upper case; `message` is one line, fit to be shown. */
export type ServerError = { code?: string; message?: string };

const MAX_MESSAGE_LENGTH = 300;
// Long enough to find the ends of secrets near the cut, short enough to be searched quickly.
const MAX_SEARCHED_LENGTH = 4000;

/** All errors that the body names, in its order; empty where it makes no sense. Never throws. */
export function readServerErrors(body: Uint8Array): ServerError[] {
  const text = new TextDecoder().decode(body).trim();
  const document = parseJson(text);
  // A page of HTML or XML is for browsers: it says nothing that fits on a line.
  if (document === undefined) return text === '' || text.startsWith('<') ? [] : [withMessage({}, text)];
  if (typeof document !== 'object' || document === null) return [];
  const errors: unknown = 'errors' in document ? document.errors : undefined;
  return (Array.isArray(errors) ? errors.slice(0, 100) : [document]).map(readError).filter(isTelling);
}

/** Makes a message of a server fit to be shown: one line, no control characters, no secrets, at most 300 characters. */
export function showServerMessage(text: string): string {
  const line = text.slice(0, MAX_SEARCHED_LENGTH).replace(/\s+/g, ' ').replace(/\p{C}/gu, '').trim();
  const shown = redactText(line);
  return shown.length > MAX_MESSAGE_LENGTH ? `${shown.slice(0, MAX_MESSAGE_LENGTH)}…` : shown;
}

function parseJson(text: string): unknown {
  try {
    const document: unknown = JSON.parse(text);
    return document;
  } catch {
    return undefined;
  }
}

function readError(value: unknown): ServerError {
  if (typeof value !== 'object' || value === null) return {};
  const code = 'code' in value && typeof value.code === 'string' ? value.code.trim().toUpperCase() : '';
  const error = /^[A-Z0-9_]{1,64}$/.test(code) ? { code } : {};
  if ('message' in value && typeof value.message === 'string') return withMessage(error, value.message);
  return 'error' in value && typeof value.error === 'string' ? withMessage(error, value.error) : error;
}

function withMessage(error: ServerError, text: string): ServerError {
  const message = showServerMessage(text);
  return message === '' ? error : { ...error, message };
}

function isTelling(error: ServerError): boolean {
  return error.code !== undefined || error.message !== undefined;
}
