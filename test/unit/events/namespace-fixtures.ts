// Requests of those who tell of new Namespaces, made by the documented formats, and what is expected of each.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { FoundNamespace } from '../../../shared/events/namespaces/namespace-event.ts';

const FOLDER = path.resolve(import.meta.dirname, '../../fixtures/namespace-events');

export type NamespaceFixture = { file: string; headers: Record<string, string>; expected: FoundNamespace[] };

export const NAMESPACE_FIXTURES = JSON.parse(
  readFileSync(path.join(FOLDER, 'expected.json'), 'utf8'),
) as NamespaceFixture[];

/** The bytes of a fixture's body. */
export function namespaceBody(file: string): Uint8Array {
  return readFileSync(path.join(FOLDER, file));
}
