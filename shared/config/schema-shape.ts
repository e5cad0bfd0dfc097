// Looks into a schema: which keys and which words may stand at a path. For hints only; checking is zod's.
import * as z from 'zod';
import type { ConfigPath } from './config-node.ts';

type Schema = z.core.$ZodType;

/** The keys that some form of the value at the path may have. */
export function keysAt(root: Schema, path: ConfigPath): string[] {
  const keys = schemasAt(root, path).flatMap((schema) => Object.keys(shapeOf(schema) ?? {}));
  return [...new Set(keys)];
}

/** The words that may stand at the path: those of enumerations and single words. */
export function wordsAt(root: Schema, path: ConfigPath): string[] {
  return schemasAt(root, path).flatMap((schema) => {
    const def = definitionOf(schema);
    if (def.type === 'literal') return def.values.map(String);
    return def.type === 'enum' ? Object.values(def.entries).map(String) : [];
  });
}

/** The forms of a map at the path, each by the keys that it needs: `{ username, password }`. */
export function formsAt(root: Schema, path: ConfigPath): string[] {
  return schemasAt(root, path).flatMap((schema) => {
    const shape = shapeOf(schema);
    if (shape === undefined) return [];
    const needed = Object.entries(shape).flatMap(([key, member]) => (isOptional(member) ? [] : [key]));
    return [`{ ${needed.join(', ')} }`];
  });
}

/** Texts that may stand at the path, for people to see how they look. */
export function examplesAt(root: Schema, path: ConfigPath): string[] {
  return schemasAt(root, path).flatMap((schema) => {
    const examples = z.globalRegistry.get(schema)?.['examples'];
    return Array.isArray(examples) ? examples.map(String) : [];
  });
}

/** True if the value fits some form that it may have at the path. */
export function fitsAt(root: Schema, path: ConfigPath, value: unknown): boolean {
  return schemasAt(root, path).some((schema) => z.safeParse(schema, value).success);
}

/** All forms that the value at the path may have. */
function schemasAt(root: Schema, path: ConfigPath): Schema[] {
  let schemas = formsOf(root);
  for (const part of path) schemas = schemas.flatMap((schema) => memberOf(schema, part)).flatMap(formsOf);
  return schemas;
}

function memberOf(schema: Schema, part: PropertyKey): Schema[] {
  const def = definitionOf(schema);
  if (def.type === 'array') return [def.element];
  if (def.type === 'record') return [def.valueType];
  const member = shapeOf(schema)?.[String(part)];
  return member === undefined ? [] : [member];
}

/** The schema itself without what only wraps it, or the options of a union. */
function formsOf(schema: Schema): Schema[] {
  const def = definitionOf(schema);
  if (def.type === 'union') return def.options.flatMap(formsOf);
  if (def.type === 'optional' || def.type === 'default' || def.type === 'prefault') return formsOf(def.innerType);
  return [schema];
}

function shapeOf(schema: Schema): Readonly<Record<string, Schema>> | undefined {
  const def = definitionOf(schema);
  return def.type === 'object' ? def.shape : undefined;
}

function isOptional(schema: Schema): boolean {
  return ['optional', 'default', 'prefault'].includes(definitionOf(schema).type);
}

/** The definition as one of zod's own kinds, by whose `type` it can be told apart. */
function definitionOf(schema: Schema): z.core.$ZodTypes['_zod']['def'] {
  // oxlint-disable-next-line no-underscore-dangle, typescript/no-unsafe-type-assertion -- all our schemas are zod's own kinds
  return schema._zod.def as z.core.$ZodTypes['_zod']['def'];
}
