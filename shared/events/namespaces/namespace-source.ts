// What one file per sender gives: whether a body is of its form, and which Namespaces it tells of.
import type { RequestHeaders } from '../receiver.ts';
import type { FoundNamespace } from './namespace-event.ts';

export type NamespaceSource = {
  fits(body: unknown, headers: RequestHeaders): boolean;
  /** Events of other things give nothing. @throws TransshipError invalid-usage for a body that only looks like one of its form */
  read(body: unknown, headers: RequestHeaders): FoundNamespace[];
};
