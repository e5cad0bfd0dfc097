// Splits the body of a watch into its events: one JSON object a line.
// https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes
import { TransshipError } from '../errors.ts';
import type { ApiObject } from './cluster.ts';
import { isObject } from './json-fields.ts';

/** What is cut off at the end is left out: the watch goes on from the last whole one. @throws TransshipError invalid-response */
export async function* readEvents(body: AsyncIterable<Uint8Array>, mostBytes: number): AsyncGenerator<ApiObject> {
  const decoder = new TextDecoder();
  let parts: string[] = [];
  let length = 0;
  for await (const bytes of body) {
    const lines = decoder.decode(bytes, { stream: true }).split('\n');
    const unfinished = lines.pop() ?? '';
    for (const line of lines) {
      const whole = parts.join('') + line;
      parts = [];
      length = 0;
      if (whole.trim() !== '') yield parseEvent(whole);
    }
    parts.push(unfinished);
    length += unfinished.length;
    if (length > mostBytes) throw noEvent(`is longer than ${mostBytes} bytes`);
  }
}

function parseEvent(line: string): ApiObject {
  let event: unknown;
  try {
    event = JSON.parse(line);
  } catch {
    throw noEvent('is no JSON');
  }
  if (isObject(event)) return event;
  throw noEvent('is no object');
}

function noEvent(reason: string): TransshipError {
  return new TransshipError('invalid-response', `the API server sent an event of a watch that ${reason}`, {
    retryable: true,
    hint: 'does a proxy stand between here and the API server that answers in its place?',
  });
}
