// Reads one header of a request, whatever object the host made of them.
import { text } from './fields.ts';
import type { RequestHeaders } from './receiver.ts';

/** The header's value as it came; undefined where there is none. The name is in lower case. */
export function headerOf(headers: RequestHeaders, name: string): string | undefined {
  const value: unknown = headers[name];
  return typeof value === 'string' ? value : undefined;
}

/** The header as a field of an event: null where it is absent, empty or too long. */
export function headerText(headers: RequestHeaders, name: string): string | null {
  return text.parse(headerOf(headers, name));
}
