// Requests of commands to the API: JSON there, JSON back, pages put together, and problems as errors of this process.
import * as z from 'zod';
import { TransshipError } from '../../../shared/errors.ts';
import { printable } from '../../../shared/telemetry/printable.ts';
import { isErrorCode } from '../exit-codes.ts';
import type { ApiRequest, Wire } from './wire.ts';

/** A server with the signal that ends the command. */
export type Caller = { wire: Wire; signal: AbortSignal };

const MOST_OF_A_PAGE = 200;

const problem = z.object({ status: z.number(), detail: z.string(), code: z.string(), hint: z.string().optional() });

function pageOf<Item>(item: z.ZodType<Item>) {
  return z.object({ items: z.array(item), next: z.string().optional() });
}

/** The JSON of the answer; undefined where it has no body. @throws TransshipError connection-failed, or what the server says is wrong */
export async function callApi<Value>(
  { wire, signal }: Caller,
  request: Omit<ApiRequest, 'body'> & { json?: unknown },
  schema: z.ZodType<Value>,
): Promise<Value> {
  const { json, ...rest } = request;
  const body = json === undefined ? {} : { body: JSON.stringify(json) };
  const headers = { accept: 'application/json', ...(json === undefined ? {} : { 'content-type': 'application/json' }) };
  const answer = await wire.send({ ...rest, ...body, headers }, signal);
  const text = await readText(answer.body);
  if (answer.status >= 400) throw problemOf(answer.status, text, wire);
  const parsed = schema.safeParse(text === '' ? undefined : parseJson(text));
  if (parsed.success) return parsed.data;
  throw new TransshipError('invalid-response', `${wire.place} gives an answer that is none of Transship's API`, {
    hint: 'check the address: is it the server itself, or something before it?',
    cause: parsed.error,
  });
}

/** Up to `limit` items of a list, over as many pages as that takes. */
export async function listApi<Item>(
  caller: Caller,
  path: string,
  query: Readonly<Record<string, string | undefined>>,
  limit: number,
  item: z.ZodType<Item>,
): Promise<{ items: Item[]; hasMore: boolean }> {
  const items: Item[] = [];
  let cursor: string | undefined;
  do {
    const asked = { ...query, limit: String(Math.min(MOST_OF_A_PAGE, limit - items.length)), cursor };
    const { items: more, next } = await callApi(caller, { method: 'GET', path: withQuery(path, asked) }, pageOf(item));
    items.push(...more);
    cursor = next;
  } while (cursor !== undefined && items.length < limit);
  return { items, hasMore: cursor !== undefined };
}

/** A path with those that are given. */
export function withQuery(path: string, query: Readonly<Record<string, string | undefined>>): string {
  const given = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) given.set(name, value);
  return `${path}?${given.toString()}`;
}

/** The error that a refused request ends in. */
export function problemOf(status: number, text: string, { place }: Wire): TransshipError {
  const parsed = problem.safeParse(parseJson(text)).data;
  if (parsed === undefined) {
    return new TransshipError('server-error', `${place} answers ${status}`, {
      hint: 'check the address: is it the server itself, or something before it?',
      details: { status },
    });
  }
  const { code, detail, hint } = parsed;
  const lacksScope = status === 401 || (status === 403 && code !== 'grant-refused');
  const shown = lacksScope ? 'set TRANSSHIP_TOKEN to a token with the right scope' : hint;
  return new TransshipError(codeOf(status, code), printable(detail), {
    ...(shown === undefined ? {} : { hint: printable(shown) }),
    details: { status },
  });
}

function codeOf(status: number, code: string) {
  if (status === 403 && code !== 'grant-refused') return 'denied';
  return isErrorCode(code) ? code : 'server-error';
}

export async function readText(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
