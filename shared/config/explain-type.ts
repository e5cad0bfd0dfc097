// Explains a value of the wrong kind: a number where a text is wanted, a text where a list is.
import type * as z from 'zod';
import { printable } from '../telemetry/printable.ts';
import type { ConfigNode, ConfigPath } from './config-node.ts';
import { examplesAt, fitsAt } from './schema-shape.ts';

export type Explaining = { root: ConfigNode; schema: z.core.$ZodType };
export type Explanation = { text?: string; message: string; hint: string };

const WANTED: Readonly<Record<string, string>> = {
  object: 'a map',
  record: 'a map',
  array: 'a list',
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
};
const HINTS: Readonly<Record<string, string>> = {
  object: 'write keys with values: { key: value }',
  record: 'write keys with values: { key: value }',
  number: 'write a number, without quotes',
  int: 'write a whole number, without quotes',
  boolean: 'write true or false, without quotes',
};

/** Says what was found in place of the expected type. */
export function explainType(
  { schema }: Explaining,
  expected: string,
  path: ConfigPath,
  node: ConfigNode | undefined,
): Explanation {
  const source = sourceOf(node);
  // what should be a map or a list may hold anything, a secret too
  const text = ['object', 'record', 'array'].includes(expected) ? '' : source;
  const message = `expected ${WANTED[expected] ?? expected}, found ${describe(node, text !== '')}`;
  if (node?.kind === 'scalar' && node.value === null) {
    return { text, message, hint: 'give it a value, or leave the key out' };
  }
  if (expected === 'array') return { text, message, hint: 'write a list: [ … ], or one entry a line after "- "' };
  if (expected !== 'string' || node?.kind !== 'scalar')
    return { text, message, hint: HINTS[expected] ?? 'write a text' };
  const examples = examplesAt(schema, path);
  const isMeant = examples.length === 0 || fitsAt(schema, path, source);
  const hint = isMeant ? `put it in quotes: "${source}"` : `write it like ${examples.join(' or ')}`;
  return { text, message, hint };
}

/** What stands there, in words; its text only where it can be no secret. */
export function describe(node: ConfigNode | undefined, isShown: boolean): string {
  if (node === undefined) return 'nothing';
  if (node.kind === 'list') return 'a list';
  if (node.kind === 'map') return 'a map';
  if (node.value === null) return 'nothing';
  const kind = typeof node.value === 'string' ? 'text' : typeof node.value === 'number' ? 'number' : 'value';
  return isShown ? `the ${kind} ${printable(sourceOf(node), 60)}` : `a ${kind}`;
}

/** A value as it stands in the file; empty for lists and maps. */
export function sourceOf(node: ConfigNode | undefined): string {
  return node?.kind === 'scalar' ? node.source : '';
}
