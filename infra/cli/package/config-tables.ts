// Tables of the configuration's keys for the reference page, made of its JSON Schema.
import type { JsonSchema } from '../../../shared/config/json-schema.ts';

type Row = { key: string; type: string; fallback: string; meaning: string };

const NEEDED = 'must be there';
const TYPES: Readonly<Record<string, string>> = {
  string: 'text',
  integer: 'whole number',
  number: 'number',
  boolean: '`true` or `false`',
  object: 'map',
};

/** A Markdown table of everything below one key of the root; without a name, of the keys of the root that hold no others. */
export function keyTable(root: JsonSchema, section: string): string {
  const found = section === 'top' ? topRows(root) : rowsBelow(root, '', valueOf(root, section));
  const lines = found.map(({ key, type, fallback, meaning }) => `| \`${key}\` | ${type} | ${fallback} | ${meaning} |`);
  return ['| key | value | default | meaning |', '| --- | --- | --- | --- |', ...lines].join('\n');
}

function valueOf(root: JsonSchema, section: string): JsonSchema {
  const schema = root.properties?.[section] ?? root.definitions?.[section];
  if (schema === undefined) throw new Error(`the schema has no ${section}`);
  if (typeof schema.additionalProperties === 'object') return schema.additionalProperties;
  return schema.items ?? schema;
}

function topRows(root: JsonSchema): Row[] {
  return Object.entries(root.properties ?? {}).map(([key, schema]) => rowOf(root, key, schema, root.required));
}

/** A row for every member, each followed by its own members; the forms of a union come one after the other. */
function rowsBelow(root: JsonSchema, prefix: string, schema: JsonSchema): Row[] {
  const forms = schema.anyOf ?? schema.oneOf;
  if (forms !== undefined) {
    // a list of what may also stand alone has no other keys
    const single = forms.filter((form) => form.items === undefined);
    return uniqueRows((single.length > 0 ? single : forms).map((form) => rowsBelow(root, prefix, form)));
  }
  if (schema.items !== undefined) return rowsBelow(root, prefix.replace(/\.$/, '[].'), schema.items);
  return Object.entries(schema.properties ?? {}).flatMap(([key, member]) => [
    rowOf(root, `${prefix}${key}`, member, schema.required),
    ...rowsBelow(root, `${prefix}${key}.`, member),
  ]);
}

/** One row for each key of several forms; only what all forms need must be there. */
function uniqueRows(forms: readonly (readonly Row[])[]): Row[] {
  const filled = forms.filter((rows) => rows.length > 0);
  const byKey = Map.groupBy(filled.flat(), ({ key }) => key);
  return [...byKey.values()].flatMap(([first, ...others]) => {
    if (first === undefined) return [];
    const types = new Set([first, ...others].map(({ type }) => type));
    const isShared = others.length + 1 === filled.length;
    const isNested = first.key.split('.').length > (filled[0]?.[0]?.key.split('.').length ?? 0);
    return {
      key: first.key,
      type: [...types].join(' or '),
      fallback: isShared || isNested ? first.fallback : first.fallback.replace(NEEDED, ''),
      meaning: types.size > 1 ? '' : first.meaning,
    };
  });
}

function rowOf(root: JsonSchema, key: string, schema: JsonSchema, required: readonly string[] = []): Row {
  const name = key.split('.').at(-1) ?? key;
  const isNeeded = required.includes(name);
  const fallback = schema.default === undefined ? (isNeeded ? NEEDED : '') : `\`${inYaml(schema.default)}\``;
  return { key, type: typeOf(root, schema), fallback, meaning: (schema.description ?? '').replaceAll('|', '\\|') };
}

function typeOf(root: JsonSchema, schema: JsonSchema): string {
  const target = definitionOf(root, schema);
  if (target !== undefined) return `[${target.title}](#${target.title}s)`;
  const forms = schema.anyOf ?? schema.oneOf;
  if (forms !== undefined) return [...new Set(forms.map((form) => typeOf(root, form)))].join(' or ');
  if (schema.const !== undefined) return `\`${inYaml(schema.const)}\``;
  if (schema.enum !== undefined) return schema.enum.map((value) => `\`${inYaml(value)}\``).join(', ');
  if (schema.items !== undefined) return `list of ${typeOf(root, schema.items)}`;
  const needed = schema.required ?? [];
  if (schema.properties !== undefined && needed.length > 0) return `\`{ ${needed.join(', ')} }\``;
  return TYPES[schema.type ?? ''] ?? 'any';
}

/** What the schema refers to; zod wraps a reference that has a description of its own. */
function definitionOf(root: JsonSchema, schema: JsonSchema): JsonSchema | undefined {
  const reference = schema.$ref ?? (Array.isArray(schema['allOf']) ? referenceIn(schema['allOf']) : undefined);
  return reference === undefined ? undefined : root.definitions?.[reference.replace('#/definitions/', '')];
}

function referenceIn(parts: readonly unknown[]): string | undefined {
  const [first] = parts;
  if (typeof first !== 'object' || first === null || !('$ref' in first)) return undefined;
  return typeof first.$ref === 'string' ? first.$ref : undefined;
}

function inYaml(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(inYaml).join(', ')}]`;
  const members = Object.entries(value).map(([key, member]) => `${key}: ${inYaml(member)}`);
  return members.length === 0 ? '{}' : `{ ${members.join(', ')} }`;
}
