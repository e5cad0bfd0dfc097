// What the reference page tells of the OpenAPI document, as plain text in the order in which it is shown.
import type { ApiDocument } from './document.ts';

/** What stands in the columns of a table, the name first. */
type Row = readonly [string, string, string];

export type Operation = {
  id: string;
  tag: string;
  method: string;
  path: string;
  summary: string;
  description: string;
  /** The scope that it needs. */
  access: string | undefined;
  parameters: readonly Row[];
  body: string | undefined;
  answers: readonly Row[];
};

export type ShownSchema = { name: string; text: string };

type Fields = Readonly<Record<string, unknown>>;

const METHODS = ['get', 'post', 'delete'];

export function operationsOf({ paths = {} }: ApiDocument): Operation[] {
  return Object.entries(paths).flatMap(([path, item]) =>
    METHODS.flatMap((method) => {
      const operation = fieldsOf(fieldsOf(item)[method]);
      return Object.keys(operation).length === 0 ? [] : [operationAt(path, method, operation)];
    }),
  );
}

export function schemasOf({ components }: ApiDocument): ShownSchema[] {
  return Object.entries(components?.schemas ?? {}).map(([name, schema]) => ({ name, text: textOf(schema) }));
}

function operationAt(path: string, method: string, operation: Fields): Operation {
  const [security] = listOf(operation['security']);
  const [scopes] = Object.values(fieldsOf(security));
  return {
    id: text(operation['operationId']),
    tag: text(listOf(operation['tags'])[0]),
    method,
    path,
    summary: text(operation['summary']),
    description: text(operation['description']),
    access: scopes === undefined ? undefined : listOf(scopes).join(', '),
    parameters: listOf(operation['parameters']).map((one) => parameterRow(fieldsOf(one))),
    body: bodyText(fieldsOf(operation['requestBody'])),
    answers: Object.entries(fieldsOf(operation['responses'])).map(([status, answer]) =>
      answerRow(status, fieldsOf(answer)),
    ),
  };
}

function parameterRow({ name, in: place, required, schema }: Fields): Row {
  const { type, description, enum: values } = fieldsOf(schema);
  const choice = values === undefined ? text(type) : listOf(values).join(' | ');
  const remarks = [required === true ? 'required' : '', text(description)].filter((part) => part !== '').join('; ');
  return [text(name), `${text(place)}: ${choice}`, remarks];
}

function bodyText({ content }: Fields): string | undefined {
  const [first] = Object.values(fieldsOf(content));
  return first === undefined ? undefined : textOf(fieldsOf(first)['schema']);
}

function answerRow(status: string, { description, content }: Fields): Row {
  const bodies = Object.entries(fieldsOf(content)).map(([type, body]) => {
    const shown = textOf(fieldsOf(body)['schema']);
    return /^\w+$/.test(shown) ? `${type}: ${shown}` : type;
  });
  return [status, text(description), bodies.join(', ')];
}

/** A schema as a type of TypeScript would be written, with what is said of its members behind them. */
function textOf(schema: unknown, indent = ''): string {
  const { $ref: reference, anyOf, oneOf, type, enum: values, items, properties, const: constant } = fieldsOf(schema);
  if (typeof reference === 'string') return reference.slice(reference.lastIndexOf('/') + 1);
  const choices = anyOf ?? oneOf;
  if (choices !== undefined)
    return listOf(choices)
      .map((one) => textOf(one, indent))
      .join(' | ');
  if (values !== undefined)
    return listOf(values)
      .map((value) => JSON.stringify(value))
      .join(' | ');
  if (constant !== undefined) return JSON.stringify(constant);
  if (properties !== undefined) return membersOf(fieldsOf(schema), indent);
  if (items !== undefined) return `[${textOf(items, indent)}, …]`;
  return Array.isArray(type) ? type.join(' | ') : text(type, 'any');
}

function membersOf(schema: Fields, indent: string): string {
  const required = listOf(schema['required']);
  const inner = `${indent}  `;
  const lines = Object.entries(fieldsOf(schema['properties'])).map(([name, member]) => {
    const description = fieldsOf(member)['description'];
    const remark = description === undefined ? '' : `  // ${text(description)}`;
    return `${inner}${name}${required.includes(name) ? '' : '?'}: ${textOf(member, inner)}${remark}`;
  });
  return `{\n${lines.join('\n')}\n${indent}}`;
}

function text(value: unknown, otherwise = ''): string {
  return typeof value === 'string' ? value : otherwise;
}

function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}
